package rest

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

// page is what a browser says of a request for a page of ours.
func page(cookie *http.Cookie) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if cookie != nil {
			r.AddCookie(cookie)
		}
	}
}

// open logs a browser in, and returns the cookie that it is given.
func (s *stack) open(name, password string, options ...func(*http.Request)) *http.Cookie {
	s.t.Helper()
	got := s.done("POST", "/v1/session", m{"username": name, "password": password}, append([]func(*http.Request){page(nil)}, options...)...)
	cookies := (&http.Response{Header: got.header}).Cookies()
	if len(cookies) != 1 {
		s.t.Fatalf("%d cookies: %v", len(cookies), got.header["Set-Cookie"])
	}
	return cookies[0]
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(c *config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	s.member("carol", 2)

	cookie := s.open("carol", "secret")
	if text := cookie.Raw; cookie.Name != "access_token" || !strings.HasSuffix(text, "; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict") {
		t.Errorf("the cookie is %q", text)
	}
	secure := s.open("carol", "secret", with("X-Forwarded-Proto", "https"))
	if text := secure.Raw; secure.Name != "__Host-access_token" || !strings.HasSuffix(text, "; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict") {
		t.Errorf("the cookie by TLS is %q", text)
	}
	for _, c := range []*http.Cookie{cookie, secure} {
		got := decoded[struct {
			User        struct{ Username string }
			Admin       bool
			Permissions []int
			Can         map[string]bool
			Expires     string `json:"expires_at"`
		}](s, s.do("GET", "/v1/session", nil, page(c)))
		if got.User.Username != "carol" || got.Admin || !got.Can["add_server"] || got.Can["add_zone"] || got.Expires == "" {
			t.Errorf("the session is %+v", got)
		}
	}

	// A dead cookie of the other way is in nobody's way.
	for _, c := range []struct {
		live, dead *http.Cookie
		proto      string
	}{{cookie, secure, "http"}, {secure, cookie, "https"}} {
		dead := &http.Cookie{Name: c.dead.Name, Value: "dead"}
		s.done("GET", "/v1/session", nil, page(dead), func(r *http.Request) { r.AddCookie(c.live) }, with("X-Forwarded-Proto", c.proto))
	}

	before := s.head()
	for _, foreign := range []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Site", "same-site"), with("Origin", "https://elsewhere.example")} {
		s.refused("POST", "/v1/session", m{"username": "carol", "password": "secret"}, http.StatusForbidden, foreign)
		s.refused("DELETE", "/v1/session", nil, http.StatusForbidden, page(cookie), with("Sec-Fetch-Site", ""), foreign)
	}
	s.refused("POST", "/v1/session", m{"username": "carol", "password": "secret", "source": "ldap"}, http.StatusBadRequest)
	if s.head() != before {
		t.Error("what was refused is in the log")
	}
	s.expect(s.do("POST", "/v1/session", m{"username": "carol", "password": "wrong"}, page(nil)), http.StatusForbidden, bodyLoginFailed)
	s.done("POST", "/v1/session", m{"username": "carol", "password": "secret", "source": "local"}) // no browser: it says nothing of pages
}

// A session ends at once where it is ended, within 100 ms everywhere else, and alone.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	here := newStack(t)
	there := here.secondProcess()
	here.member("carol")
	ends, stays := here.open("carol", "secret"), here.open("carol", "secret")
	status := func(s *stack, c *http.Cookie) int { return s.do("GET", "/dns/zones", nil, page(c)).status }
	for _, s := range []*stack{here, there} { // which have then both sessions in memory
		if status(s, ends) != http.StatusOK || status(s, stays) != http.StatusOK {
			t.Fatal("the sessions are of no use")
		}
	}

	before := here.head()
	got := here.done("DELETE", "/v1/session", nil, page(ends))
	if cleared := got.header.Get("Set-Cookie"); !strings.HasPrefix(cleared, "access_token=; Path=/; Max-Age=0; HttpOnly") {
		t.Errorf("the browser keeps %q", cleared)
	}
	if status(here, ends) != http.StatusForbidden {
		t.Error("the session is alive where it was ended")
	}
	testkit.Eventually(t, "the session ends in the other process", func() bool { return status(there, ends) == http.StatusForbidden })
	if status(here, stays) != http.StatusOK || status(there, stays) != http.StatusOK {
		t.Error("another session ended, too")
	}
	here.expect(here.do("DELETE", "/v1/session", nil, page(ends)), http.StatusForbidden, bodyTokenInvalid)

	_, types := here.appended(before)
	if len(types) != 1 || types[0] != (access.SessionEnded{}).EventType() {
		t.Errorf("the log has %v", types)
	}
	events := here.do("GET", "/v1/events?type=SessionEnded", nil).body
	if !strings.Contains(events, `"kind":"user","id":2`) || strings.Contains(events, ends.Value) {
		t.Errorf("the log shows %s", events)
	}
}
