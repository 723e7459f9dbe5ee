package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/workload"
)

const passphrase = "correct horse battery staple"

// passphraseFile has the passphrase of the tests' backups.
func passphraseFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// shownState is what is compared before and after: every kind of thing, of every dialect, deleted
// ones and the past included, as the admin sees it.
var shownState = []string{
	"/dns/servers?pageSize=1000", "/dns/views?pageSize=1000", "/dns/zones?pageSize=1000", "/dns/records?pageSize=1000", "/dns/bind_conf",
	"/dns/oplogs?pageSize=1000", "/admin/users?pageSize=1000", "/admin/roles?pageSize=1000", "/admin/privileges?pageSize=1000",
	"/api/user?count=1000", "/api/machine?count=1000", "/api/task?count=1000", "/api/permission", "/v1/credentials?limit=1000",
	"/v1/fleet", "/v1/views/order", "/v1/log/key", "/v1/log/keys",
	"/v1/search?q=an&limit=100", "/dns/records?pageSize=1000&as_of=%d", "/admin/users?pageSize=1000&as_of=%d", "/api/task?count=1000&as_of=%d",
	"/dns/zones?pageSize=1000&as_of=%d",
}

func stateOf(t *testing.T, s *deployment.Server, middle int64) map[string]string {
	t.Helper()
	state := map[string]string{}
	for _, target := range shownState {
		if strings.Contains(target, "%d") {
			target = fmt.Sprintf(target, middle)
		}
		reply, body := s.Call(http.MethodGet, target, "")
		if reply.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", target, reply.StatusCode, body)
		}
		state[target] = body
	}
	for _, order := range []string{"asc", "desc"} {
		state["events, "+order] = eventsOf(t, s, order)
	}
	return state
}

// eventsOf is the whole log as it is shown. A page ends after a second, wherever it has come.
func eventsOf(t *testing.T, s *deployment.Server, order string) string {
	t.Helper()
	var all []byte
	for cursor := ""; ; {
		_, body := s.Call(http.MethodGet, "/v1/events?limit=1000&order="+order+cursor, "")
		var page struct {
			Events []json.RawMessage
			Next   *string
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for _, e := range page.Events {
			all = append(append(all, e...), '\n')
		}
		if page.Next == nil {
			return string(all)
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// byToken reads with a program's token.
func byToken(t *testing.T, s *deployment.Server, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/dns/zones"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", token)
	reply, err := s.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	return reply.StatusCode
}

// A drill: clients of all dialects work, and a backup is made meanwhile and another when they have
// rested; then the machine is gone. What is restored of the second shows the same everywhere,
// lets in who had logged in and programs with their tokens, goes on with its checkpoints, and its
// name server comes back by itself. What is restored of the first as a copy trusts nobody
// but its users' passwords.
func TestRestoreDrill(t *testing.T) {
	t.Parallel()
	secret := passphraseFile(t)
	backups := t.TempDir()
	site := deployment.StartSiteAround(t, deployment.NewServe(t, "serve", "--nats-listen", testkit.Address(t), "--webhook-allow", "127.0.0.0/8"))
	s := site.Serve
	s.Login()
	zone := s.MakeLiveZone("drill.example", "192.0.2.1")
	s.Post("/dns/bind_conf", `{"bind_conf":"key \"mine\" { algorithm hmac-sha256; secret \"c2VjcmV0IG9mIHRoZSBkcmlsbA==\"; };\noptions { recursion no; };\n"}`)
	for _, name := range []string{"anna", "bert"} {
		const person = `{"action":"add","data":[{"username":%[1]q,"passwd":"secret of %[1]s","mail":"%[1]s@example.org","department":"d","nickname":"N","permissions":"8"}]}`
		if _, body := s.Call(http.MethodPost, "/api/user", fmt.Sprintf(person, name)); !strings.Contains(body, "add user ok") {
			t.Fatal(body)
		}
	}
	deletion := s.Head()
	if _, body := s.Call(http.MethodDelete, "/api/user?username=bert", ""); !strings.Contains(body, "delete user ok") {
		t.Fatal(body)
	}
	_, body := s.Call(http.MethodPost, "/v1/credentials", `{"name":"program","kind":"token"}`)
	token := regexp.MustCompile(`olk_[A-Za-z0-9_-]+`).FindString(body)
	if _, body = s.Call(http.MethodPost, "/v1/credentials", `{"name":"updates","kind":"tsig"}`); !strings.Contains(body, "key_name") || token == "" {
		t.Fatalf("no credentials: %s", body)
	}
	deployment.Command(t, "rotate-keys", "--checkpoints", "--data", s.Data)
	kept := filepath.Join(t.TempDir(), "kept")
	writeFile(t, kept, checkpointAt(t, s, s.Head()))
	_, key := s.Call(http.MethodGet, "/v1/log/key", "")

	w := workload.New(t, site, uint64(time.Now().UnixNano()), 8)
	w.Endure([]workload.Fault{{Name: "a backup", Strike: func(*deployment.Site) {
		deployment.Command(t, "backup", "--out", filepath.Join(backups, "first"), "--passphrase-file", secret, "--data", s.Data)
	}}}, 1, time.Millisecond)

	hooks := newHooks(t)
	hooks.behind(s)
	second := filepath.Join(backups, "second")
	deployment.Command(t, "backup", "--out", second, "--passphrase-file", secret, "--data", s.Data)
	if said := deployment.Command(t, "restore", "--verify", "--in", second, "--passphrase-file", secret); !strings.Contains(said, "the backup is good") {
		t.Error(said)
	}
	wantPrivate(t, second)
	before, head := stateOf(t, s, s.Head()/2), s.Head()
	wantErased(t, s, deletion)
	s.PostLive("/dns/records", deployment.RecordBody("lost", "192.0.2.9", zone))
	wantClassified(t, s)
	s.Kill()
	if err := os.RemoveAll(s.Data); err != nil {
		t.Fatal(err)
	}

	said := deployment.Command(t, "restore", "--in", second, "--passphrase-file", secret, "--as-move", "--data", s.Data,
		"--since", kept, "--key", strings.TrimSpace(key))
	for _, want := range []string{"continues the checkpoint", "signed with the trusted key", "it has moved"} {
		if !strings.Contains(said, want) {
			t.Errorf("restore does not say %q:\n%s", want, said)
		}
	}
	site.DNS.Freeze() // its named has more than the log by now, which the log is told of as drift
	s.Start()         // and nobody logs in
	after := stateOf(t, s, head/2)
	for target, want := range before {
		if got := after[target]; got != want {
			t.Errorf("%s shows\n%s", target, firstDifference(got, want))
		}
	}
	if got := s.Head(); got != head {
		t.Errorf("the log ends at %d instead of %d", got, head)
	}
	site.DNS.Thaw()
	if status := byToken(t, s, token); status != http.StatusOK {
		t.Errorf("the program's token gives %d", status)
	}
	hooks.goOn(s)
	wantErased(t, s, deletion)
	deployment.NewCaller(t, s.Address).LoginAs("anna", "secret of anna")
	s.PostLive("/dns/records", deployment.RecordBody("new", "192.0.2.10", zone))
	site.DNS.WantAnswer("new.drill.example.", "A", "192.0.2.10")
	site.DNS.WantAnswer("www.drill.example.", "A", "192.0.2.1")
	site.DNS.WantNoAnswer("lost.drill.example.", "A")
	checkpointAt(t, s, s.Head())
	said = deployment.Command(t, "verify", "--data", s.Data, "--since", kept, "--key", strings.TrimSpace(key))
	if !strings.Contains(said, "continues the checkpoint") || !strings.Contains(said, "signed with the trusted key") {
		t.Errorf("verify: %s", said)
	}
	s.OpenLog().SameAsReplay()

	c := deployment.NewServe(t, "copy")
	said = deployment.Command(t, "restore", "--in", filepath.Join(backups, "first"), "--passphrase-file", secret, "--as-copy", "--data", c.Data)
	if !strings.Contains(said, "enrolments of 1 agents, 2 credentials and 0 webhooks ended") || !strings.Contains(said, "were left out") {
		t.Errorf("the copy: %s", said)
	}
	c.Start()
	if status := byToken(t, c, token); status != http.StatusForbidden {
		t.Errorf("the program's token gives %d in the copy", status)
	}
	c.Login()
	checkpointAt(t, c, c.Head())
	deployment.Command(t, "rebuild", "--data", c.Data)
	c.WantBody("/v1/agents", `"agents":[]`)
	c.WantBody("/v1/credentials", `"credentials":[]`)
	deployment.NewCaller(t, c.Address).LoginAs("anna", "secret of anna")
	if said := deployment.Command(t, "verify", "--data", c.Data); !strings.Contains(said, "and no others") {
		t.Errorf("verify of the copy: %s", said)
	}
	c.OpenLog().SameAsReplay()
}

// firstDifference is what stands around the first octet in which two texts differ.
func firstDifference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	around := func(text string) string { return text[max(0, at-300):min(len(text), at+300)] }
	return fmt.Sprintf("%s\ninstead of\n%s", around(got), around(want))
}

// wantErased wants a moment at which both users were there to show what is personal of the one
// who still is.
func wantErased(t *testing.T, s *deployment.Server, moment int64) {
	t.Helper()
	_, body := s.Call(http.MethodGet, fmt.Sprintf("/admin/users?pageSize=1000&as_of=%d", moment), "")
	if !strings.Contains(body, "anna@example.org") || !strings.Contains(body, `"bert"`) || strings.Contains(body, "bert@") {
		t.Errorf("at %d: %s", moment, body)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantPrivate wants a folder and its files to be its owner's alone.
func wantPrivate(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	for _, path := range append([]string{dir}, names(dir, entries)...) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func names(dir string, entries []os.DirEntry) (list []string) {
	for _, e := range entries {
		list = append(list, filepath.Join(dir, e.Name()))
	}
	return list
}

// wantClassified wants it to be known of every secret that has a name whether a copy gets it. For
// a new one somebody has to decide: see namedOfCopies in cmd/opsledger.
func wantClassified(t *testing.T, s *deployment.Server) {
	t.Helper()
	rows, err := deployment.OpenPool(t, s.Running().DatabaseURL).Query(t.Context(), "SELECT name FROM vault.secrets WHERE name IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"mail", "login", "idempotency", "bus", "jwt", "agents", "checkpoints", "transfer"} // the last five are never a copy's
	for _, name := range found {
		family, _, _ := strings.Cut(name, ".")
		if !slices.Contains(known, family) {
			t.Errorf("the secret %q: does a copy of a log get it?", name)
		}
	}
}
