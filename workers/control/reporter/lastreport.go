package reporter

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// maxApplied bounds the number of positions for which it is known when they were
	// applied.
	maxApplied = 4096
	// maxRetired bounds the number of an agent's earlier processes that are remembered.
	maxRetired = 8
)

// lastReport is an agent's last report, and when it reached which position.
//
// Invariants:
//  1. Reports of one process are taken in the order of their numbers.
//  2. Reports of a process that another one has followed are not taken any more.
//  3. The entries of applied rise in position and time, and the last one has the
//     position that report has applied.
type lastReport struct {
	report   protocol.Report
	received time.Time
	applied  []appliedMark
	retired  []uuid.UUID
	// known is the agent process of which the log has an event that it had received.
	known uuid.UUID
}

// appliedMark says when a position was first known to be applied.
type appliedMark struct {
	applied domain.Position
	at      time.Time
}

// take replaces the last report unless the new one is older. failuresChanged says that
// the failures differ from those before.
func (w *lastReport) take(report protocol.Report, now time.Time) (failuresChanged, ok bool) {
	switch {
	case report.Boot == w.report.Boot:
		if report.Seq <= w.report.Seq {
			return false, false
		}
	case slices.Contains(w.retired, report.Boot):
		return false, false
	case w.report.Boot != uuid.Nil:
		w.retired = append(w.retired, w.report.Boot)
		if len(w.retired) > maxRetired {
			w.retired = slices.Delete(w.retired, 0, 1)
		}
	}
	failuresChanged = !slices.Equal(report.Failures, w.report.Failures)
	w.report, w.received = report, now
	w.noteApplied(report.Applied, now)
	return failuresChanged, true
}

// noteApplied notes that a position is applied. If an agent reports a lower position than
// before, named must be proved again for the positions above.
func (w *lastReport) noteApplied(applied domain.Position, at time.Time) {
	for len(w.applied) > 0 && w.applied[len(w.applied)-1].applied > applied {
		w.applied = w.applied[:len(w.applied)-1]
	}
	if len(w.applied) > 0 && w.applied[len(w.applied)-1].applied == applied {
		return
	}
	if len(w.applied) == maxApplied {
		w.applied = slices.Delete(w.applied, 0, maxApplied/2)
	}
	w.applied = append(w.applied, appliedMark{applied, at})
}

// since is when the position was first known to be applied. It must be applied.
func (w *lastReport) since(position domain.Position) time.Time {
	i, _ := slices.BinarySearchFunc(w.applied, position, func(m appliedMark, p domain.Position) int { return int(m.applied - p) })
	return w.applied[i].at
}

// online says whether the agent reported lately.
func (w *lastReport) online(now time.Time) bool { return now.Sub(w.received) < offlineAfter }
