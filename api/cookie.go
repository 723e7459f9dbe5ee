package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// secureTokenName is what the cookie is called that came by TLS. A browser takes a cookie of such
	// a name from this host alone, and only by TLS, so that nobody on the way puts another in its place.
	secureTokenName = "__Host-" + tokenName
	headerFetchSite = "Sec-Fetch-Site"
)

// HasCookie says whether a request has a cookie of a login, whatever it is worth.
func HasCookie(r *http.Request) bool {
	for _, name := range []string{secureTokenName, tokenName} {
		if cookie, err := r.Cookie(name); err == nil && cookie.Value != "" {
			return true
		}
	}
	return false
}

// FromForeignPage says that a browser sends the request for a page of somebody else; what is no
// browser says nothing of that kind.
func FromForeignPage(r *http.Request) bool {
	asked := r.Header.Get(headerFetchSite) != "" || r.Header.Get(echo.HeaderOrigin) != ""
	return asked && !fromOwnPage(r)
}

// GiveCookie has the browser keep a token for so long. No script can read it, and no page of
// somebody else has it sent.
func (k *Kernel) GiveCookie(c echo.Context, token string, life time.Duration) {
	cookie := tokenCookie(tokenName, token, int(life.Round(time.Second)/time.Second))
	if k.byTLS(c.Request()) {
		cookie.Name, cookie.Secure = secureTokenName, true
	}
	c.SetCookie(cookie)
}

// TakeCookies has the browser forget the token, by whichever way it got that.
func (k *Kernel) TakeCookies(w *Request) {
	w.echo.SetCookie(tokenCookie(tokenName, "", -1))
	if k.byTLS(w.HTTP()) {
		secure := tokenCookie(secureTokenName, "", -1)
		secure.Secure = true
		w.echo.SetCookie(secure)
	}
}

// tokenCookie is a cookie for so many seconds; a negative number ends it.
func tokenCookie(name, token string, seconds int) *http.Cookie {
	return &http.Cookie{Name: name, Value: token, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// byTLS says whether the request came by TLS, to this program or to a trusted proxy before it.
func (k *Kernel) byTLS(r *http.Request) bool {
	return r.TLS != nil || k.trusts(parseAddress(r.RemoteAddr)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
