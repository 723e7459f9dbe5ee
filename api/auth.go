package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
)

// tokenName is the header and the cookie that may carry the token.
const tokenName = "access_token"

// callerKey is where a request's user stands in its context.
const callerKey = "caller"

// Caller returns the caller of a route that is not public.
func Caller(c echo.Context) *identity.User { return c.Get(callerKey).(*identity.User) }

// Authenticate finds the caller by the request's token. The error is [ErrTokenMissing],
// [identity.ErrTokenInvalid], or what stood in the way of an answer.
func (k *Kernel) Authenticate(c echo.Context) (*identity.User, error) {
	text, byCookie := k.tokenOf(c.Request())
	if text == "" || byCookie && foreignPageCouldSend(c.Request()) {
		return nil, ErrTokenMissing
	}
	user, err := k.Identity.Authenticate(c.Request().Context(), text)
	if err == nil {
		somebodyLoggedIn(c.Request().Context())
	}
	return user, err
}

// Still returns a function that refuses the caller of a long request once what they showed
// holds no longer.
func (k *Kernel) Still(c echo.Context) func() error {
	return func() error {
		_, err := k.Identity.Again(c.Request().Context(), Caller(c))
		return err
	}
}

// headerAPIKey may carry a program's token, as some DNS programs send it.
const headerAPIKey = "X-API-Key"

// tokenOf returns the request's token: the first of the Authorization header (with or
// without "Bearer"), X-API-Key, and the header and the cookie access_token. X-API-Key is for
// programs alone, and the last two are for logins. Of two cookies the one counts that a login by
// this way would give: a browser may still have a dead one from the other.
func (k *Kernel) tokenOf(r *http.Request) (token string, byCookie bool) {
	if text := strings.TrimSpace(r.Header.Get(echo.HeaderAuthorization)); text != "" {
		scheme, rest, found := strings.Cut(text, " ")
		if found && strings.EqualFold(scheme, "bearer") {
			return strings.TrimSpace(rest), false
		}
		return text, false
	}
	if text := strings.TrimSpace(r.Header.Get(headerAPIKey)); identity.IsProgramToken(text) {
		return text, false
	}
	if text := r.Header.Get(tokenName); text != "" {
		return ofLogin(text), false
	}
	names := []string{tokenName, secureTokenName}
	if k.byTLS(r) {
		slices.Reverse(names)
	}
	for _, name := range names {
		if cookie, err := r.Cookie(name); err == nil {
			return ofLogin(cookie.Value), true
		}
	}
	return "", false
}

// ofLogin returns the token unless it is a program's, which has no place in a browser.
func ofLogin(token string) string {
	if identity.IsProgramToken(token) {
		return ""
	}
	return token
}

// foreignPageCouldSend says whether a browser would send the request for another page than
// our own, cookies included: a cookie proves nothing then. Browsers say so themselves, in
// Sec-Fetch-Site, the older ones in Origin alone; what says neither is no browser, and has
// better ways to show a token.
func foreignPageCouldSend(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return false
	}
	return !fromOwnPage(r)
}

// fromOwnPage says that a browser sent the request for a page of ours.
func fromOwnPage(r *http.Request) bool {
	if site := r.Header.Get(headerFetchSite); site != "" {
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get(echo.HeaderOrigin))
	return err == nil && origin.Host != "" && strings.EqualFold(origin.Host, r.Host)
}
