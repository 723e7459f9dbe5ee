package powerdns

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
)

// errorBody is every refusal.
type errorBody struct {
	Error string `json:"error"`
}

// resultBody says that something was done.
type resultBody struct {
	Result string `json:"result"`
}

// fail words a failure with the statuses of PowerDNS: what a request says and cannot be done is 422, a
// request without a form 400.
func fail(p api.Problem) (status int, body any) {
	switch {
	case p.About == api.AboutToken:
		return http.StatusUnauthorized, errorBody{http.StatusText(http.StatusUnauthorized)}
	case p.Status == http.StatusNotFound, p.Status == http.StatusMethodNotAllowed:
		return p.Status, errorBody{http.StatusText(p.Status)}
	case p.Status == http.StatusBadRequest && !aboutForm(p.Field):
		return http.StatusUnprocessableEntity, errorBody{p.Text}
	default:
		return p.Status, errorBody{p.Text}
	}
}

// aboutForm says whether a field is one that PowerDNS' API does not have.
func aboutForm(field string) bool {
	return strings.HasPrefix(field, "Opsledger-") || slices.Contains([]string{"body", "query", "as_of", "Idempotency-Key", "If-Match"}, field)
}

func succeed(info any) any { return info }

// send sends a reply: JSON, or of an error its text alone to a client that does not take JSON.
func send(c echo.Context, status int, body any) error {
	if status == http.StatusUnauthorized {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `X-API-Key realm="PowerDNS"`)
	}
	switch {
	case status == http.StatusNoContent:
		return c.NoContent(status)
	case status < http.StatusBadRequest || takesJSON(c.Request()):
		return api.WriteJSON(c, status, body)
	default:
		return c.Blob(status, echo.MIMETextPlainCharsetUTF8, []byte(textOf(body)))
	}
}

// textOf is the text of an error, which may be one that was kept.
func textOf(body any) string {
	kept, is := body.(json.RawMessage)
	if !is {
		return body.(errorBody).Error
	}
	var e errorBody
	if err := json.Unmarshal(kept, &e); err != nil {
		return string(kept)
	}
	return e.Error
}

// takesJSON says whether a client takes JSON, or anything.
func takesJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values(echo.HeaderAccept), ",")
	return accept == "" || strings.Contains(accept, "json") || strings.Contains(accept, "*/*") || strings.Contains(accept, "application/*")
}

// asksForJSON says whether a client names JSON.
func asksForJSON(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values(echo.HeaderAccept), ","), "json")
}
