package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/eventstore"
)

// The headers of writes and reads that the documents do not know.
const (
	headerPosition    = "Opsledger-Position"
	headerPending     = "Opsledger-Pending"
	headerMinPosition = "Opsledger-Min-Position"
	headerIfMatch     = "If-Match"
	headerETag        = "ETag"
)

// projectionWait is how long a write waits for the read models, and a read for
// the position that it asks for.
const projectionWait = 2 * time.Second

// write is one write request on its way to the log.
type write struct {
	*params
	id      requestKey
	ifMatch *domain.Position
	// action is what a POST of the operations dialect wants done.
	action string
	// correlation ties what follows from the request together in the log.
	correlation uuid.UUID
}

// builder makes the command of a write. Before [server.write] it need not look
// at params.err.
type builder func(w *write) (domain.Command, error)

// beginWrite reads what a write came with.
func (s *server) beginWrite(c echo.Context, actor domain.UserID) (*write, error) {
	b, err := readBody(c)
	if err != nil {
		return nil, err
	}
	ifMatch, err := readIfMatch(c.Request())
	if err != nil {
		return nil, err
	}
	canonical := b.canonical
	if isOps(c.Request()) { // whose DELETE may be told in the query what to delete
		canonical = append(append([]byte(c.Request().URL.RawQuery), 0), canonical...)
	}
	id, err := s.identify(c.Request(), actor, canonical)
	if err != nil {
		return nil, err
	}
	return &write{params: &b.params, id: id, ifMatch: ifMatch, correlation: correlation(c)}, nil
}

// write carries a write through and replies OK.
func (s *server) write(c echo.Context, right authority, build builder) error {
	w, err := s.beginWrite(c, callerOf(c).ID)
	if err != nil {
		return err
	}
	receipt, err := s.carry(c, w, right, build)
	if err != nil {
		return err
	}
	return s.reply(c, receipt, sayOK)
}

// carry builds and executes the command of a write of a user, see [server.execute].
func (s *server) carry(c echo.Context, w *write, right authority, build builder) (eventstore.Receipt, error) {
	return s.execute(c, w, func(w *write) (domain.Command, error) {
		cmd, err := build(w)
		if w.err != nil {
			err = w.err
		}
		return cmd, prefer(c, w, right, err)
	})
}

// sayOK is the body of most successful writes.
func sayOK(context.Context) (any, error) { return messageBody{"OK"}, nil }

// prefer returns what is to be said to a body that is bad: that the caller may
// not do this anyway, or that there is nothing to do it to, comes first.
func prefer(c echo.Context, w *write, right authority, err error) error {
	if err == nil {
		return nil
	}
	w.err = nil
	r, rightErr := right(w)
	if rightErr != nil {
		var refused *domain.Error
		if errors.As(rightErr, &refused) && refused.Code == domain.CodeNotFound {
			return rightErr
		}
		return err
	}
	if forbidden := callerOf(c).Require(r); forbidden != nil {
		return forbidden
	}
	return err
}

// execute builds and executes the command of a write. A refusal is kept for
// repeats under the same Idempotency-Key.
func (s *server) execute(c echo.Context, w *write, build builder) (eventstore.Receipt, error) {
	if receipt, err := s.recall(c.Request().Context(), w.id); err != nil || receipt.Replayed {
		return receipt, err
	}
	cmd, err := build(w)
	if err != nil {
		return eventstore.Receipt{}, s.refuse(c, w, err)
	}
	receipt, err := s.Store.Execute(patient(c), eventstore.Request{
		Command: cmd, Actor: w.id.actor, CommandID: w.id.command, Fingerprint: w.id.fingerprint, Correlation: w.correlation,
	})
	if err != nil {
		return receipt, s.refuse(c, w, err)
	}
	return receipt, nil
}

// refuse returns the error that answers a write that failed with err.
func (s *server) refuse(c echo.Context, w *write, err error) error {
	status, body, ok := refusal(c.Request(), err)
	if !w.id.keyed() || !ok {
		return err
	}
	text, encodeErr := encodeJSON(body)
	if encodeErr != nil {
		return encodeErr
	}
	saved := s.Store.SaveRefusal(patient(c), w.id.command, w.id.fingerprint, eventstore.Refusal{Status: status, Body: json.RawMessage(text)})
	if errors.Is(saved, eventstore.ErrFingerprint) {
		return saved
	}
	if saved != nil {
		// A repeat decides anew, which harms nobody: nothing was appended.
		s.Log.WarnContext(c.Request().Context(), "refusal not kept for repeats", "error", saved)
	}
	return err
}

// refusal returns the reply to an error by which a write was refused for good.
func refusal(r *http.Request, err error) (status int, body any, ok bool) {
	var refused *domain.Error
	var refusedBatch *batch.Error
	switch {
	case errors.As(err, &refused) && refused.Code != domain.CodeUnauthenticated && isOps(r):
		status, body = answerOps(refused, "")
	case errors.As(err, &refused) && refused.Code != domain.CodeUnauthenticated:
		status, body = answerDomain(refused)
	case errors.As(err, &refusedBatch):
		status, body = answerBatch(refusedBatch)
	default:
		return 0, nil, false
	}
	return status, body, true
}

// reply answers a write that was carried out, now or when its key was first
// used. The body is asked for once the read models are where they shall be.
func (s *server) reply(c echo.Context, receipt eventstore.Receipt, body func(context.Context) (any, error)) error {
	if receipt.Refusal != nil {
		return c.Blob(receipt.Refusal.Status, echo.MIMEApplicationJSON, receipt.Refusal.Body)
	}
	if err := s.settle(c, receipt); err != nil {
		return err
	}
	said, err := body(c.Request().Context())
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, said)
}

// settle waits for the read models and sets the reply's headers.
func (s *server) settle(c echo.Context, receipt eventstore.Receipt) error {
	for _, recorded := range receipt.Events {
		describe(c.Response().Header(), recorded)
	}
	return s.await(c, receipt)
}

// await sets the headers that say where the write stands in the log, and waits
// for the read models.
func (s *server) await(c echo.Context, receipt eventstore.Receipt) error {
	affected, last, err := s.affected(c.Request().Context(), receipt)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(headerPosition, strconv.FormatInt(int64(last), 10))
	wait, cancel := context.WithTimeout(c.Request().Context(), projectionWait)
	defer cancel()
	for of, position := range affected {
		if err := s.Progress.Wait(wait, of, position); err != nil {
			// The change is in the log; that it shows later is no failure.
			header.Set(headerPending, "true")
			break
		}
	}
	return nil
}

// affected returns, by context, the position that the read models must reach
// for the client to see its write, and the position of the write's last event.
// A write that changed nothing stands on what was there before it: what it
// relied on may itself be still on its way to the read models.
func (s *server) affected(ctx context.Context, receipt eventstore.Receipt) (map[domain.Context]domain.Position, domain.Position, error) {
	affected := map[domain.Context]domain.Position{}
	if len(receipt.Events) == 0 {
		head, err := s.Store.Head(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("head of the log: %w", err)
		}
		var last domain.Position
		for of, position := range head.Last {
			affected[of], last = position, max(last, position)
		}
		return affected, last, nil
	}
	for _, recorded := range receipt.Events {
		descriptor, ok := s.Store.Codec().Descriptor(recorded.Event.EventType())
		if !ok {
			return nil, 0, fmt.Errorf("event %d has an unknown type %s", recorded.Position, recorded.Event.EventType())
		}
		affected[descriptor.Context] = recorded.Position
	}
	return affected, receipt.Last, nil
}

// correlation is the request id where that is a UUID, else a new one.
func correlation(c echo.Context) uuid.UUID {
	if id, err := uuid.Parse(c.Response().Header().Get(echo.HeaderXRequestID)); err == nil {
		return id
	}
	return uuid.New()
}
