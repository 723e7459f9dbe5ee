package rest

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
)

// unknown is a parameter that no route knows.
const unknown = "no_such_key"

// TestEveryRoute: what the kernel promises for every route holds for every route.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	x := newMatrix(t)
	rows := matrixRows()
	for _, route := range Routes(&api.Kernel{}, Config{}) {
		name := route.Method + " " + route.Path
		t.Run(strings.ReplaceAll(name, "/", "|"), func(t *testing.T) {
			part, asked := x.in(t), rows[name]
			for _, check := range []func(api.Route, row){part.checkUnknown, part.checkCreation, part.checkIfMatch, part.checkHead, part.checkPathsBelow} {
				if name == "DELETE /v1/session" {
					part.admin = part.anotherLogin(asAdmin) // which the check before may have ended
				}
				check(route, asked)
			}
		})
	}
}

// takesBody says whether a request to the route may have parameters in a body.
func takesBody(route api.Route) bool { return route.Method != http.MethodGet && !route.Body.Streamed }

// withKey returns the body with a key more, in the part of it that says what is meant.
func withKey(body any) any {
	object, _ := body.(m)
	if data, isAct := object["data"].(m); isAct {
		return changed(object, "data", changed(data, unknown, 1))
	}
	return changed(object, unknown, 1)
}

func withParameter(path string) string {
	if strings.Contains(path, "?") {
		return path + "&" + unknown + "=1"
	}
	return path + "?" + unknown + "=1"
}

// checkUnknown: an unknown key and an unknown parameter are refused by name where the
// client or the dialect is strict, and else ignored and named.
func (x *matrix) checkUnknown(route api.Route, row row) {
	x.t.Helper()
	strict := with("Opsledger-Strict", "true")
	path, body := row.ask(x)
	x.refusedByName(route, withParameter(path), body, strict)
	if takesBody(route) {
		x.refusedByName(route, path, withKey(body), strict)
	}
	if strings.HasPrefix(route.Path, "/v1/") {
		x.refusedByName(route, withParameter(path), body, with("Opsledger-Strict", "false"))
		if takesBody(route) {
			x.refusedByName(route, path, withKey(body), with("Opsledger-Strict", "false"))
		}
		return
	}
	got := x.do(route.Method, withParameter(path), body)
	x.warned(route, got)
	if takesBody(route) {
		path, body = row.ask(x)
		x.warned(route, x.do(route.Method, path, withKey(body)))
	}
}

func (x *matrix) refusedByName(route api.Route, path string, body any, option func(*http.Request)) {
	x.t.Helper()
	before := x.position()
	got := x.do(route.Method, path, body, option)
	refused := got.status == http.StatusBadRequest || isPowerDNS(route) && got.status == http.StatusUnprocessableEntity || strings.HasPrefix(route.Path, "/api/") && strings.HasPrefix(got.body, `{"ok":false`)
	if !refused || !strings.HasSuffix(got.header.Get("Opsledger-Field"), unknown) || x.position() != before {
		x.t.Errorf("%s %s %v: %d %s, to blame is %q", route.Method, path, body, got.status, got.body, got.header.Get("Opsledger-Field"))
	}
}

func (x *matrix) warned(route api.Route, got reply) {
	x.t.Helper()
	warnings := slices.DeleteFunc(slices.Clone(got.header.Values("Opsledger-Warning")), func(text string) bool {
		return strings.HasPrefix(route.Path, "/dns/views") && strings.HasPrefix(text, "acl: view ") // see TestViewOrderAndWarnings
	})
	if isPowerDNS(route) && rowsOfPowerDNS()[route.Method+" "+route.Path].expected[asAdmin] >= 400 { // what there is not
		return
	}
	if !got.succeeded() || len(warnings) != 1 || !strings.HasSuffix(warnings[0], unknown+": unknown parameter, ignored") {
		x.t.Errorf("%s %s: %d %s, warnings %q", route.Method, route.Path, got.status, got.body, warnings)
	}
}

// checkCreation: whoever creates something is told its path and its id.
func (x *matrix) checkCreation(route api.Route, row row) {
	x.t.Helper()
	path, body := row.ask(x)
	got := x.do(route.Method, path, body)
	location, id := got.header.Get("Location"), got.header.Get("Opsledger-Id")
	if (location == "") != (id == "") {
		x.t.Errorf("Location %q, Opsledger-Id %q", location, id)
	}
	creates := slices.Contains([]string{
		"/auth/register_local", "/dns/servers", "/dns/views", "/dns/zones", "/dns/records", "/admin/roles", "/admin/privileges",
		pathTask, pathMachine, pathUser, "/api/v1/servers/:server/zones",
	}, route.Path)
	if creates && route.Method == http.MethodPost && id == "" {
		x.t.Errorf("%d %s: no Opsledger-Id", got.status, got.body)
	}
}

// checkIfMatch: a version that nothing has is never ignored.
func (x *matrix) checkIfMatch(route api.Route, row row) {
	x.t.Helper()
	if route.Write == nil {
		return
	}
	path, body := row.ask(x)
	before := x.position()
	got := x.do(route.Method, path, body, with("If-Match", `"1"`))
	if got.status != http.StatusPreconditionFailed && got.status != http.StatusBadRequest || x.position() != before {
		x.t.Errorf("If-Match: %d %s", got.status, got.body)
	}
}

// checkHead: HEAD gets the header of GET, compressed or not, and what is compressed is
// what is not.
func (x *matrix) checkHead(route api.Route, row row) {
	x.t.Helper()
	if route.Method != http.MethodGet {
		return
	}
	path, _ := row.ask(x)
	plain := x.do(http.MethodGet, path, nil)
	for _, coding := range []string{"identity", "gzip", "gzip;q=0", "*;q=0.5"} {
		accept := with("Accept-Encoding", coding)
		full, head := x.do(http.MethodGet, path, nil, accept), x.do(http.MethodHead, path, nil, accept)
		if head.status != full.status || head.body != "" {
			x.t.Errorf("%s: HEAD %d %q, GET %d", coding, head.status, head.body, full.status)
		}
		if route.Path == "/metrics" || route.Path == "/v1/access" {
			continue // which count the questions, or say when they came
		}
		if a, b := compared(head.header), compared(full.header); !maps.EqualFunc(a, b, slices.Equal[[]string]) {
			x.t.Errorf("%s: HEAD %v, GET %v", coding, a, b)
		}
		zipped := full.header.Get("Content-Encoding") == "gzip"
		large := len(plain.body) > 1023
		if wanted := large && (coding == "gzip" || strings.HasPrefix(coding, "*")); zipped != wanted && len(plain.body) != 1023 {
			x.t.Errorf("%s: %d bytes compressed: %v", coding, len(plain.body), zipped)
		}
		if zipped && unzipped(x.t, full.body) != plain.body {
			x.t.Errorf("%s: %d bytes were compressed to something else", coding, len(plain.body))
		}
		if full.header.Get("Vary") != "Accept-Encoding" {
			x.t.Errorf("%s: Vary %q", coding, full.header.Get("Vary"))
		}
	}
}

// compared is a header without what differs from reply to reply.
func compared(header http.Header) http.Header {
	out := header.Clone()
	out.Del("Date")
	out.Del("X-Request-Id")
	return out
}

func unzipped(t *testing.T, text string) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader([]byte(text)))
	must(t, err)
	plain, err := io.ReadAll(r)
	must(t, err)
	return strings.TrimSuffix(string(plain), "\n")
}

// checkPathsBelow: what is below a route and no route itself is not there, by whatever
// method; a method that the path has not is 405, and the reply names those that it has.
func (x *matrix) checkPathsBelow(route api.Route, row row) {
	x.t.Helper()
	path, _ := row.ask(x)
	path, _, _ = strings.Cut(path, "?")
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead} {
		if got := x.do(method, path+"/no/such/path/at/all", nil); got.status != http.StatusNotFound {
			x.t.Errorf("%s %s/no/such/path/at/all: %d %s", method, path, got.status, got.body)
		}
	}
	method := http.MethodPatch
	if strings.HasSuffix(route.Path, "/zones/:zone") { // which has it
		method = http.MethodPost
	}
	got := x.do(method, path, nil)
	if got.status != http.StatusMethodNotAllowed || !strings.Contains(got.header.Get("Allow"), route.Method) {
		x.t.Errorf("%s %s: %d %s, Allow %q", method, path, got.status, got.body, got.header.Get("Allow"))
	}
}
