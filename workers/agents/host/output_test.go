package host

import (
	"context"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// 100,000 lines neither enter the log nor keep another task waiting.
func TestManyLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"shout": "seq 1 100000; until [ -e $DIR/ran ]; do sleep 0.05; done", "note": "echo ran >> $DIR/ran",
	})
	w.start()
	name := w.task("shout")
	attempt := w.Append(ops.AttemptAccepted{
		Task: name, Machine: machine, Mode: ops.ModeUpdate, Executor: 1,
		Order: ops.Order{Action: "shout", Target: "loud", Content: "c"}, Deadline: time.Now().Add(time.Hour).UTC(),
	})
	w.until(name, ops.StateRunning)
	// This ends only if a task beside it runs while the lines are on their way.
	w.until(w.do("note"), ops.StateSucceeded)
	end := w.until(name, ops.StateSucceeded)
	if end.Attempt.Lines != 100_000 {
		t.Errorf("%d lines", end.Attempt.Lines)
	}
	head, err := w.Store.Head(t.Context())
	w.Check(err)
	if head.Position > 30 {
		t.Errorf("the log has %d events", head.Position)
	}
	r, err := w.Output.Open(t.Context(), machine, name, attempt, 0)
	w.Check(err)
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	last, read := int64(0), 0
	for last < 100_000 {
		lines, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after line %d: %v", last, err)
		}
		for _, l := range lines {
			if l.Number <= last {
				t.Fatalf("line %d comes after line %d", l.Number, last)
			}
			last, read = l.Number, read+1
		}
	}
	t.Logf("%d of 100000 lines are kept", read)
}

// Lines that the stream refuses for good are dropped; lines that it cannot take now are
// not.
func TestRefusedLines(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	f, _ := newPlayed(t, nc)
	const never, later = int64(1), int64(2)
	tries := map[int64]int{}
	for _, attempt := range []int64{never, later} {
		serve(t, nc, protocol.SubjectHostLines(machine, "t", domain.Position(attempt)), "", func([]byte) any {
			tries[attempt]++
			if attempt == later && tries[attempt] > refusalsUntilDropped {
				return protocol.LinesReceipt{}
			}
			return protocol.LinesReceipt{Error: "no", Refused: attempt == never}
		})
		f.publish(t.Context(), executor.Batch{Task: "t", Attempt: attempt, Lines: []executor.Line{{Number: 1, Text: "x"}}})
	}
	if tries[never] != refusalsUntilDropped || tries[later] != refusalsUntilDropped+1 {
		t.Errorf("tries %v", tries)
	}
}
