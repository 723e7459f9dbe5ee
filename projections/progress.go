package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/waitlist"
)

// ErrPoisoned says that a projection stands still before an event that it
// cannot apply. It keeps trying; the error ends when it succeeds.
var ErrPoisoned = errors.New("the projection stands still")

// subjectProgress is where the runner that applies a context's events says how
// far it is, for the processes whose own runner waits. Core NATS: a lost message
// costs a waiter the time until the next poll.
func subjectProgress(c domain.Context) string { return "projections." + string(c) }

// progressMessage is what is said there.
type progressMessage struct {
	Log uuid.UUID `json:"log"`
	// From is the speaking Progress's own id: it need not hear itself.
	From     uuid.UUID       `json:"from"`
	Position domain.Position `json:"position"`
	// Poisoned is the error that the projection stands still for, empty otherwise.
	Poisoned string `json:"poisoned,omitempty"`
	// Fell says that the tables are back at Position after a crash of Postgres.
	Fell bool `json:"fell,omitempty"`
}

// Progress knows how far each projection is and lets clients wait for their own
// writes. All methods may be called concurrently, and cost the same however many wait.
//
// Invariant: an applied position is never reported before the commit that
// applied it. It falls only when Postgres came back from a crash without the last
// of those commits, which nobody waits to see on disk: then who waits for his
// own write waits again, instead of reading tables that have lost it.
type Progress struct {
	nc     *nats.Conn
	log    uuid.UUID
	self   uuid.UUID
	tracks map[domain.Context]*track
	sub    *nats.Subscription
}

// NewProgress listens to the runners of all processes on the connection; with a
// nil one it knows of this process's alone. The caller closes it.
func NewProgress(nc *nats.Conn, log uuid.UUID) (*Progress, error) {
	p := &Progress{nc: nc, log: log, self: uuid.New(), tracks: map[domain.Context]*track{}}
	for _, c := range domain.Contexts() {
		p.tracks[c] = &track{}
	}
	if nc == nil {
		return p, nil
	}
	var err error
	if p.sub, err = nc.Subscribe(subjectProgress("*"), p.hear); err != nil {
		return nil, fmt.Errorf("listen to projections: %w", err)
	}
	return p, nil
}

// Close ends listening. Who waits goes on waiting.
func (p *Progress) Close() {
	if p.sub != nil {
		_ = p.sub.Unsubscribe() // fails only when the connection is closed already
	}
}

// Applied is the position up to which all events of the context are applied, as
// far as this process knows; 0 at first.
func (p *Progress) Applied(c domain.Context) domain.Position { return p.tracks[c].position() }

// Poisoned returns why the context's projection stands still, nil when it does not.
func (p *Progress) Poisoned(c domain.Context) error { return p.tracks[c].failure() }

// Wait returns nil once everything up to the position is applied. It returns
// ctx's error when that ends first, and an [ErrPoisoned] at once when the
// projection stands still.
func (p *Progress) Wait(ctx context.Context, c domain.Context, position domain.Position) error {
	t := p.tracks[c]
	w, err := t.enter(position)
	if w == nil || err != nil {
		return err
	}
	select {
	case err := <-w.Answer():
		return err
	case <-ctx.Done():
		t.leave(w)
		return ctx.Err()
	}
}

// hear takes what another process, or this one, said.
func (p *Progress) hear(m *nats.Msg) {
	var said progressMessage
	if json.Unmarshal(m.Data, &said) != nil || said.Log != p.log || said.From == p.self {
		return
	}
	t, ok := p.tracks[domain.Context(m.Subject[len(subjectProgress("")):])]
	if !ok {
		return
	}
	if said.Fell {
		t.retreat(said.Position)
	} else {
		t.advance(said.Position)
	}
	if said.Poisoned != "" {
		t.poison(said.Position, fmt.Errorf("%w: %s", ErrPoisoned, said.Poisoned))
	}
}

// advance takes note of a committed position and, when it is news, tells others.
func (p *Progress) advance(c domain.Context, position domain.Position) {
	if p.tracks[c].advance(position) {
		p.say(c, progressMessage{Log: p.log, From: p.self, Position: position})
	}
}

// restart takes note of where the tables are as a runner begins with them.
func (p *Progress) restart(c domain.Context, position domain.Position) {
	if p.tracks[c].retreat(position) {
		p.say(c, progressMessage{Log: p.log, From: p.self, Position: position, Fell: true})
		return
	}
	p.advance(c, position)
}

// learn is advance for what was read from Postgres, which the others can read, too.
func (p *Progress) learn(c domain.Context, position domain.Position) { p.tracks[c].advance(position) }

// poison takes note that the projection cannot pass the position.
func (p *Progress) poison(c domain.Context, position domain.Position, reason error) {
	p.tracks[c].poison(position, fmt.Errorf("%w: %w", ErrPoisoned, reason))
	p.say(c, progressMessage{Log: p.log, From: p.self, Position: position, Poisoned: reason.Error()})
}

// waiting tells whether somebody waits for the context.
func (p *Progress) waiting(c domain.Context) bool { return p.tracks[c].waiting() }

func (p *Progress) say(c domain.Context, m progressMessage) {
	if p.nc == nil {
		return
	}
	payload, err := json.Marshal(m)
	if err != nil {
		return // cannot happen: the message holds nothing that JSON cannot
	}
	// A failure means that NATS is away: then nobody hears, and pollers find out.
	_ = p.nc.Publish(subjectProgress(c), payload)
}

// track is the progress of one context.
type track struct {
	mu      sync.Mutex
	applied domain.Position
	// poisoned is why nothing behind applied is applied.
	poisoned error
	waiters  waitlist.List[error]
}

func (t *track) position() domain.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.applied
}

func (t *track) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.poisoned
}

func (t *track) waiting() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiters.Len() > 0
}

// enter returns nil when there is nothing to wait for.
func (t *track) enter(position domain.Position) (*waitlist.Waiter[error], error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.applied >= position || t.poisoned != nil {
		if t.applied >= position {
			return nil, nil
		}
		return nil, t.poisoned
	}
	return t.waiters.Join(position), nil
}

func (t *track) leave(w *waitlist.Waiter[error]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.Leave()
}

// advance wakes who waited for the position or less and tells whether it is news.
func (t *track) advance(position domain.Position) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position <= t.applied {
		return false
	}
	t.applied, t.poisoned = position, nil
	t.waiters.Reach(position, nil)
	return true
}

// retreat tells whether the position was believed to be further.
func (t *track) retreat(position domain.Position) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position >= t.applied {
		return false
	}
	t.applied = position
	return true
}

// poison fails all waiters, who wait for what is behind the position.
func (t *track) poison(position domain.Position, reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position < t.applied {
		return // another runner has passed it
	}
	t.poisoned = reason
	t.waiters.AnswerAll(reason)
}
