package eventstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

const (
	// maxAttempts bounds how often a decision is taken again after a conflict.
	maxAttempts = 32
	maxPause    = 50 * time.Millisecond
)

// errConflict says that one attempt lost.
var errConflict = errors.New("event store: conflict")

// Execute lets the command decide and appends what it decided, again after a
// conflict. Errors are those of errors.go, ctx's, or, as it is, what Decide
// returned: a [*domain.Error] is the command's refusal.
//
// When ctx ends while the append is under way the error is ErrUnknownOutcome, too.
func (s *Store) Execute(ctx context.Context, req Request) (Receipt, error) {
	x := execution{store: s, Request: req, keyed: req.CommandID != uuid.Nil, drawn: map[domain.Sequence][]int64{}}
	if !x.keyed {
		x.CommandID = newID()
	}
	if x.Correlation == uuid.Nil {
		x.Correlation = x.CommandID
	}
	receipt, err := x.attempt(ctx, true)
	for attempt := range maxAttempts {
		if !errors.Is(err, errConflict) {
			return receipt, err
		}
		s.metrics.retries.Inc()
		if err := pause(ctx, attempt); err != nil {
			return Receipt{}, err
		}
		receipt, err = x.attempt(ctx, false)
	}
	if errors.Is(err, errConflict) {
		err = ErrConflict
	}
	return receipt, err
}

// SaveRefusal keeps the reply that the command with the id got, so that its
// repetition gets it, too. What became of the command first stands.
func (s *Store) SaveRefusal(ctx context.Context, commandID uuid.UUID, fingerprint []byte, r Refusal) error {
	if !json.Valid(r.Body) || !utf8.Valid(r.Body) {
		return errors.New("save refusal: the body is not JSON in UTF-8")
	}
	a, err := s.submit(ctx, &entry{commandID: commandID, keyed: true, fingerprint: fingerprint, refusal: &r})
	if errors.Is(err, errConflict) {
		return nil // the same command is answered by the same batch
	}
	if err == nil && a.stored != nil {
		return a.stored.check(fingerprint)
	}
	return err
}

// pause waits, longer with each attempt, and never alike for two losers. The
// first loser goes on at once: most often what was remembered was out of date,
// and nobody competes.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return ctx.Err()
	}
	limit := min(time.Millisecond<<min(attempt, 10), maxPause)
	timer := time.NewTimer(rand.N(limit))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// newID returns a UUID of version 7, whose order is that of time.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// submit hands the entry to the writer and waits for its answer.
func (s *Store) submit(ctx context.Context, e *entry) (answer, error) {
	e.since, e.done = time.Now(), make(chan answer, 1)
	if !s.box.put(e) {
		return answer{}, ErrUnavailable
	}
	select {
	case a := <-e.done:
		s.metrics.latency.Observe(time.Since(e.since).Seconds())
		return a, a.err
	case <-ctx.Done():
		if e.abandon() {
			return answer{}, ctx.Err()
		}
		return answer{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
	}
}
