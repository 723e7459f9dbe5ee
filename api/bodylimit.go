package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/plainjson"
)

const (
	// MaxBody is the greatest size of a request body in bytes.
	MaxBody = 8 << 20
	// MaxStrangersBody is that of a body from somebody who is not logged in, and
	// strangersBodyWithin how long such a body may take to come.
	MaxStrangersBody    = 64 << 10
	strangersBodyWithin = 10 * time.Second
	// maxMembers is how many members an object of a body may have, and how many
	// elements a list; all of them together may be twice as many.
	maxMembers = 10_000
	// maxDepth is how deep lists and objects may stand in each other.
	maxDepth = 64
)

// BodyLimit bounds what a route takes, and with it what the route costs before
// anything is known about a request. The zero value is what the route's access asks for.
type BodyLimit struct {
	// Bytes bounds the body.
	Bytes int64
	// Members bounds the members of one object, the elements of one list, and the
	// fields of a form.
	Members int
	// Streamed: the body is read as it comes, by [Write.Body], and not held. What it becomes is
	// bounded by [Write.Places].
	Streamed bool
	// JSON: the body is read as JSON, whatever the Content-Type says.
	JSON bool
	// within is how long the body may take to come, 0 for as long as the server allows.
	within time.Duration
}

// bodyLimit completes the route's limit.
func (r Route) bodyLimit() BodyLimit {
	limit := r.Body
	if limit.Bytes == 0 {
		limit.Bytes = MaxBody
		if r.Access == AccessPublic {
			limit.Bytes, limit.within = MaxStrangersBody, strangersBodyWithin
		}
	}
	if limit.Members == 0 {
		limit.Members = maxMembers
	}
	return limit
}

// tooLargeError is answered with 413.
type tooLargeError struct{ limit int64 }

func (e tooLargeError) Error() string { return e.Words().String() }

// Words says it to the client.
func (e tooLargeError) Words() domain.Text {
	if e.limit < 1<<20 {
		return domain.Text{Format: "request body is larger than %d KiB", Args: []any{e.limit >> 10}}
	}
	return domain.Text{Format: "request body is larger than %d MiB", Args: []any{e.limit >> 20}}
}

// bodyLimitKey is where a request's [BodyLimit] stands in its context.
const bodyLimitKey = "body limit"

// limitBody refuses bodies over the route's limit, those that announce their size
// before a byte of them is read.
func limitBody(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	limit := r.bodyLimit()
	return func(c echo.Context) error {
		r := c.Request()
		if r.ContentLength > limit.Bytes {
			return tooLargeError{limit.Bytes}
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, limit.Bytes)
		c.Set(bodyLimitKey, limit)
		return next(c)
	}
}

// begin gives the body its time to come; done takes that back once it is there.
func (l BodyLimit) begin(c echo.Context) (done func()) {
	if l.within == 0 {
		return func() {}
	}
	control := http.NewResponseController(c.Response())
	// A server that knows no deadlines has limits of its own.
	_ = control.SetReadDeadline(time.Now().Add(l.within))
	return func() { _ = control.SetReadDeadline(time.Time{}) }
}

// check refuses a JSON text with too many members or too deep a nesting. It looks at
// quotes, brackets and commas alone, once, before anything is made of the text.
func (l BodyLimit) check(text []byte) error {
	var members [maxDepth + 1]int
	depth, all := 0, 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			end := plainjson.EndOfValue(text, at)
			if end < 0 {
				return nil // no JSON, which the parser says
			}
			at = end - 1
			continue
		case '{', '[':
			if depth++; depth > maxDepth {
				return domain.Invalid("body", "嵌套不能超过%d层！", maxDepth)
			}
			members[depth] = 1
		case '}', ']':
			depth = max(depth-1, 0)
			continue
		case ',':
			members[depth]++
		default:
			continue
		}
		if all++; members[depth] > l.Members || all > 2*l.Members {
			return l.tooMany()
		}
	}
	return nil
}

func (l BodyLimit) tooMany() error {
	return domain.Invalid("body", "一个对象或列表不能超过%d个成员！", l.Members)
}
