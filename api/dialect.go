package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/domain"
)

// Dialect is how a group of routes words what the kernel has to say. All routes
// below one first segment of the path speak the same dialect, but for those below a longer
// [Dialect.Below], so that what has no route there is refused in its words, too.
type Dialect struct {
	// Below is the path below which the dialect is spoken where another one is spoken below its
	// first segment; of routes outside of it the very path is the dialect's. Empty stands for the
	// first segment of each route.
	Below string
	// Send sends a reply that is no stream, nil sends JSON.
	Send func(c echo.Context, status int, body any) error
	// Door is the way by which a change comes that a route of the dialect makes. A dialect
	// that only reads has none.
	Door domain.Door
	// Failure words why a request failed.
	Failure func(Problem) (status int, body any)
	// Success words that a write was carried out. The info is what [Write.Reply]
	// returned, nil without one.
	Success func(info any) any
	// Created returns path and id of what an event created, if it did.
	Created func(domain.Event) (path, id string, created bool)
	// Language is that of the texts, where the request asks for none and the documents
	// print none; the zero value is English.
	Language wording.Language
	// Strict: a parameter that a route does not know is refused, whatever the client says.
	Strict bool
	// InQuery says that a write may name in its query what it is about: a repeat must
	// have the same query, then.
	InQuery bool
}

// Routes returns the routes as routes of the dialect.
func (d *Dialect) Routes(routes ...Route) []Route {
	for i := range routes {
		routes[i].Dialect = d
	}
	return routes
}

// Plain is the dialect of the routes that have no words of their own and create
// nothing; others are made from it.
func Plain() Dialect {
	nothing := func(domain.Event) (path, id string, created bool) { return "", "", false }
	return Dialect{Failure: failPlainly, Success: succeedPlainly, Created: nothing}
}

// The bodies that carry no data.
type (
	messageBody struct {
		Message string `json:"message"`
	}
	failedBody struct {
		Message string    `json:"message"`
		Error   string    `json:"error"`
		Results []Refusal `json:"results,omitempty"`
		Field   string    `json:"field,omitempty"`
		// Errors are of a file's lines.
		Errors []LineRefusal `json:"errors,omitempty"`
		// Conflicts stand in the way of a revert.
		Conflicts []Conflict `json:"conflicts,omitempty"`
	}
	tokenBody struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
)

// codeToken is the code of every 403 that is about the token.
const codeToken = 40301

func failPlainly(p Problem) (status int, body any) {
	switch p.About {
	case AboutToken:
		return p.Status, tokenBody{codeToken, p.Text}
	case AboutCaller:
		return p.Status, messageBody{p.Text}
	default:
		return p.Status, failedBody{Message: "Failed", Error: p.Text, Results: p.Operations, Errors: p.Lines, Conflicts: p.Conflicts}
	}
}

// FailNamingField words a failure as [Plain] does, and names the field that is to blame.
func FailNamingField(p Problem) (status int, body any) {
	status, body = failPlainly(p)
	if failed, ok := body.(failedBody); ok {
		failed.Field = p.Field
		body = failed
	}
	return status, body
}

func succeedPlainly(info any) any {
	if info == nil {
		return messageBody{"OK"}
	}
	return info
}

// send sends a reply in the form of the dialect.
func (d *Dialect) send(c echo.Context, status int, body any) error {
	if d.Send != nil {
		return d.Send(c, status, body)
	}
	return WriteJSON(c, status, body)
}

// spoken returns the dialect that a request is answered in: that of the routes
// below the first segment of its path, or below more of it.
func spoken(routes []Route) func(*http.Request) *Dialect {
	plain, below := Plain(), map[string]*Dialect{}
	for _, r := range routes {
		below[r.spokenAt()] = r.Dialect
	}
	return func(r *http.Request) *Dialect {
		path := r.URL.Path
		for _, part := range []string{path, upToSlash(path, 2), upToSlash(path, 1)} {
			if d := below[part]; d != nil {
				return d
			}
		}
		return &plain
	}
}

// spokenAt is the path at and below which the route's dialect is spoken.
func (r Route) spokenAt() string {
	switch below := r.Dialect.Below; {
	case below == "":
		return upToSlash(r.Path, 1)
	case strings.HasPrefix(r.Path+"/", below+"/"):
		return upToSlash(below, 2)
	default:
		return r.Path
	}
}

// upToSlash returns the first segments of a path, so many at most, with a slash behind them.
func upToSlash(path string, segments int) string {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", segments+1)
	return "/" + strings.Join(parts[:min(segments, len(parts))], "/") + "/"
}
