package eventstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

const (
	// maxRetries bounds how often a decision is taken again after a conflict.
	maxRetries = 32
	maxPause   = 50 * time.Millisecond
)

// errConflict says that one attempt lost against another append.
var errConflict = errors.New("event store: conflict")

// errNoBounds says that the store was opened without what keeps credentials in bounds.
var errNoBounds = errors.New("event store: a request with a credential, and nothing to bound it")

// execution is a request that is being executed.
type execution struct {
	Request
	store *Store
	// keyed: the command's id came with the request, and is kept in cache.commands.
	keyed bool
	// preview: nothing of what is decided will be appended.
	preview bool
	// drawn are the ids taken so far; a retry uses them again.
	drawn map[domain.Sequence][]int64
}

// Execute lets the command decide and appends what it decided, again after a
// conflict. Errors are those of errors.go, ctx's, or, as it is, what Decide
// returned: a [*domain.Error] is the command's refusal.
//
// When ctx ends while the append is under way the error is ErrUnknownOutcome, too.
func (s *Store) Execute(ctx context.Context, req Request) (Receipt, error) {
	if !req.Door.Known() {
		return Receipt{}, fmt.Errorf("event store: a request by no door that is known: %q", req.Door)
	}
	req, err := s.within(req)
	if err != nil {
		return Receipt{}, err
	}
	x := execution{Request: req, store: s, keyed: req.CommandID != uuid.Nil, drawn: map[domain.Sequence][]int64{}}
	if !x.keyed {
		x.CommandID = newID()
	}
	if x.Correlation == uuid.Nil {
		x.Correlation = x.CommandID
	}
	for retries := 0; ; retries++ {
		receipt, err := x.attempt(ctx, retries == 0)
		if !errors.Is(err, errConflict) {
			return receipt, err
		}
		if retries == maxRetries {
			return Receipt{}, ErrConflict
		}
		s.metrics.retries.Inc()
		if err := pause(ctx, retries); err != nil {
			return Receipt{}, err
		}
	}
}

// within returns the request as one whose command keeps to the bounds of its credential.
func (s *Store) within(req Request) (Request, error) {
	switch {
	case req.Credential == 0:
		return req, nil
	case s.bound == nil:
		return req, errNoBounds
	}
	req.Command = s.bound(req.Command, req.Credential)
	return req, nil
}

// attempt decides, appends and answers once. With remembered it decides on
// remembered state, as far as that is possible.
func (x *execution) attempt(ctx context.Context, remembered bool) (Receipt, error) {
	d, err := x.decide(ctx, remembered)
	if err != nil {
		return Receipt{}, err
	}
	a := answer{stored: d.replay}
	if d.entry != nil {
		if a, err = x.store.append(ctx, d.entry); err != nil {
			return Receipt{}, err
		}
	}
	return x.answer(ctx, d, a)
}

// pause waits, longer with each retry, and never alike for two losers. The first
// loser goes on at once: most often the remembered state was out of date, and
// nobody competes.
func pause(ctx context.Context, retries int) error {
	if retries == 0 {
		return ctx.Err()
	}
	limit := min(time.Millisecond<<min(retries, 10), maxPause)
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
