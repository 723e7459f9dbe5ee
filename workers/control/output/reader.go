package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// lookEvery is how often a waiting reader looks when nothing tells of new lines;
	// lookSoon is when it looks again where lines went by that it did not find.
	lookEvery = time.Second
	lookSoon  = 20 * time.Millisecond
	// lookWithin bounds one look.
	lookWithin = 5 * time.Second
)

// Line is one line of an attempt's output.
type Line struct {
	// Number counts from 1.
	Number int64
	At     time.Time
	// Err: it came on standard error.
	Err  bool
	Text string
}

// Reader reads one attempt's output. It is for one goroutine.
//
// Invariants:
//  1. Line numbers ascend, so that a message that the host has repeated is read once.
//  2. When Pending says no, all lines in the stream have been returned.
//  3. A look at the stream that is due is taken by the next call of Next, however short the
//     calls before it waited, and whatever became of what told of new lines.
type Reader struct {
	store   *Store
	subject string
	hints   chan *nats.Msg
	sub     *nats.Subscription

	// last is the number of the newest line that was read, next the stream sequence from
	// which to look for more.
	last int64
	next uint64
	read []Line
	// pause is how long to wait for a hint before the next look, which is due at a time.
	pause time.Duration
	due   time.Time
}

// Open begins to read an attempt's output after the given line. Close must be called.
func (s *Store) Open(ctx context.Context, machine int64, task string, attempt domain.Position, after int64) (*Reader, error) {
	r := &Reader{
		store: s, subject: protocol.SubjectOutput(machine, task, attempt), hints: make(chan *nats.Msg, 16), last: after, next: 1, pause: lookEvery,
	}
	var err error
	// Subscribed before the first look, so that no message between that and the wait is
	// missed.
	if r.sub, err = s.cfg.NC.Subscribe(r.subject, r.hint); err != nil {
		return nil, fmt.Errorf("output: follow %s: %w", r.subject, err)
	}
	if err := r.look(ctx); err != nil {
		r.Close()
		return nil, err
	}
	r.due = time.Now().Add(r.pause)
	return r, nil
}

// hint keeps a message that is published meanwhile, unless many wait already: the stream
// has the message, too.
func (r *Reader) hint(m *nats.Msg) {
	select {
	case r.hints <- m:
	default:
	}
}

// Close ends the reader.
func (r *Reader) Close() { _ = r.sub.Unsubscribe() }

// Pending says whether Next would return at once.
func (r *Reader) Pending() bool { return len(r.read) > 0 }

// Next returns the next lines, at least one; it waits while there are none. When
// it returns the error of ctx it may be called again.
func (r *Reader) Next(ctx context.Context) ([]Line, error) {
	for len(r.read) == 0 {
		hints, err := r.wait(ctx)
		if err == nil {
			err = r.look(ctx)
		}
		if err != nil {
			return nil, err
		}
		r.hear(hints)
	}
	lines := r.read
	r.read = nil
	if err := r.look(ctx); err != nil {
		r.due = time.Now() // it fails again at the next call
	}
	return lines, nil
}

// wait returns the messages that were published meanwhile, and none if it is time to look
// at the stream anyway.
func (r *Reader) wait(ctx context.Context) (hints []*nats.Msg, err error) {
	timer := time.NewTimer(time.Until(r.due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case m := <-r.hints:
		r.due = time.Now()
		hints = append(hints, m)
		for len(r.hints) > 0 {
			hints = append(hints, <-r.hints)
		}
	case <-timer.C:
	}
	return hints, nil
}

// hear takes messages that may not be stored in the stream yet. A message that leaves
// lines out is read from the stream, once the stream has the lines before it.
func (r *Reader) hear(hints []*nats.Msg) {
	missed := false
	for _, m := range hints {
		if said, ok := decode(m.Data); ok && said.First <= r.last+1 {
			r.take(said)
		} else {
			missed = true
		}
	}
	switch {
	case !missed:
		r.pause = min(2*r.pause, lookEvery)
	case len(r.read) == 0:
		// Either a replica lags, or the stream was made anew and counts from 1 again.
		r.next, r.pause = 1, lookSoon
	}
	r.due = time.Now().Add(r.pause)
}

// look reads messages until there are lines, or no more messages. It has a time of its own: a
// caller who waits for lines a moment at a time would else never see the end of a slow look.
func (r *Reader) look(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
	defer cancel()
	stream, err := r.store.open(bounded)
	for err == nil && len(r.read) == 0 {
		var m *jetstream.RawStreamMsg
		if m, err = stream.GetMsg(bounded, r.next, jetstream.WithGetMsgSubject(r.subject)); err == nil {
			r.next = m.Sequence + 1
			if said, ok := decode(m.Data); ok {
				r.take(said)
			}
		}
	}
	if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	return fmt.Errorf("output: read %s: %w", r.subject, err)
}

func decode(data []byte) (said protocol.OutputLines, ok bool) {
	// A message that cannot be read is skipped.
	err := json.Unmarshal(data, &said)
	return said, err == nil && said.First >= 1
}

// take keeps the lines that are new.
func (r *Reader) take(said protocol.OutputLines) {
	for i, l := range said.Lines {
		if number := said.First + int64(i); number > r.last {
			r.read = append(r.read, Line{Number: number, At: l.At, Err: l.Err, Text: l.Text})
			r.last = number
		}
	}
}
