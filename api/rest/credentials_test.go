package rest

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
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

func TestTSIGKeys(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	got := s.done("POST", "/v1/credentials", m{"name": "nsupdate", "kind": "tsig", "view": "office", "algorithm": "hmac-sha512"})
	for name, want := range map[string]string{"key_name": "nsupdate-1", "algorithm": "hmac-sha512"} {
		if text := field(t, got.body, name); text != want {
			t.Errorf("%s %s, want %s", name, text, want)
		}
	}
	secret := field(t, got.body, "secret")
	if len(secret) != 88 {
		t.Errorf("a secret of %d characters", len(secret))
	}
	list := s.do("GET", "/v1/credentials", nil).body
	if strings.Contains(list, secret) || !strings.Contains(list, `"key_name":"nsupdate-1","algorithm":"hmac-sha512"`) || !strings.Contains(list, `"view":"office"`) {
		t.Errorf("%s", list)
	}
	for _, body := range []m{
		{"name": "n", "kind": "tsig", "algorithm": "hmac-md5"}, {"name": "n", "kind": "token", "algorithm": "hmac-sha256"},
		{"name": "n", "kind": "token", "view": "nowhere"}, {"name": "n", "kind": "token", "restrict": m{"zones": []string{}}},
		{"name": "n", "kind": "token", "restrict": m{"zone": []string{"a"}}}, {"name": "n", "kind": "token", "restrict": m{"read_only": 1}},
		{"name": "n", "kind": "token", "expires_at": "2001-01-01T00:00:00Z"}, {"name": "n", "kind": "password"}, {"kind": "token"},
		{"name": "n", "kind": "token", "user_id": 99}, {"name": "n", "kind": "token", "unknown": 1},
	} {
		s.failsWith(400, "POST", "/v1/credentials", body, `"field":"`)
	}
}

func TestServiceUserOverHTTP(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	got := s.done("POST", "/v1/users", m{"username": "robot", "kind": "service", "role_ids": []int{6}})
	id, err := strconv.Atoi(got.header.Get("Opsledger-Id"))
	must(t, err)
	s.expect(got, 200, `{"message":"OK","id":`+strconv.Itoa(id)+`}`)
	if got := s.do("POST", "/auth/login_local", m{"username": "robot", "password": "secret"}, with("Authorization", "")); got.status != 403 {
		t.Errorf("a service user logs in: %s", got.body)
	}
	s.failsWith(400, "PUT", "/v1/users/"+strconv.Itoa(id)+"/password", m{"password": "secret1"}, "服务用户没有密码")
	s.failsWith(400, "PUT", "/admin/users/"+strconv.Itoa(id), m{"chinese_name": "x"}, "服务用户没有个人资料")
	token := s.credential(m{"user_id": id})
	if got := s.do("GET", "/dns/zones/1", nil, with("Authorization", token)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.do("GET", "/dns/servers", nil, with("Authorization", token)); !strings.Contains(got.body, `"total":0`) {
		t.Errorf("more than the user's rights: %s", got.body)
	}
	if got := s.do("POST", "/dns/views", m{"name": "x", "acl": "any"}, with("Authorization", token)); got.status != 403 {
		t.Errorf("more than the user's rights: %s", got.body)
	}
	s.ok("DELETE", "/admin/users/"+strconv.Itoa(id), nil)
	s.expect(s.do("GET", "/dns/zones/1", nil, with("Authorization", token)), 403, bodyTokenInvalid)
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

// A credential for some records sees and writes these, by every way to them.
func TestBoundsOverHTTP(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	token := with("Authorization", s.credential(m{"view": "office", "restrict": m{
		"zones": []string{"example.com"}, "names": []string{"_acme-challenge.**"}, "types": []string{"txt"},
	}}))
	if got := s.do("GET", "/dns/zones", nil, token).body; !strings.Contains(got, `"total":1,`) || !strings.Contains(got, `"name":"example.com"`) {
		t.Errorf("zones: %s", got)
	}
	if got := s.do("GET", "/dns/records?zone_id=1", nil, token).body; !strings.Contains(got, `"total":1,`) ||
		!strings.Contains(got, `"view_name":"office"`) || strings.Contains(got, `"host":"www"`) {
		t.Errorf("records: %s", got)
	}
	for _, path := range []string{"/dns/zones/2", "/dns/records/1", "/dns/records/4", "/dns/records/6", "/dns/views/1", "/dns/oplogs", "/v1/changes/1"} {
		if got := s.do("GET", path, nil, token); got.status != 403 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := s.do("GET", "/dns/records/2", nil, token); got.status != 200 {
		t.Errorf("its record: %d %s", got.status, got.body)
	}
	record := func(zone int, view, host, recordType string) m {
		return m{"zone_id": zone, "view_name": view, "host": host, "record_type": recordType, "value": "192.0.2.1"}
	}
	for name, body := range map[string]m{
		"zone": record(2, "office", "_acme-challenge", "TXT"), "view": record(1, "world", "_acme-challenge", "TXT"),
		"name": record(1, "office", "www", "TXT"), "type": record(1, "office", "_acme-challenge", "A"),
	} {
		for _, ask := range []func() reply{
			func() reply { return s.do("POST", "/dns/records", body, token) },
			func() reply {
				return s.do("POST", pathBatch, operations(operation("POST", "/dns/records", body)), token)
			},
			func() reply {
				body := changed(body, "view_names", []any{body["view_name"]})
				delete(body, "view_name")
				return s.do("POST", "/v1/records", body, token)
			},
		} {
			before := s.position()
			if got := ask(); got.status == 200 || s.position() != before || !strings.Contains(got.body, "凭据") && !strings.Contains(got.body, "credential") {
				t.Errorf("another %s: %d %s", name, got.status, got.body)
			}
		}
	}
	made := s.do("POST", "/dns/records", record(1, "office", "_acme-challenge", "TXT"), token)
	if made.status != 200 {
		t.Fatalf("%d %s", made.status, made.body)
	}
	path := made.header.Get("Location")
	if got := s.do("PUT", path, record(1, "office", "www", "TXT"), token); got.status != 403 {
		t.Errorf("out of the bounds: %d %s", got.status, got.body)
	}
	if got := s.do("DELETE", path, nil, token); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Zone files keep to the bounds, too: whole ones are for who may see all of a zone.
func TestBoundsOfZoneFiles(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	dry := with("Opsledger-Dry-Run", "true")
	const export, load = "/v1/zones/1/export?view=office", "/v1/zones/1/import?view=office&mode=merge"
	tokens := map[string]m{
		"zone": {"zones": []string{"example.com"}}, "other zone": {"zones": []string{"example.org"}},
		"types": {"types": []string{"TXT"}}, "reader": {"read_only": true},
	}
	for name, restrict := range tokens {
		token := with("Authorization", s.credential(m{"restrict": restrict}))
		want := map[string][3]int{
			"zone": {200, 200, 200}, "other zone": {403, 403, 403}, "types": {403, 403, 403}, "reader": {200, 200, 403},
		}[name]
		text := "new-" + name[:1] + " 60 A 192.0.2.1\n"
		got := [3]int{
			s.do("GET", export, nil, token).status, s.do("POST", load, text, token, dry).status, s.do("POST", load, text, token).status,
		}
		if got != want {
			t.Errorf("%s: export, dry run and import reply %v, want %v", name, got, want)
		}
	}
	other := with("Authorization", s.credential(m{"view": "world"}))
	for _, got := range []reply{s.do("GET", export, nil, other), s.do("POST", load, "x 60 A 192.0.2.1\n", other)} {
		if got.status != http.StatusForbidden {
			t.Errorf("another view: %d %s", got.status, got.body)
		}
	}
	// What is there already would change nothing, and its being there is not told.
	texts := with("Authorization", s.credential(m{"restrict": m{"names": []string{"_acme-challenge.**"}}}))
	for _, host := range []string{"www", "nothing"} {
		if got := s.do("POST", load, host+" 600 TXT x\n", texts); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", host, got.status, got.body)
		}
	}
	if got := s.do("POST", strings.ReplaceAll(load, "merge", "replace"), "_acme-challenge 600 TXT y\n", texts); got.status != http.StatusForbidden {
		t.Errorf("to remove what is hidden: %d %s", got.status, got.body)
	}
	all := with("Authorization", s.credential(m{"restrict": m{"names": []string{"*", "**"}}}))
	if got := s.do("GET", export, nil, all); got.status != http.StatusForbidden {
		t.Errorf("a whole zone for names alone: %d %s", got.status, got.body)
	}
	if got := s.do("POST", load, "_acme-challenge 600 TXT y\n", texts); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A privilege by pattern is for zones that come later, too.
func TestPatternedPrivilegesOverHTTP(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	id := idIn(s.ok("POST", "/admin/privileges", m{"name": "ZONE~**.cust.example#ACCESS"}).header.Get("Location"))
	token := with("Authorization", s.member("team", s.role("team", mustID(t, id))))
	if got := s.do("GET", "/dns/zones", nil, token).body; !strings.Contains(got, `"total":0`) {
		t.Errorf("%s", got)
	}
	zone := s.ok("POST", "/dns/zones", m{"name": "a.cust.example", "zone_type": "master", "view_ids": []int{1}}).header.Get("Location")
	if got := s.do("GET", "/dns/zones", nil, token).body; !strings.Contains(got, `"total":1`) || !strings.Contains(got, `"can_update":false`) {
		t.Errorf("%s", got)
	}
	if got := s.do("GET", zone, nil, token); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.do("DELETE", zone, nil, token); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
	s.ok("PUT", zone, m{"name": "a.other.example", "zone_type": "master", "view_ids": []int{1}})
	if got := s.do("GET", zone, nil, token); got.status != 403 {
		t.Errorf("renamed away: %d %s", got.status, got.body)
	}
}

func mustID(t testing.TB, text string) int64 {
	t.Helper()
	id, err := strconv.ParseInt(text, 10, 64)
	must(t, err)
	return id
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

// Who may log in where, and with what, is for logins to say.
func TestCredentialsSetNoKeys(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathUser, act("add", aUser("victim")))
	token := with("Authorization", s.credential(m{}))
	before := s.position()
	for name, ask := range map[string]func() reply{
		"keys": func() reply {
			return s.do("POST", pathUser, act("update", m{"username": "admin", "ssh_keys": []string{opsKey}}), token)
		},
		"grant": func() reply {
			return s.do("POST", pathSSHKey, act("add", m{"username": "victim", "ip": machineIP(1), "system_user": "www"}), token)
		},
		"password": func() reply {
			return s.do("POST", pathUser, act("update", m{"username": "victim", "new_passwd": "mine now"}), token)
		},
		"codes": func() reply {
			return s.do("POST", pathUser, act("update", m{"username": "victim", "permissions": "2"}), token)
		},
		"user": func() reply { return s.do("POST", pathUser, act("add", aUser("another")), token) },
	} {
		if got := ask(); !strings.Contains(got.body, `"ok":false`) || !strings.Contains(got.body, "凭据") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if s.position() != before {
		t.Error("refused, and the log grew")
	}
	// An admin's program may remove people, those with credentials of their own, too.
	victim := s.login("victim", "123456")
	s.done("POST", "/v1/credentials", m{"name": "n", "kind": "token"}, with("Authorization", victim))
	s.ok("DELETE", "/admin/users/"+strconv.FormatInt(s.idOf("victim"), 10), nil, token)
}

// A credential is no way to guess its user's password, nor to shut the user out.
func TestCredentialsGuessNoPassword(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	alice := s.reader("alice")
	token := with("Authorization", field(t, s.done("POST", "/v1/credentials", m{"name": "n", "kind": "token"}, with("Authorization", alice)).body, "secret"))
	before := s.position()
	var replies []string
	for _, old := range []string{"wrong", "secret"} {
		got := s.do("POST", pathUser, act("update", m{"username": "alice", "new_passwd": "another", "old_passwd": old}), token)
		replies = append(replies, got.body)
	}
	if replies[0] != replies[1] || !strings.Contains(replies[0], "凭据") || s.position() != before {
		t.Errorf("%q", replies)
	}
	if got := s.do("GET", "/api/login?username=alice", nil, token); !strings.Contains(got.body, "not login") {
		t.Errorf("a program is logged in: %s", got.body)
	}
}

// Of a record outside of its bounds a credential learns nothing by trying to change it.
func TestBoundsTellNothingOfRecords(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	for name, restrict := range map[string]m{"types": {"restrict": m{"types": []string{"A"}}}, "view": {"view": "world"}} {
		token := with("Authorization", s.credential(restrict))
		same := m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "x"}
		for what, got := range map[string]reply{
			"as it is": s.do("PUT", "/dns/records/1", same, token),
			"bad":      s.do("PUT", "/dns/records/1", changed(same, "record_type", "AAAA"), token),
			"version":  s.do("PUT", "/dns/records/1", same, token, with("If-Match", `"1"`)),
			"deletion": s.do("DELETE", "/dns/records/1", nil, token, with("If-Match", `"1"`)),
		} {
			if got.status != 403 {
				t.Errorf("%s, %s: %d %s", name, what, got.status, got.body)
			}
		}
	}
	reader := with("Authorization", s.credential(m{"restrict": m{"read_only": true}}))
	for _, path := range []string{"/dns/zones/1", "/dns/records/1"} {
		if got := s.do("GET", path, nil, reader).body; !strings.Contains(got, `"can_update":false,"can_delete":false`) {
			t.Errorf("%s: %s", path, got)
		}
	}
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

// A TSIG key that is refused leaves no secret behind, and one that is made keeps its own.
func TestRefusedKeyLeavesNoSecret(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	secrets := func() (n int) {
		must(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM vault.secrets").Scan(&n))
		return n
	}
	before := secrets()
	for _, name := range []string{"view", "user_id"} {
		body := m{"name": "n", "kind": "tsig", "view": "nowhere"}
		if name == "user_id" {
			body = m{"name": "n", "kind": "tsig", "user_id": 99}
		}
		s.failsWith(400, "POST", "/v1/credentials", body, `"field":"`+name+`"`)
	}
	if got := secrets(); got != before {
		t.Errorf("%d secrets are left", got-before)
	}
	s.done("POST", "/v1/credentials", m{"name": "n", "kind": "tsig"})
	if got := secrets(); got != before+1 {
		t.Errorf("a key has %d secrets", got-before)
	}
}
