package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// Problem is what there is to say about an error; a [Dialect] words it.
type Problem struct {
	Status int
	Text   string
	About  About
	// Refused: the domain said no, or the request has a form that it cannot decide on.
	Refused bool
	// Operations are the refusals of a batch's operations.
	Operations []Refusal
}

// About is what a [Problem] is about.
type About int

// What problems are about.
const (
	AboutRequest About = iota
	// AboutToken: nobody is known to have sent the request.
	AboutToken
	// AboutCaller: whoever sent the request may not do this, or not now.
	AboutCaller
)

// Refusal is why one operation of a batch was refused.
type Refusal struct {
	Index  int    `json:"index"`
	Status int    `json:"status"`
	Error  string `json:"error"`
}

// Unavailable is an error that is answered with 503 and its text: what was asked
// for may well work a moment later.
type Unavailable string

func (e Unavailable) Error() string { return string(e) }

// ErrTokenMissing says that a request came without a token.
var ErrTokenMissing = errors.New("token is missing")

// errBehind: the read models did not reach Opsledger-Min-Position in time.
const errBehind = Unavailable("the read model has not reached Opsledger-Min-Position yet, try again")

// problem is the one map from errors to replies.
func problem(err error, requestID string) Problem {
	var refused *domain.Error
	var refusedBatch *batch.Error
	var routing *echo.HTTPError
	var throttled *identity.ThrottledError
	var tooLarge tooLargeError
	var tooMany *TooManyError
	switch {
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.As(err, &refusedBatch):
		return refusalOfBatch(refusedBatch)
	case errors.Is(err, ErrTokenMissing):
		return Problem{Status: http.StatusForbidden, Text: "Token is missing!", About: AboutToken}
	case errors.Is(err, identity.ErrTokenInvalid):
		return Problem{Status: http.StatusForbidden, Text: textTokenInvalid, About: AboutToken}
	case errors.Is(err, identity.ErrLoginFailed):
		return Problem{Status: http.StatusForbidden, Text: "认证失败！", About: AboutCaller}
	case errors.As(err, &throttled):
		return Problem{Status: http.StatusTooManyRequests, Text: throttled.Error(), About: AboutCaller}
	case errors.As(err, &tooLarge):
		return Problem{Status: http.StatusRequestEntityTooLarge, Text: tooLarge.Error()}
	case errors.As(err, &tooMany):
		return Problem{Status: http.StatusTooManyRequests, Text: tooMany.Error(), About: AboutCaller}
	case errors.Is(err, eventstore.ErrTooLarge):
		return Problem{Status: http.StatusBadRequest, Text: textTooLarge}
	case errors.Is(err, eventstore.ErrFingerprint):
		return Problem{Status: http.StatusConflict, Text: "Idempotency-Key: was used for another request"}
	case errors.As(err, &routing):
		return Problem{Status: routing.Code, Text: http.StatusText(routing.Code)}
	}
	if text, ok := unavailable(err); ok {
		return Problem{Status: http.StatusServiceUnavailable, Text: text}
	}
	return Problem{Status: http.StatusInternalServerError, Text: "internal error, request id " + requestID}
}

const (
	textTokenInvalid = "Token is invalid!"
	textTooLarge     = "the change is too large: one entry of the log holds at most 512 KiB, one change 32 MiB"
)

// unavailable gives the text for what may well work a moment later.
func unavailable(err error) (text string, ok bool) {
	var known Unavailable
	switch {
	case errors.As(err, &known):
		return known.Error(), true
	case errors.Is(err, identity.ErrDirectoryAway):
		return identity.ErrDirectoryAway.Error(), true
	case errors.Is(err, identity.ErrBusy):
		return identity.ErrBusy.Error(), true
	// A deadline is a net.Error, too, and may be that of an attempt to connect: the
	// more telling causes come first.
	case errors.Is(err, eventstore.ErrUnknownOutcome):
		return "it is not known whether the change was made; repeat it with the same Idempotency-Key", true
	case errors.Is(err, eventstore.ErrUnavailable), errors.As(err, new(*pgconn.ConnectError)):
		return "the database is not available, try again", true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the request took too long, try again", true
	case databaseAway(err):
		return "the database is not available, try again", true
	case errors.Is(err, eventstore.ErrConflict):
		return "too many concurrent changes to the same data, nothing was changed, try again", true
	default:
		return "", false
	}
}

// databaseAway says that a read failed for want of a database: it cannot be
// reached, the connection broke, or it is going down.
func databaseAway(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	case errors.As(err, &pg):
		return pg.SeverityUnlocalized == "FATAL"
	default:
		return false
	}
}

func refusal(e *domain.Error) Problem {
	p := Problem{Status: statusOf(e), Text: e.Message, Refused: true}
	switch e.Code {
	case domain.CodeForbidden:
		p.About = AboutCaller
	case domain.CodeUnauthenticated:
		p.About, p.Text = AboutToken, textTokenInvalid
	}
	return p
}

func refusalOfBatch(e *batch.Error) Problem {
	p := Problem{Status: http.StatusBadRequest, Text: e.Error(), Operations: make([]Refusal, len(e.Refusals))}
	for i, r := range e.Refusals {
		p.Operations[i] = Refusal{Index: r.Index, Status: statusOf(r.Err), Error: r.Err.Message}
	}
	return p
}

func statusOf(e *domain.Error) int {
	switch e.Code {
	case domain.CodeNotFound:
		return http.StatusNotFound
	case domain.CodeForbidden, domain.CodeUnauthenticated:
		return http.StatusForbidden
	case domain.CodePrecondition:
		return http.StatusPreconditionFailed
	default:
		return http.StatusBadRequest
	}
}

// answerError replies to a request that ended in an error. The access log logs it.
func (k *Kernel) answerError(dialect func(*http.Request) *Dialect) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		status, body := dialect(c.Request()).Failure(problem(err, c.Response().Header().Get(echo.HeaderXRequestID)))
		switch throttled := (*identity.ThrottledError)(nil); {
		case errors.As(err, &throttled):
			c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
		case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
			c.Response().Header().Set(echo.HeaderRetryAfter, "1")
		}
		if err := WriteJSON(c, status, body); err != nil {
			k.Log.DebugContext(c.Request().Context(), "error reply not sent", "error", err)
		}
	}
}
