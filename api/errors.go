package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// The bodies of the DNS dialect that carry no data.
type (
	messageBody struct {
		Message string `json:"message"`
	}
	failedBody struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	tokenBody struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
)

// codeToken is the code of every 403 that is about the token.
const codeToken = 40301

// What handlers return besides domain errors.
var (
	errTokenMissing = errors.New("token is missing")
	// errBehind: the read models did not reach Opsledger-Min-Position in time.
	errBehind = errors.New("the read model has not reached Opsledger-Min-Position yet, try again")
	// errNoChecker: nobody can tell whether named would take a configuration.
	errNoChecker = errors.New("no name server can check the configuration now, try again")
	errNoChanges = errors.New("the state of the name servers is not known yet, try again")
	errNoAgents  = errors.New("the agents are not known yet, try again")
	errNoOutput  = errors.New("the output of tasks cannot be read now, try again")
)

func failed(text string) failedBody { return failedBody{Message: "Failed", Error: text} }

// answer is the one map from errors to replies.
func answer(err error, requestID string) (status int, body any) {
	var refused *domain.Error
	var refusedBatch *batch.Error
	var routing *echo.HTTPError
	var throttled *identity.ThrottledError
	switch {
	case errors.As(err, &refused):
		return answerDomain(refused)
	case errors.As(err, &refusedBatch):
		return answerBatch(refusedBatch)
	case errors.Is(err, errTokenMissing):
		return http.StatusForbidden, tokenBody{codeToken, "Token is missing!"}
	case errors.Is(err, identity.ErrTokenInvalid):
		return http.StatusForbidden, tokenBody{codeToken, "Token is invalid!"}
	case errors.Is(err, identity.ErrLoginFailed):
		return http.StatusForbidden, messageBody{"认证失败！"}
	case errors.As(err, &throttled):
		return http.StatusTooManyRequests, messageBody{throttled.Error()}
	case errors.Is(err, errBodyTooLarge):
		return http.StatusRequestEntityTooLarge, failed(errBodyTooLarge.Error())
	case errors.Is(err, eventstore.ErrTooLarge):
		return http.StatusBadRequest, failed("the change is too large: one entry of the log holds at most 512 KiB, one change 32 MiB")
	case errors.Is(err, eventstore.ErrFingerprint):
		return http.StatusConflict, failed("Idempotency-Key: was used for another request")
	case errors.As(err, &routing):
		return routing.Code, failed(http.StatusText(routing.Code))
	}
	if text, ok := unavailable(err); ok {
		return http.StatusServiceUnavailable, failed(text)
	}
	return http.StatusInternalServerError, failed("internal error, request id " + requestID)
}

// unavailable gives the text for what may well work a moment later.
func unavailable(err error) (text string, ok bool) {
	for _, e := range []error{errBehind, errNoChecker, errNoChanges, errNoAgents, errNoOutput, errTooManyReaders, identity.ErrDirectoryAway} {
		if errors.Is(err, e) {
			return e.Error(), true
		}
	}
	switch {
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

func answerDomain(e *domain.Error) (status int, body any) {
	switch e.Code {
	case domain.CodeForbidden:
		return statusOf(e), messageBody{e.Message}
	case domain.CodeUnauthenticated:
		return statusOf(e), tokenBody{codeToken, "Token is invalid!"}
	default:
		return statusOf(e), failed(e.Message)
	}
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
func (s *server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	answers := answer
	if isOps(c.Request()) {
		answers = answerOps
	}
	status, body := answers(err, c.Response().Header().Get(echo.HeaderXRequestID))
	switch throttled := (*identity.ThrottledError)(nil); {
	case errors.As(err, &throttled):
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
	case status == http.StatusServiceUnavailable:
		c.Response().Header().Set(echo.HeaderRetryAfter, "1")
	}
	if err := writeJSON(c, status, body); err != nil {
		s.Log.DebugContext(c.Request().Context(), "error reply not sent", "error", err)
	}
}

// writeJSON replies with the body as JSON, with Chinese text, quotes and
// brackets as they are.
func writeJSON(c echo.Context, status int, body any) error {
	text, err := encodeJSON(body)
	if err != nil {
		return err
	}
	return c.Blob(status, echo.MIMEApplicationJSON, text)
}

func encodeJSON(body any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	return out.Bytes(), nil
}
