package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// The careful way of a batch: lock the head, look at the log, plan, write. It needs
// two round trips and assumes nothing, so it is also where a batch goes when
// anything went wrong.

const (
	// resolveLimit is how long the outcome of a lost commit is inquired after.
	resolveLimit = 10 * time.Second
	// searchAhead is how far beyond the last known head conditions are searched:
	// more than others append between two batches, much less than a partition.
	searchAhead = 50_000
)

// commit brings a batch to its end: committed, or refused for a reason that is
// known. sent is the plan with which the batch may have been committed already, nil
// for none. The error says that nothing may be appended any more.
func (w *writer) commit(batch []*entry, sent *plan) error {
	ctx := context.Background() // what was begun is finished, within the limits
	lost, deadline := sent, time.Now().Add(resolveLimit)
	for try := 1; ; try++ {
		p, err := w.attempt(ctx, batch, &sent)
		switch {
		case err == nil:
			w.settle(p)
			return nil
		case errors.Is(err, ErrOtherLog):
			refuse(batch, err)
			return err
		case sent == nil && blames(err):
			return w.isolate(batch, err)
		case sent == nil && definite(err): // such as a full disk, a lock's timeout, a read-only standby
			w.abort()
			w.refused.Store(&refusal{err, time.Now()})
			refuse(batch, fmt.Errorf("%w: %w", ErrUnavailable, err))
			return nil
		}
		w.disconnect()
		if sent != lost { // waiting for the commit's answer may have taken longer than the limit
			lost, deadline = sent, time.Now().Add(resolveLimit)
		}
		switch {
		case sent == nil && try > 1:
			refuse(batch, fmt.Errorf("%w: %w", ErrUnavailable, err))
			return nil
		case sent != nil && time.Now().After(deadline):
			w.log.Error("the outcome of a commit stays unknown", "commands", len(batch), "error", err)
			refuse(batch, fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrUnknownOutcome, err))
			return nil
		case sent != nil && (w.down.Load() || definite(err)):
			time.Sleep(probeEvery / 4)
		}
	}
}

// attempt runs one transaction for the batch. sent is set from the moment when the
// server may have committed until it is known that it did not.
func (w *writer) attempt(ctx context.Context, batch []*entry, sent **plan) (*plan, error) {
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, batchLimit)
	defer cancel()
	seen, err := w.inspect(ctx, batch, *sent)
	if err != nil {
		return nil, err
	}
	if seen.head.log != w.id {
		return nil, ErrOtherLog
	}
	if w.head.log != w.id || w.head.Position != seen.head.Position {
		w.term = newTerm()
	}
	seen.term = w.term
	if *sent != nil {
		w.metrics.resolved.Inc()
		if (*sent).committedAs(seen.first) {
			w.advance(*sent)
			return *sent, w.rollback(ctx)
		}
		*sent = nil
	}
	p := makePlan(batch, seen, time.Now())
	if p.empty() {
		w.advance(p)
		return p, w.rollback(ctx)
	}
	w.head = storedHead{}
	if err := w.extend(ctx, p.head.Position); err != nil {
		return nil, err
	}
	*sent = p
	err = transact(w.conn, p.statements()).err
	switch {
	case err == nil:
		w.advance(p)
	case definite(err):
		*sent = nil
	}
	return p, err
}

// inspect looks at the whole log. Where the log ends is known only once the head's
// lock is held; when others have appended beyond the limit of the search, inspect
// looks again.
func (w *writer) inspect(ctx context.Context, batch []*entry, sent *plan) (inspection, error) {
	for {
		seen, err := inspect(ctx, w.conn, batch, sent, w.searchLimit)
		if err != nil || seen.head.log != w.id || seen.head.Position <= w.searchLimit {
			if err == nil && seen.head.Position > w.searchLimit-searchAhead/2 {
				w.searchLimit = seen.head.Position + searchAhead
			}
			return seen, err
		}
		w.searchLimit = seen.head.Position + searchAhead
		if err := w.rollback(ctx); err != nil {
			return seen, err
		}
	}
}

// extend makes partitions ahead of the log, under the head's lock. It is rarely needed.
func (w *writer) extend(ctx context.Context, head domain.Position) error {
	if head < w.extendAt {
		return nil
	}
	return w.conn.QueryRow(ctx, extendLog, head, w.size).Scan(&w.extendAt)
}

// isolate commits each entry alone after the server has refused one of them for its
// data: the others must not fail with that one.
func (w *writer) isolate(batch []*entry, err error) error {
	w.abort()
	if len(batch) == 1 {
		refuse(batch, fmt.Errorf("append: %w", err))
		return nil
	}
	for i := range batch {
		if err := w.commit(batch[i:i+1], nil); err != nil {
			refuse(batch[i+1:], err)
			return err
		}
	}
	return nil
}

// abort ends a transaction that has failed. The partitions that extend made in that
// transaction are gone, and the writer looks at the log before it appends again.
func (w *writer) abort() {
	ctx, cancel := context.WithTimeout(context.Background(), batchLimit)
	defer cancel()
	if err := w.rollback(ctx); err != nil {
		w.disconnect()
	}
	w.extendAt = 0
	w.forget()
}

// forget has the writer look at the log before it appends again.
func (w *writer) forget() { w.head, w.recent, w.term = storedHead{}, recentEvents{}, 0 }

func (w *writer) rollback(ctx context.Context) error {
	_, err := w.conn.Exec(ctx, "ROLLBACK")
	return err
}
