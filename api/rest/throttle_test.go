package rest

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
