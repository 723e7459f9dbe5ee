package rest

import (
	"strings"
	"testing"
)

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
