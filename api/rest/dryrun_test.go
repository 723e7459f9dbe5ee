package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// notDry are the requests that check or make a secret: no dry run of them can be asked for.
var notDry = []string{
	"POST /auth/login_local", "POST /auth/login_ldap", "POST /auth/register_local", "POST /api/login", "POST /v1/session", "DELETE /v1/session",
	"POST /v1/credentials", "DELETE /v1/credentials/:id", "PUT /v1/users/:id/password",
	"POST /v1/enrolment-tokens", "DELETE /v1/enrolment-tokens/:id", "POST /v1/enrolments",
	"POST /v1/webhooks/:id/test",
	"POST /api/user", // its row adds a user
	// These write nothing.
	"PUT /api/v1/servers/:server/cache/flush", "PUT /api/v1/servers/:server/zones/:zone/notify",
	"PUT /api/v1/servers/:server/zones/:zone/rectify", "PUT /api/v1/servers/:server/zones/:zone/axfr-retrieve",
	"POST /api/v1/servers/:server/tsigkeys", "PUT /api/v1/servers/:server/tsigkeys/:id", "DELETE /api/v1/servers/:server/tsigkeys/:id",
	"POST /api/v1/servers/:server/autoprimaries", "DELETE /api/v1/servers/:server/autoprimaries/:ip/:nameserver",
	"POST /api/v1/servers/:server/zones/:zone/metadata", "PUT /api/v1/servers/:server/zones/:zone/metadata/:kind",
	"DELETE /api/v1/servers/:server/zones/:zone/metadata/:kind",
	"POST /api/v1/servers/:server/zones/:zone/cryptokeys", "PUT /api/v1/servers/:server/zones/:zone/cryptokeys/:id",
	"DELETE /api/v1/servers/:server/zones/:zone/cryptokeys/:id",
}

// dryRun is the reply to a dry run.
type dryRun struct {
	DryRun bool `json:"dry_run"`
	Events []struct {
		Type string
		Data json.RawMessage
	}
	Diff    []dryDiff
	Config  *struct{ Before, After string }
	Servers []int64
}

type dryDiff struct {
	ZoneID         *int64 `json:"zone_id"`
	View           string
	Removed, Added []string
	More           bool
}

var asDryRun = with("Opsledger-Dry-Run", "true")

// dry asks what a write would do. Neither the log nor the vault has anything of it.
func (s *stack) dry(method, path string, body any, options ...func(*http.Request)) (dryRun, reply) {
	s.t.Helper()
	before, secrets := s.end(), s.secrets()
	got := s.do(method, path, body, append([]func(*http.Request){asDryRun}, options...)...)
	if s.end() != before || s.secrets() != secrets {
		s.t.Errorf("a dry run of %s %s %v: the log is at %d, was at %d; the vault has %d secrets, had %d",
			method, path, body, s.end(), before, s.secrets(), secrets)
	}
	var said dryRun
	if got.status == http.StatusOK && strings.HasPrefix(got.body, `{"dry_run":true,`) {
		must(s.t, json.Unmarshal([]byte(got.body), &said))
	}
	return said, got
}

// secrets is how many entries the vault has.
func (s *stack) secrets() (n int) {
	s.t.Helper()
	must(s.t, s.pool.QueryRow(s.t.Context(), "SELECT count(*) FROM vault.secrets").Scan(&n))
	return n
}

// announced compares what a dry run has said with what was appended after a position.
func (s *stack) announced(said dryRun, after int64) {
	s.t.Helper()
	stored, err := s.store.Read(s.t.Context(), domain.Position(after), 20_000)
	must(s.t, err)
	if len(stored) != len(said.Events) {
		s.t.Fatalf("%d events were announced, %d appended", len(said.Events), len(stored))
	}
	for i, e := range stored {
		var announced, appended any
		must(s.t, json.Unmarshal(said.Events[i].Data, &announced))
		must(s.t, json.Unmarshal(e.Data, &appended))
		if said.Events[i].Type != e.Type || !sameButNull(announced, appended) {
			s.t.Errorf("announced %s %s, appended %s %s", said.Events[i].Type, said.Events[i].Data, e.Type, e.Data)
		}
	}
}

// sameButNull compares what was announced with what was appended, where null stands for any value
// and for none, and so does a time limit for any.
func sameButNull(announced, appended any) bool {
	switch a := announced.(type) {
	case nil:
		return true
	case map[string]any:
		b, is := appended.(map[string]any)
		if !is {
			return false
		}
		for name := range b {
			if _, said := a[name]; !said {
				return false
			}
		}
		for name, value := range a {
			if name != "deadline" && !sameButNull(value, b[name]) {
				return false
			}
		}
		return true
	case []any:
		b, is := appended.([]any)
		return is && slices.EqualFunc(a, b, sameButNull)
	default:
		return announced == appended
	}
}

// Every route either is asked for a dry run, which says what the write then does, or refuses the
// header: none ignores it.
func TestDryRunOfEveryRoute(t *testing.T) {
	t.Parallel()
	x := newMatrix(t)
	rows := matrixRows()
	for _, route := range Routes(&api.Kernel{}, Config{}) {
		name := route.Method + " " + route.Path
		path, body := rows[name].ask(x)
		if got := x.do(route.Method, path, body, with("Opsledger-Dry-Run", "yes")); !refusedByName(got) {
			t.Errorf("%s with another value: %d %s", name, got.status, got.body)
		}
		said, got := x.dry(route.Method, path, body, with("Opsledger-Language", "en"))
		if route.Method == http.MethodGet || slices.Contains(notDry, name) {
			if !refusedByName(got) {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
			continue
		}
		x.refusedAlike(route.Method, path, body)
		before := x.end()
		real := x.do(route.Method, path, body, with("Opsledger-Language", "en"))
		if !said.DryRun {
			x.expect(got, real.status, real.body)
			continue
		}
		if !real.succeeded() {
			t.Errorf("%s is announced, and is refused with %d %s", name, real.status, real.body)
		}
		x.announced(said, before)
	}
}

// refusedAlike: whoever may not write is told so by a dry run.
func (x *matrix) refusedAlike(method, path string, body any) {
	x.t.Helper()
	plain := with("Authorization", x.tokens[asPlain])
	real := x.do(method, path, body, plain)
	if _, got := x.dry(method, path, body, plain); real.status != http.StatusOK && (got.status != real.status || got.body != real.body) {
		x.t.Errorf("%s %s is refused with %d %s, its dry run with %d %s", method, path, real.status, real.body, got.status, got.body)
	}
}

// refusedByName says whether a reply names the header; the operations dialect answers 200.
func refusedByName(got reply) bool {
	ok := got.status == http.StatusBadRequest || strings.HasPrefix(got.body, `{"ok":false,`)
	return ok && strings.Contains(got.body, "Opsledger-Dry-Run: ")
}

// What checks a secret counts for the throttles, dry run or not.
func TestDryRunsCountForThrottles(t *testing.T) {
	t.Parallel()
	s := newStack(t, withoutTime)
	anonymous := with("Authorization", "")
	for _, c := range []struct {
		path string
		body m
	}{
		{"/auth/login_local", m{"username": "one", "password": "x"}},
		{"/auth/login_ldap", m{"username": "two", "password": "x"}},
		{"/api/login", m{"name": "three", "password": "x"}},
	} {
		for range failuresPerName {
			if got := s.do("POST", c.path, c.body, anonymous, asDryRun); !refusedByName(got) {
				t.Fatalf("%s: %d %s", c.path, got.status, got.body)
			}
		}
		for _, option := range []func(*http.Request){asDryRun, func(*http.Request) {}} {
			if got := s.do("POST", c.path, c.body, anonymous, option); got.header.Get("Retry-After") == "" {
				t.Errorf("%s after %d tries: %d %s", c.path, failuresPerName, got.status, got.body)
			}
		}
	}
	reader := with("Authorization", s.reader("reader"))
	password := m{"password": "another", "old_password": "secret"}
	change := act("update", m{"username": "reader", "new_passwd": "another", "old_passwd": "secret"})
	// For a new password of bad form nobody looks at the old one, and so no try is counted.
	for range failuresPerName {
		for _, got := range []reply{
			s.do("PUT", "/v1/users/2/password", changed(password, "password", ""), reader, asDryRun),
			s.do("PUT", "/v1/users/2/password", changed(password, "password2", "other"), reader, asDryRun),
			s.do("POST", pathUser, act("update", m{"username": "reader", "new_passwd": strings.Repeat("x", 129), "old_passwd": "secret"}), reader, asDryRun),
		} {
			if refusedByName(got) || got.header.Get("Retry-After") != "" || !strings.Contains(got.body, "passw") {
				t.Fatalf("a new password of bad form: %d %s", got.status, got.body)
			}
		}
	}
	for range failuresPerName / 2 {
		for _, got := range []reply{s.do("PUT", "/v1/users/2/password", password, reader, asDryRun), s.do("POST", pathUser, change, reader, asDryRun)} {
			if !refusedByName(got) {
				t.Fatalf("a password: %d %s", got.status, got.body)
			}
		}
	}
	if got := s.do("PUT", "/v1/users/2/password", password, reader); got.header.Get("Retry-After") == "" {
		t.Errorf("the password after 10 dry runs: %d %s", got.status, got.body)
	}
	for n := range 100 - 1 { // the reader has registered
		if got := s.do("POST", "/auth/register_local", registration(fmt.Sprint("user", n)), anonymous, asDryRun); !refusedByName(got) {
			t.Fatalf("registration %d: %d %s", n, got.status, got.body)
		}
	}
	if got := s.do("POST", "/auth/register_local", registration("last"), anonymous); got.header.Get("Retry-After") == "" {
		t.Errorf("a registration after 100 dry runs: %d %s", got.status, got.body)
	}
}

// What is personal is shown to nobody, not even to who changes it.
func TestDryRunHidesPersonalData(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.reader("reader")
	said, got := s.dry("POST", pathUser, act("update", m{"username": "reader", "mail": "new@example.org", "department": "ops"}))
	after := `"after":{"department":"ops","location":null,"mail":null,"mail_digest":null,"nickname":null,"phone":null,"position":null}`
	if len(said.Events) != 1 || !strings.Contains(got.body, after) {
		t.Errorf("%d %s", got.status, got.body)
	}
}
