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

	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/domain/revert"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// Problem is what there is to say about an error; a [Dialect] words it.
type Problem struct {
	Status int
	// Text is in the language of the reply.
	Text  string
	About About
	// Field is the one parameter that is to blame, empty where none is, or several are.
	Field string
	// Refused: the domain said no, or the request has a form that it cannot decide on.
	Refused bool
	// Operations are the refusals of a batch's operations, Lines those of a file's.
	Operations []Refusal
	Lines      []LineRefusal
	// Conflicts are what stands in the way of a revert.
	Conflicts []Conflict

	words domain.Text
	// refused is the error of which Text is the message, batch that of Operations.
	refused *domain.Error
	batch   *batch.Error
	file    *zonefile.Error
	revert  *revert.Error
}

// Conflict is what stands in the way of undoing something.
type Conflict struct {
	Position domain.Position `json:"position"`
	Resource string          `json:"resource"`
	Reason   revert.Reason   `json:"reason"`
	Error    string          `json:"error"`
}

// LineRefusal is why a line of a file was refused; line 0 stands for none.
type LineRefusal struct {
	Line  int    `json:"line,omitempty"`
	Error string `json:"error"`
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
	Field  string `json:"field,omitempty"`
}

// TooLarge is an error that is answered with 413 and its text.
type TooLarge string

func (e TooLarge) Error() string { return string(e) }

// Unavailable is an error that is answered with 503 and its text: what was asked
// for may well work a moment later.
type Unavailable string

func (e Unavailable) Error() string { return string(e) }

// ErrTokenMissing says that a request came without a token.
var ErrTokenMissing = errors.New("token is missing")

// errBehind: the read models did not reach Opsledger-Min-Position in time.
const errBehind = Unavailable("the read model has not reached Opsledger-Min-Position yet, try again")

// Words says it to the client.
func (e Unavailable) Words() domain.Text { return said(string(e)) }

// said is a text without arguments.
func said(text string) domain.Text {
	return domain.Text{Format: "%s", Args: []any{domain.Phrase(text)}}
}

// problem is the one map from errors to replies.
func problem(err error, requestID string) Problem {
	var refused *domain.Error
	var refusedBatch *batch.Error
	var inTheWay *revert.Error
	var routing *echo.HTTPError
	var throttled *identity.ThrottledError
	var tooLarge tooLargeError
	var tooMany *TooManyError
	var refusedFile *zonefile.Error
	var largeFile *zonefile.TooManyError
	var moreThanFile *zonefile.TooLargeError
	var large TooLarge
	switch {
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.As(err, &refusedBatch):
		return Problem{Status: http.StatusBadRequest, Field: refusedBatch.Field(), words: refusedBatch.Words(), batch: refusedBatch}
	case errors.As(err, &inTheWay):
		return Problem{Status: http.StatusConflict, words: inTheWay.Words(), revert: inTheWay}
	case errors.As(err, &refusedFile):
		return Problem{Status: http.StatusBadRequest, words: refusedFile.Words(), file: refusedFile}
	case errors.As(err, &largeFile):
		return Problem{Status: http.StatusRequestEntityTooLarge, words: largeFile.Words()}
	case errors.As(err, &moreThanFile):
		return Problem{Status: http.StatusRequestEntityTooLarge, words: moreThanFile.Words()}
	case errors.As(err, &large):
		return Problem{Status: http.StatusRequestEntityTooLarge, words: said(string(large))}
	case errors.Is(err, ErrTokenMissing):
		return Problem{Status: http.StatusForbidden, words: said("Token is missing!"), About: AboutToken}
	case errors.Is(err, identity.ErrTokenInvalid):
		return Problem{Status: http.StatusForbidden, words: said("Token is invalid!"), About: AboutToken}
	case errors.Is(err, identity.ErrLoginFailed):
		return Problem{Status: http.StatusForbidden, words: said("认证失败！"), About: AboutCaller}
	case errors.As(err, &throttled):
		return Problem{Status: http.StatusTooManyRequests, words: throttled.Words(), About: AboutCaller}
	case errors.As(err, &tooLarge):
		return Problem{Status: http.StatusRequestEntityTooLarge, words: tooLarge.Words()}
	case errors.As(err, &tooMany):
		return Problem{Status: http.StatusTooManyRequests, words: tooMany.Words(), About: AboutCaller}
	case errors.Is(err, eventstore.ErrTooLarge):
		return Problem{
			Status: http.StatusBadRequest,
			words:  said("the change is too large: one entry of the log holds at most 512 KiB, one change 32 MiB"),
		}
	case errors.Is(err, batch.ErrTooManyEvents):
		return Problem{Status: http.StatusRequestEntityTooLarge, words: said("the change is too large: it would have more than 20000 events")}
	case errors.Is(err, eventstore.ErrFingerprint):
		return Problem{
			Status: http.StatusConflict, Field: headerIdempotencyKey,
			words: said("Idempotency-Key: was used for another request"),
		}
	case errors.As(err, &routing):
		return Problem{Status: routing.Code, words: wordsOfRouting(routing.Code)}
	}
	if words, ok := unavailable(err); ok {
		return Problem{Status: http.StatusServiceUnavailable, words: words}
	}
	internal := domain.Text{Format: "internal error, request id %s", Args: []any{requestID}}
	return Problem{Status: http.StatusInternalServerError, words: internal}
}

// in returns the problem with its texts in a language.
func (p Problem) in(l wording.Language) Problem {
	p.Text = l.Say(p.words)
	if p.refused != nil {
		p.Text = l.SayError(p.refused)
	}
	if p.batch != nil {
		p.Operations = make([]Refusal, len(p.batch.Refusals))
		for i, r := range p.batch.Refusals {
			p.Operations[i] = Refusal{Index: r.Index, Status: statusOf(r.Err), Error: l.SayError(r.Err), Field: r.Err.Field}
		}
	}
	if p.revert != nil {
		p.Conflicts = make([]Conflict, len(p.revert.Conflicts))
		for i, c := range p.revert.Conflicts {
			p.Conflicts[i] = Conflict{Position: c.Position, Resource: c.Resource, Reason: c.Reason, Error: l.SayError(c.Err)}
		}
	}
	if p.file != nil {
		p.Lines = make([]LineRefusal, len(p.file.Lines))
		for i, r := range p.file.Lines {
			p.Lines[i] = LineRefusal{Line: r.Line, Error: l.SayError(r.Err)}
		}
	}
	return p
}

func wordsOfRouting(code int) domain.Text {
	switch code {
	case http.StatusNotFound:
		return said("there is no such path")
	case http.StatusMethodNotAllowed:
		return said("the path has no such method")
	default:
		return said("the request was refused")
	}
}

// unavailable gives the text for what may well work a moment later.
func unavailable(err error) (words domain.Text, ok bool) {
	var known Unavailable
	var full noPlaceError
	switch {
	case errors.As(err, &known):
		return known.Words(), true
	case errors.As(err, &full):
		return full.Words(), true
	case errors.Is(err, identity.ErrDirectoryAway):
		return said(identity.ErrDirectoryAway.Error()), true
	case errors.Is(err, identity.ErrBusy):
		return said(identity.ErrBusy.Error()), true
	// A deadline is a net.Error, too, and may be that of an attempt to connect: the
	// more telling causes come first.
	case errors.Is(err, eventstore.ErrUnknownOutcome):
		return said("it is not known whether the change was made; repeat it with the same Idempotency-Key"), true
	case errors.Is(err, eventstore.ErrUnavailable), errors.As(err, new(*pgconn.ConnectError)):
		return said("the database is not available, try again"), true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return said("the request took too long, try again"), true
	case databaseAway(err):
		return said("the database is not available, try again"), true
	case errors.Is(err, eventstore.ErrConflict):
		return said("too many concurrent changes to the same data, nothing was changed, try again"), true
	default:
		return words, false
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
	p := Problem{Status: statusOf(e), Field: e.Field, Refused: true, refused: e}
	switch e.Code {
	case domain.CodeForbidden:
		p.About = AboutCaller
	case domain.CodeUnauthenticated:
		p.About = AboutToken
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
	case domain.CodeConflict, domain.CodeChanged:
		return http.StatusConflict
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
		spoken := dialect(c.Request())
		p := problem(err, c.Response().Header().Get(echo.HeaderXRequestID)).in(languageOf(c.Request(), spoken))
		status, body := spoken.Failure(p)
		blame(c.Response().Header(), p.Field)
		switch throttled := (*identity.ThrottledError)(nil); {
		case errors.As(err, &throttled):
			c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
		case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
			c.Response().Header().Set(echo.HeaderRetryAfter, "1")
		}
		if err := spoken.send(c, status, body); err != nil {
			k.Log.DebugContext(c.Request().Context(), "error reply not sent", "error", err)
		}
	}
}

// blame sets the header that names the parameter which is to blame for a refusal.
func blame(header http.Header, field string) {
	if field != "" {
		header.Set(headerField, domain.Shown(field))
	}
}
