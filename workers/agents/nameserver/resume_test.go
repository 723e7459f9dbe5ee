package nameserver

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

// storedAt is an engine whose predecessor has stored the state at a position.
func storedAt(log uuid.UUID, p domain.Position) *recorder {
	e := newRecorder()
	e.stored = bind.Origin{Log: log, LastDNS: p, LastID: uuid.New()}
	return e
}

// An engine goes on from what it has stored, gets the events since, and begins once it has all that the log had: none
// that comes later is waited for.
func TestResume(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored domain.Position
		taken  []domain.Position
	}{
		"behind":   {4, span(5, 9)},
		"at end":   {9, nil},
		"at first": {1, span(2, 9)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.DNS(9)
			w.resumeUpTo(9)
			e := storedAt(w.log, c.stored)
			w.start(e)
			e.until(t, "the beginning", func() bool { return len(e.begun) > 0 })
			e.expect(t, nil, c.taken)
			w.DNS(1)
			e.untilAt(t, 10)
			if !slices.Equal(e.begun, positions(9)) {
				t.Errorf("began at %v", e.begun)
			}
		})
	}
}

// What the control plane does not know, or cannot give, leads to a snapshot: the log went another way, the engine cannot
// take its state, or the events in between are gone.
func TestNothingToResumeFrom(t *testing.T) {
	t.Parallel()
	t.Run("another log", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.DNS(3)
		w.snapshotAt(w.log, 3, 3)
		e := storedAt(uuid.New(), 3)
		w.start(e)
		e.untilAt(t, 3)
		e.expect(t, positions(3), nil)
	})
	t.Run("spoilt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.DNS(3)
		w.resumeUpTo(3)
		e := storedAt(w.log, 2)
		e.spoilt = true
		w.start(e)
		e.untilAt(t, 3)
		e.expect(t, positions(3), nil)
	})
	t.Run("events are gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.DNS(9)
		w.resumeUpTo(9)
		w.PurgeBefore(6)
		e := storedAt(w.log, 2)
		w.start(e)
		e.untilAt(t, 9)
		e.expect(t, positions(9), nil)
		if len(e.begun) > 0 {
			t.Errorf("it began at %v", e.begun)
		}
	})
}

// resumeUpTo lets agents that have a state of this log resume; the log ends at the position.
func (w *world) resumeUpTo(end domain.Position) {
	w.snapshotAt(w.log, end, end)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resume = func(held protocol.SnapshotHeld) bool { return held.Log == w.log && held.LastDNS <= end }
}
