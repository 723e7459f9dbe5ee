package nameserver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

// recorder is an engine that remembers what it is given and proves it at once.
type recorder struct {
	changed chan struct{}

	mu       sync.Mutex
	applied  []domain.Position
	resets   []bind.Snapshot
	position domain.Position
	takes    int // calls of Take
	failures []protocol.Failure
	refuse   domain.Position // Take fails once for this position
	news     chan struct{}   // closed at every change
	delays   []time.Duration // from an event's recording to Take
	stored   bind.Origin     // what an engine before has stored
	spoilt   bool            // it cannot be taken
	begun    []domain.Position
	checked  []string // configurations that were to be checked
}

func newRecorder() *recorder {
	return &recorder{changed: make(chan struct{}, 1), news: make(chan struct{})}
}

func (r *recorder) Reset(_ context.Context, s bind.Snapshot) error {
	r.update(func() { r.resets, r.position = append(r.resets, s), s.Position })
	return nil
}

func (r *recorder) Take(c bind.Change) (err error) {
	r.update(func() {
		r.takes++
		for _, e := range c.Events {
			if e.Position == r.refuse {
				r.refuse, err = 0, errors.New("does not fit")
				return
			}
			r.applied = append(r.applied, e.Position)
			r.delays = append(r.delays, time.Since(e.At))
		}
		r.position = c.End
	})
	return err
}

func (r *recorder) update(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.news)
	r.news = make(chan struct{})
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *recorder) Status() protocol.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return protocol.Report{Applied: r.position, Seen: r.position, Failures: r.failures, Named: "9.18.0"}
}

func (r *recorder) Stored() (bind.Origin, bool) { return r.stored, r.stored.Log != uuid.Nil }

func (r *recorder) Resume() error {
	if r.spoilt {
		return errors.New("cannot be taken")
	}
	r.update(func() { r.position = r.stored.LastDNS })
	return nil
}

func (r *recorder) Begin() { r.update(func() { r.begun = append(r.begun, r.position) }) }

func (r *recorder) Changed() <-chan struct{} { return r.changed }

func (r *recorder) CheckConf(_ context.Context, text string) error {
	r.mu.Lock()
	r.checked = append(r.checked, text)
	r.mu.Unlock()
	if strings.Contains(text, "bad") {
		return domain.Invalid("bind_conf", "%s", "unknown option 'bad'")
	}
	return nil
}

// until waits for the condition, which is checked at every change.
func (r *recorder) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(testkit.Patience)
	for {
		r.mu.Lock()
		ok, news := condition(), r.news
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-news:
		case <-deadline:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("waited for %s in vain; applied %v, resets %v", what, r.applied, r.resetPositions())
		}
	}
}

// untilAt waits until the engine is at the position.
func (r *recorder) untilAt(t *testing.T, p domain.Position) {
	t.Helper()
	r.until(t, "a position", func() bool { return r.position == p })
}

// untilAtLeast waits until the engine has reached the position.
func (r *recorder) untilAtLeast(t *testing.T, p domain.Position) {
	t.Helper()
	r.until(t, "a position", func() bool { return r.position >= p })
}

func (r *recorder) resetPositions() []domain.Position {
	var list []domain.Position
	for _, s := range r.resets {
		list = append(list, s.Position)
	}
	return list
}

// expect compares what the engine was given.
func (r *recorder) expect(t *testing.T, resets, applied []domain.Position) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.applied, applied) {
		t.Errorf("applied %v, want %v", r.applied, applied)
	}
	if got := r.resetPositions(); !slices.Equal(got, resets) {
		t.Errorf("reset to %v, want %v", got, resets)
	}
}
