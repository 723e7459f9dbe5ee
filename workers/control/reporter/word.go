package reporter

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// maxMarks bounds how far back it is known when a position was applied.
	maxMarks = 4096
	// maxRetired bounds the memory of an agent's earlier processes.
	maxRetired = 8
)

// word is what an agent said last, and when it reached which position.
//
// Invariants:
//  1. Reports of one process are taken in the order of their numbers.
//  2. A process that another has followed is not believed any more.
//  3. marks rise in position and time, and the last is what report has applied.
type word struct {
	report   protocol.Report
	received time.Time
	marks    []mark
	retired  []uuid.UUID
}

// mark says when a position was first known to be applied.
type mark struct {
	applied domain.Position
	at      time.Time
}

// take replaces the last word unless the report is older. failuresChanged says
// that the failures differ from those before.
func (w *word) take(report protocol.Report, now time.Time) (failuresChanged, ok bool) {
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
	w.mark(report.Applied, now)
	return failuresChanged, true
}

// mark notes that a position is applied. An agent that went back has lost what
// was beyond: its named must prove that again.
func (w *word) mark(applied domain.Position, at time.Time) {
	for len(w.marks) > 0 && w.marks[len(w.marks)-1].applied > applied {
		w.marks = w.marks[:len(w.marks)-1]
	}
	if len(w.marks) > 0 && w.marks[len(w.marks)-1].applied == applied {
		return
	}
	if len(w.marks) == maxMarks {
		w.marks = slices.Delete(w.marks, 0, maxMarks/2)
	}
	w.marks = append(w.marks, mark{applied, at})
}

// since is when the position was first known to be applied; it must be applied.
func (w *word) since(position domain.Position) time.Time {
	i, _ := slices.BinarySearchFunc(w.marks, position, func(m mark, p domain.Position) int { return int(m.applied - p) })
	return w.marks[i].at
}

// online says whether the agent reported lately.
func (w *word) online(now time.Time) bool { return now.Sub(w.received) < offlineAfter }
