package nameserver

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/protocol"
)

// The engine gets a change at once, when its last event is there.
func TestAChangeIsTakenWhole(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 2)
	w.Part(4, 2) // 3
	w.Part(3, 1) // 4
	w.Access(1)
	w.Part(1, 0) // 6: the last of the change is of another context
	e.untilAt(t, 7)
	w.Access(1)
	w.DNS(1) // 8
	e.untilAt(t, 8)
	e.expect(t, positions(0), positions(1, 2, 3, 4, 6, 8))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.takes != 4 {
		t.Errorf("%d changes were taken, want 4", e.takes)
	}
}

// What was gathered of a change is delivered again with the rest when the delivery breaks off.
func TestHalfAChangeIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 2)
	w.Part(2, 2) // 3
	w.ResetConsumer(5)
	w.Part(1, 1) // 4 is skipped
	w.Part(0, 0) // 5
	e.untilAt(t, 5)
	e.expect(t, positions(0), span(1, 5))
	if n := w.snapshots(); n != 1 {
		t.Errorf("%d snapshots were opened, want 1", n)
	}
}

// A change whose end expired with the bus is replaced by a snapshot.
func TestHalfAChangeThatGoesOnOtherwise(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 2)
	w.Part(2, 2) // 3
	w.snapshotAt(w.log, 4, 4)
	w.Part(0, 0) // 4 should say that one more follows
	e.untilAt(t, 4)
	e.expect(t, positions(0, 4), positions(1, 2))
}

// An agent that waits for the rest of a change, and hears that the log has more, asks for it.
func TestTheRestOfAChangeIsMissed(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 2)
	w.Part(1, 1)         // 3
	w.ResetConsumer(100) // 4 does not come
	w.Part(0, 0)         // 4
	stop := repeatedly(100*time.Millisecond, func() { w.announce(protocol.HeadAnnouncement{Log: w.log, LastDNS: 4}) })
	defer stop()
	e.untilAt(t, 4)
	e.expect(t, positions(0), span(1, 4))
}
