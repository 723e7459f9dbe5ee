package nameserver

import (
	"testing"

	"github.com/google/uuid"
)

func TestTheStreamIsMadeAnew(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 5)
	w.Delete()
	// The same log again; the read model that snapshots come from lags.
	w.snapshotAt(w.log, 4, 6)
	w.Make()
	w.DNS(5)
	w.MakeConsumer()
	w.DNS(1)
	e.untilAt(t, 6)
	e.expect(t, positions(0), span(1, 6)) // no step back to 4
}

func TestAnotherLogsStreamIsNotMixedIn(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 5)
	w.Delete()
	// 6 would fit: its predecessor is 5. But it is another log's.
	w.snapshotAt(uuid.New(), 2, 7)
	w.Make()
	w.DNS(7)
	w.MakeConsumer()
	e.untilAt(t, 7)
	e.expect(t, positions(0, 2), append(span(1, 5), span(3, 7)...))
}

// A backup was restored: the log is the same and shorter, and the events after it never
// happened.
func TestALogPutBackTakesTheAgentBack(t *testing.T) {
	t.Parallel()
	w, e := newFollowed(t, 5)
	w.Delete()
	w.snapshotAt(w.log, 3, 3)
	w.Make()
	w.DNS(3)
	w.MakeConsumer()
	e.untilAt(t, 3)
	w.DNS(1)
	e.untilAt(t, 4)
	e.expect(t, positions(0, 3), append(span(1, 5), 4))
}
