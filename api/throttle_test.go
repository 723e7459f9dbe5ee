package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// failuresPerName is how many logins of one name may fail in a row.
const failuresPerName = 10

// withoutTime lets no time pass for those who failed: on a slow machine, ten
// logins take longer than one needs to be allowed again.
func withoutTime(c *config) {
	at := time.Now()
	c.Now = func() time.Time { return at }
}

// After ten wrong passwords a name is refused with 429, right or wrong, known or not.
func TestLoginsAreThrottled(t *testing.T) {
	t.Parallel()
	s := newStack(t, withoutTime)
	none := with("Authorization", "")
	for _, name := range []string{"admin", "nobody"} {
		for range failuresPerName {
			s.expect(s.do("POST", "/auth/login_local", m{"username": name, "password": "wrong"}, none, with("X-Forwarded-For", "192.0.2.9")), 403, bodyLoginFailed)
		}
		for _, path := range []string{"/auth/login_local", "/auth/login_ldap"} {
			got := s.do("POST", path, m{"username": strings.ToUpper(name), "password": adminPassword}, none)
			seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
			if name == "admin" {
				// The stack logged in from here: the name has a limit of its own here,
				// which the wrong passwords used up.
				must(t, err)
			}
			if got.status != http.StatusTooManyRequests || err != nil || seconds < 1 || seconds > 30 ||
				got.body != fmt.Sprintf(`{"message":"登录失败次数过多，请%d秒后重试！"}`, seconds) {
				t.Errorf("%s: %d %v %s", path, got.status, got.header, got.body)
			}
		}
	}
}

// Behind a proxy, too, whoever guesses elsewhere does not shut a user out of home.
func TestLoginsThroughAProxy(t *testing.T) {
	t.Parallel()
	s := newStack(t, withoutTime, func(c *config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	const home, foe = "192.0.2.1", "192.0.2.9"
	expect := func(address, password string, status int) {
		t.Helper()
		got := s.do("POST", "/auth/login_local", m{"username": "admin", "password": password}, with("Authorization", ""), with("X-Forwarded-For", address))
		if got.status != status {
			t.Errorf("from %s: %d %s, want %d", address, got.status, got.body, status)
		}
	}
	expect(home, adminPassword, http.StatusOK)
	for range failuresPerName {
		expect(foe, "wrong", http.StatusForbidden)
	}
	expect(foe, adminPassword, http.StatusTooManyRequests)
	expect(home, adminPassword, http.StatusOK)
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusting := &server{Config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for name, c := range map[string]struct {
		server    *server
		remote    string
		forwarded []string
		want      string
	}{
		"direct":             {&server{}, "192.0.2.1:5", nil, "192.0.2.1"},
		"nobody is trusted":  {&server{}, "10.0.0.1:5", []string{"192.0.2.1"}, "10.0.0.1"},
		"a proxy":            {trusting, "10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"mapped":             {trusting, "[::ffff:10.0.0.1]:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"made up":            {trusting, "192.0.2.7:5", []string{"192.0.2.1"}, "192.0.2.7"},
		"made up before":     {trusting, "10.0.0.1:5", []string{"1.1.1.1, 192.0.2.1"}, "192.0.2.1"},
		"two proxies":        {trusting, "[::1]:5", []string{"192.0.2.1", "10.1.1.1"}, "192.0.2.1"},
		"with a port":        {trusting, "10.0.0.1:5", []string{"192.0.2.1:77"}, "192.0.2.1"},
		"nonsense":           {trusting, "10.0.0.1:5", []string{"192.0.2.1, unknown"}, "10.0.0.1"},
		"trusted themselves": {trusting, "10.0.0.1:5", []string{"10.0.0.9"}, "10.0.0.9"},
		"none named":         {trusting, "10.0.0.1:5", nil, "10.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := c.server.clientAddress(r); got.String() != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
