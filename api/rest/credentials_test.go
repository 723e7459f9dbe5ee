package rest

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// field returns a text of a JSON object.
func field(t testing.TB, body, name string) string {
	t.Helper()
	var object map[string]any
	must(t, json.Unmarshal([]byte(body), &object))
	text, _ := object[name].(string)
	if text == "" {
		t.Fatalf("no %s in %s", name, body)
	}
	return text
}

// done is a write that is carried out, whatever its reply says beside.
func (s *stack) done(method, path string, body any, options ...func(*http.Request)) reply {
	s.t.Helper()
	got := s.do(method, path, body, options...)
	if got.status != http.StatusOK {
		s.t.Fatalf("%s %s %v: %d %s", method, path, body, got.status, got.body)
	}
	return got
}

// withZones is a stack with two zones in two views, and a record in each.
func withZones(t *testing.T, changes ...func(*config)) *stack {
	t.Helper()
	s := newStack(t, changes...)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "10.0.0.0/8"})
	s.ok("POST", "/dns/views", m{"name": "world", "acl": "any"})
	for i, zone := range []string{"example.com", "example.org"} {
		s.ok("POST", "/dns/zones", m{"name": zone, "zone_type": "master", "view_ids": []int{1, 2}})
		for _, view := range []string{"office", "world"} {
			for _, host := range []string{"www", "_acme-challenge.www"} {
				s.ok("POST", "/dns/records", m{"zone_id": i + 1, "view_name": view, "host": host, "record_type": "TXT", "value": "x"})
			}
		}
	}
	return s
}

func TestCredentialsOfPrograms(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	got := s.done("POST", "/v1/credentials", m{"name": "certbot", "kind": "token"}, with("Idempotency-Key", "k"))
	token := field(t, got.body, "secret")
	if !strings.HasPrefix(token, "olk_") || len(token) < 4+43 || got.header.Get("Location") != "/v1/credentials/1" {
		t.Errorf("%s %v", got.body, got.header)
	}
	s.expect(s.do("POST", "/v1/credentials", m{"name": "certbot", "kind": "token"}, with("Idempotency-Key", "k")), 200, `{"message":"OK","id":1,"secret":null}`)
	for _, option := range []func(*http.Request){with("Authorization", token), with("Authorization", "Bearer "+token), apiKey(token)} {
		if got := s.do("GET", "/dns/zones/1", nil, option); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	for _, option := range []func(*http.Request){withOnly("access_token", token), withOnly("Cookie", "access_token="+token)} {
		s.expect(s.do("GET", "/dns/zones/1", nil, option), 403, bodyTokenMissing)
	}
	s.expect(s.do("GET", "/dns/zones/1", nil, with("Authorization", token+"x")), 403, bodyTokenInvalid)

	list := s.do("GET", "/v1/credentials", nil).body
	if strings.Contains(list, token) || !strings.Contains(list, `"name":"certbot"`) || strings.Contains(list, `"last_used_at":null`) ||
		!strings.Contains(list, `"seen_in_clear":false`) {
		t.Errorf("%s", list)
	}
	s.ok("DELETE", "/v1/credentials/1", nil)
	s.expect(s.do("GET", "/dns/zones/1", nil, with("Authorization", token)), 403, bodyTokenInvalid)
	s.expect(s.do("DELETE", "/v1/credentials/1", nil), 404, failedWith("Credential 1 不存在！"))
	for _, text := range []string{`"target_type":"Credential"`, `"target_name":"certbot"`} {
		if log := s.do("GET", "/dns/oplogs?target_type=Credential", nil).body; !strings.Contains(log, text) || strings.Contains(log, token) {
			t.Errorf("no %s in %s", text, log)
		}
	}
}

// apiKey sends a token as some DNS programs do.
func apiKey(token string) func(*http.Request) { return withOnly("X-API-Key", token) }

// withOnly sends a header and no token beside it.
func withOnly(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set(name, value)
	}
}

// The operation log says by which credential and door each change came.
func TestOplogNamesTheCredential(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	token := s.credential(m{})
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "a", "value": "192.0.2.1"}, with("Authorization", token))
	s.ok("DELETE", "/v1/credentials/1", nil)
	if log := s.do("GET", "/dns/oplogs?target_name=a", nil).body; !strings.Contains(log, `"credential":{"id":1,"name":"robot"},"door":"dns"`) {
		t.Errorf("%s", log)
	}
	if log := s.do("GET", "/dns/oplogs?target_type=Credential", nil).body; !strings.Contains(log, `"credential":null,"door":"v1"`) {
		t.Errorf("%s", log)
	}
}

// What a form says of bounds holds as what JSON says does.
func TestCredentialsByForm(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	form := with("Content-Type", "application/x-www-form-urlencoded")
	got := s.done("POST", "/v1/credentials", `name=n&kind=token&restrict={"zones":["example.org"]}`, form)
	token := with("Authorization", field(t, got.body, "secret"))
	if got := s.do("GET", "/dns/zones/1", nil, token); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, body := range []string{"name=n&kind=token&restrict=zones", "name=n&kind=token&restrict=[]", "name=n&kind=token&view=", "name=n&kind=token&expires_at="} {
		if got := s.do("POST", "/v1/credentials", body, form); got.status != 400 || !strings.Contains(got.body, `"field":`) {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	s.ok("PUT", "/v1/users/1/password", "password="+strings.ReplaceAll(adminPassword, " ", "+")+"&revoke_credentials=true", form)
	s.admin = s.login("admin", adminPassword)
	s.expect(s.do("GET", "/dns/zones/2", nil, token), 403, bodyTokenInvalid)
}

// A reply that was stored for one request is not shown to another credential.
func TestKeysArePerCredential(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	key, body := with("Idempotency-Key", "k"), m{"zone_id": 1, "view_name": "office", "host": "a", "value": "192.0.2.1"}
	s.ok("POST", "/dns/records", body, key)
	token := with("Authorization", s.credential(m{"restrict": m{"types": []string{"TXT"}}}))
	if got := s.do("POST", "/dns/records", body, key, token); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// What ends a credential ends it everywhere within 100 ms.
func TestCredentialsEndEverywhere(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	there := s.secondProcess()
	for name, end := range map[string]func(id string){
		"deleted": func(id string) { s.ok("DELETE", "/v1/credentials/"+id, nil) },
		"password": func(string) {
			s.admin = s.login("admin", adminPassword)
			s.ok("PUT", "/v1/users/1/password", m{"password": adminPassword, "old_password": adminPassword, "revoke_credentials": true})
			s.admin = s.login("admin", adminPassword)
		},
	} {
		got := s.done("POST", "/v1/credentials", m{"name": "robot", "kind": "token"})
		token := with("Authorization", field(t, got.body, "secret"))
		if got := there.do("GET", "/dns/zones/1", nil, token); got.status != 200 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		end(got.header.Get("Opsledger-Id"))
		s.expect(s.do("GET", "/dns/zones/1", nil, token), 403, bodyTokenInvalid)
		ended := time.Now()
		for there.do("GET", "/dns/zones/1", nil, token).status == 200 {
			if time.Since(ended) > testkit.Patience {
				t.Fatalf("%s: still valid in the other process", name)
			}
		}
		t.Logf("%s: valid elsewhere for %v", name, time.Since(ended))
	}
	s.credential(m{})
	got := s.ok("PUT", "/v1/users/1/password", m{"password": adminPassword, "old_password": adminPassword})
	if w := got.header.Get("Opsledger-Warning"); !strings.Contains(w, "1 credentials of the user stay valid") {
		t.Errorf("%q", w)
	}
}

// A token that others could read is served with a warning, or refused.
func TestCredentialsInClear(t *testing.T) {
	t.Parallel()
	s := withZones(t, func(c *config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	token := with("Authorization", s.credential(m{}))
	from := with("X-Forwarded-For", "192.0.2.7")
	if got := s.do("GET", "/dns/zones/1", nil, token, from); got.status != 200 || !strings.Contains(got.header.Get("Opsledger-Warning"), "unencrypted") {
		t.Errorf("%d %v", got.status, got.header)
	}
	if list := s.do("GET", "/v1/credentials", nil).body; !strings.Contains(list, `"seen_in_clear":true`) {
		t.Errorf("%s", list)
	}
	for _, option := range [][]func(*http.Request){{token}, {token, from, with("X-Forwarded-Proto", "https")}, {from}} {
		if got := s.do("GET", "/dns/zones/1", nil, option...); got.status != 200 || got.header.Get("Opsledger-Warning") != "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	}
	strict := s.reopened(func(c *config) { c.RequireTLS = true })
	if got := strict.do("GET", "/dns/zones/1", nil, token, from); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := strict.do("GET", "/dns/zones/1", nil, token); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
