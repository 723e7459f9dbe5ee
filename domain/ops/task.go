package ops

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// Task is the state of one task, a fold of its events. Decisions and read models use the
// same Apply.
//
// Invariants:
//  1. At most one attempt is open.
//  2. An event about another attempt than the newest does not change the state.
//  3. An end that the host reports is final, and replaces a presumed one.
type Task struct {
	Exists      bool
	ID          int64
	Machine     int64
	IP          string
	Creator     domain.UserID
	CreatorName string
	Order       Order
	Description string
	Created     time.Time
	State       State
	// Executor is the user who had the newest attempt accepted. Started and Reverted are
	// the times when the newest update and revert were accepted, zero for never.
	Executor          string
	Started, Reverted time.Time
	Attempt           Attempt
	// Executed is the newest update that succeeded, which a revert undoes.
	Executed domain.Position
	// Result is the newest attempt's result, in its host's words.
	Result  string
	Changed domain.Position
}

// Attempt is the newest attempt of a task, its zero value if there was none.
type Attempt struct {
	Number  domain.Position
	Mode    Mode
	Percent int
	Lines   int64
	// Begun says that the host has begun the attempt, Presumed that the control plane
	// presumed its end, and Cancelling that somebody wants the attempt to end.
	Begun, Presumed, Cancelling bool
	// Deadline is the time until which the attempt may begin.
	Deadline time.Time
}

// Apply applies the next event that has the task's tag.
func (t *Task) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case TaskCreated:
		*t = Task{
			Exists: true, ID: e.ID, Machine: e.Machine, IP: e.IP, Creator: e.Creator, CreatorName: e.CreatorName,
			Order: e.Order, Description: e.Description, Created: r.At, State: StateCreated,
		}
	case TaskDeleted:
		t.Exists = false
	case TaskRestored:
		t.Exists = true
	case AttemptAccepted:
		t.accept(e, r)
	case CancelRequested:
		t.Attempt.Cancelling = t.Attempt.Cancelling || e.Attempt == t.Attempt.Number
	case AttemptStarted:
		t.begin(e.Attempt)
	case AttemptProgressed:
		if e.Attempt == t.Attempt.Number {
			t.Attempt.Percent = e.Percent
		}
	case AttemptFinished:
		if t.end(e.Attempt, e.Outcome, false) {
			t.Result, t.Attempt.Lines = e.Result, e.Lines
		}
	case AttemptPresumed:
		t.end(e.Attempt, e.Outcome, true)
	default:
		return
	}
	t.Changed = r.Position
}

func (t *Task) accept(e AttemptAccepted, r domain.Recorded) {
	t.State, t.Result = accepted(e.Mode), ""
	t.Attempt = Attempt{Number: r.Position, Mode: e.Mode, Deadline: e.Deadline}
	t.Executor = e.ExecutorName
	if e.Mode == ModeRevert {
		t.Reverted = r.At
	} else {
		t.Started = r.At
	}
}

func (t *Task) begin(attempt domain.Position) {
	if attempt == t.Attempt.Number {
		t.State, t.Attempt.Begun, t.Attempt.Presumed = started(t.Attempt.Mode), true, false
	}
}

// end says whether it was the newest attempt that ended.
func (t *Task) end(attempt domain.Position, o AttemptState, presumed bool) bool {
	if attempt != t.Attempt.Number {
		return false
	}
	t.State, t.Attempt.Presumed = ended(t.Attempt.Mode, o, t.Attempt.Begun), presumed
	if o == Succeeded {
		t.Attempt.Percent = 100
	}
	if t.State == StateSucceeded && t.Attempt.Mode == ModeUpdate {
		t.Executed = attempt
	}
	return true
}

// awaits says whether the host's report of the attempt's end is still to come.
func (t *Task) awaits(attempt domain.Position) bool {
	return t.Exists && attempt == t.Attempt.Number && (t.State.Open() || t.Attempt.Presumed)
}
