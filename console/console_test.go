package console

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func texts(t *testing.T) map[string][]byte {
	t.Helper()
	within, err := fs.Sub(web, "web")
	if err != nil {
		t.Fatal(err)
	}
	files, err := readFiles(within)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// handler is the console before a handler that is a teapot, for a browser whose cookie is "in".
func handler(t *testing.T) *Handler {
	t.Helper()
	teapot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h, err := New(teapot, func(r *http.Request) bool { return r.Header.Get("Cookie") == "in" })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, address string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, address, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	h := handler(t)
	browser := map[string]string{"Accept": "text/html,*/*;q=0.8"}
	for _, c := range []struct {
		method, address string
		header          map[string]string
		status          int
		kind            string
	}{
		{"GET", "/", browser, 302, ""}, {"HEAD", "/?lang=zh", browser, 302, ""},
		{"GET", "/", nil, 418, ""}, {"POST", "/", browser, 418, ""}, {"GET", "/dns/zones", browser, 418, ""}, {"GET", "/consoles", browser, 418, ""},
		{"GET", "/console", browser, 301, ""},
		{"GET", "/console/", browser, 200, "text/html; charset=utf-8"}, {"GET", "/console/zones/12", nil, 200, "text/html; charset=utf-8"},
		{"HEAD", "/console/zones/12", nil, 200, "text/html; charset=utf-8"},
		{"POST", "/console/zones", browser, 405, "text/plain; charset=utf-8"},
		{"GET", h.prefix + "/app.js", nil, 200, "text/javascript; charset=utf-8"}, {"GET", h.prefix + "/icon.svg", nil, 200, "image/svg+xml"},
		{"GET", h.prefix + "/index.html", nil, 404, "text/plain; charset=utf-8"}, {"GET", h.prefix + "/lib/README.md", nil, 404, "text/plain; charset=utf-8"},
		{"GET", h.prefix + "/../handler.go", nil, 404, "text/plain; charset=utf-8"},
		{"GET", "/console/assets/0123456789ab/app.js", nil, 404, "text/plain; charset=utf-8"},
	} {
		w := ask(h, c.method, c.address, c.header)
		if w.Code != c.status || c.kind != "" && w.Header().Get("Content-Type") != c.kind {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.address, w.Code, w.Header().Get("Content-Type"), c.status, c.kind)
		}
		if c.method == http.MethodHead && w.Body.Len() > 0 {
			t.Errorf("%s %s has a body", c.method, c.address)
		}
		if c.status != http.StatusTeapot && w.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%s %s has no policy", c.method, c.address) // Handler, invariant 1
		}
	}
	if to := ask(h, "GET", "/?lang=zh", browser).Header().Get("Location"); to != "/console/?lang=zh" {
		t.Errorf("/ leads to %s", to)
	}
}

// Handler, invariant 2, and what a browser need not fetch again.
func TestKept(t *testing.T) {
	t.Parallel()
	h := handler(t)
	stranger, known := ask(h, "GET", "/console/", nil), ask(h, "GET", "/console/", map[string]string{"Cookie": "in"})
	if !strings.Contains(stranger.Body.String(), `data-login="none"`) || !strings.Contains(known.Body.String(), `data-login="some"`) {
		t.Error("the document does not say whether there is a login")
	}
	if stranger.Header().Get("ETag") == known.Header().Get("ETag") || !slices.Contains(stranger.Header().Values("Vary"), "Cookie") {
		t.Error("a browser could keep the document of a stranger")
	}
	for _, address := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(known.Body.String(), -1) {
		if w := ask(h, "GET", address[1], nil); w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("the document asks for %s: %d", address[1], w.Code)
		}
	}
	plain := ask(h, "GET", h.prefix+"/app.js", nil)
	zipped := ask(h, "GET", h.prefix+"/app.js", map[string]string{"Accept-Encoding": "gzip, br"})
	if zipped.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("ETag") == plain.Header().Get("ETag") {
		t.Error("compressed and plain bytes are not told apart")
	}
	again := ask(h, "GET", h.prefix+"/app.js", map[string]string{"If-None-Match": plain.Header().Get("ETag")})
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("a file that a browser has: %d with %d bytes", again.Code, again.Body.Len())
	}
}

// Each module imports what there is: a name that is wrong would be found by the first who opens the page.
func TestImportsAreThere(t *testing.T) {
	t.Parallel()
	files := texts(t)
	dynamic := regexp.MustCompile(`import\('([^'$]+)'\)`)
	for name, text := range files {
		for _, match := range slices.Concat(staticImport.FindAllSubmatch(text, -1), dynamic.FindAllSubmatch(text, -1)) {
			if target := path.Join(path.Dir(name), string(match[1])); files[target] == nil {
				t.Errorf("%s imports %s, which is not there", name, target)
			}
		}
	}
}

// What the policy would refuse is not in the files either.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`\beval\(|new Function\(|\bstyle="|\.innerHTML\b|dangerouslySetInnerHTML|document\.write`)
	for name, text := range texts(t) {
		if found := forbidden.Find(text); found != nil && path.Dir(name) != "lib" && path.Ext(name) != ".txt" {
			t.Errorf("%s has %s", name, found)
		}
	}
}

// Scripts and styles together are at most 250 KB compressed.
func TestSize(t *testing.T) {
	t.Parallel()
	total := 0
	for name, f := range handler(t).files {
		if ending := path.Ext(name); ending == ".js" || ending == ".css" {
			total += len(f.gzip())
		}
	}
	t.Logf("%d bytes", total)
	if total > 250_000 {
		t.Errorf("%d bytes compressed", total)
	}
}

// Both languages have the same texts, each with the same names to fill in.
func TestTexts(t *testing.T) {
	t.Parallel()
	files := texts(t)
	for name := range files {
		if path.Dir(name) == "text/zh" && files["text/en/"+path.Base(name)] == nil {
			t.Errorf("%s has no English", name)
		}
		if path.Dir(name) != "text/en" {
			continue
		}
		english, chinese := dictionary(t, name, files[name]), dictionary(t, name, files["text/zh/"+path.Base(name)])
		for key, value := range english {
			if names(value) != names(chinese[key]) {
				t.Errorf("%s: %s is %q in English and %q in Chinese", name, key, value, chinese[key])
			}
		}
		for key := range chinese {
			if _, known := english[key]; !known {
				t.Errorf("%s: %s is in Chinese alone", name, key)
			}
		}
	}
}

var (
	entryOfText = regexp.MustCompile(`(?:^|[{,]\s*|\n\s*)(?:'([^']+)'|([A-Za-z_]\w*)):\s*('(?:[^'\\]|\\.)*'|\{[^{}]*(?:\{\w+\}[^{}]*)*\})`)
	nameInText  = regexp.MustCompile(`\{\w+\}`)
)

// dictionary reads the entries of a file of texts, which are of one form.
func dictionary(t *testing.T, name string, text []byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, m := range entryOfText.FindAllSubmatch(text, -1) {
		key := string(m[1]) + string(m[2])
		if _, twice := found[key]; twice {
			t.Errorf("%s has %s twice", name, key)
		}
		found[key] = string(m[3])
	}
	return found
}

// names are the names that a text has filled in, each once.
func names(text string) string {
	found := nameInText.FindAllString(text, -1)
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

// Every type of events has a sentence: the list of those that readers of events are shown is the feed's.
func TestEventsHaveSentences(t *testing.T) {
	t.Parallel()
	shown, err := os.ReadFile("../feed/testdata/shown.txt")
	if err != nil {
		t.Fatal(err)
	}
	sentences := dictionary(t, "events.js", texts(t)["text/en/events.js"])
	for line := range strings.Lines(string(shown)) {
		name, _, _ := strings.Cut(strings.Fields(line)[1], ".")
		if sentences[name] == "" {
			t.Errorf("text/en/events.js has nothing for %s", name)
		}
	}
}

// The libraries are those that their list names.
func TestLibraries(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("web/lib/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files := texts(t)
	sums := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\S+) \| (\S+) \|.*\| ([0-9a-f]{64}) \|$`).FindAllStringSubmatch(string(list), -1) {
		sums["lib/"+row[1]] = row[3]
		if files["lib/licences/"+row[2]+".txt"] == nil {
			t.Errorf("the licence of %s is missing", row[2])
		}
	}
	for name, text := range files {
		if path.Dir(name) == "lib" && sums[name] != digest(text) {
			t.Errorf("%s has the sum %s, and its list says %s", name, digest(text), sums[name])
		}
	}
}
