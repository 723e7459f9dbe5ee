package ops

// State is where a task stands: how far its newest attempt is, and which way that went.
type State string

// The states.
const (
	StateCreated   State = "created"
	StateQueued    State = "queued"
	StateRunning   State = "running"
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateCancelled State = "cancelled"
	StateExpired   State = "expired"
	StateUnknown   State = "unknown"

	StateRevertQueued  State = "revert_queued"
	StateReverting     State = "reverting"
	StateReverted      State = "reverted"
	StateRevertFailed  State = "revert_failed"
	StateRevertUnknown State = "revert_unknown"
)

// States lists all states.
func States() []State {
	return []State{
		StateCreated, StateQueued, StateRunning, StateSucceeded, StateFailed, StateCancelled, StateExpired, StateUnknown,
		StateRevertQueued, StateReverting, StateReverted, StateRevertFailed, StateRevertUnknown,
	}
}

// Status is the number that the operations dialect prints: 0 not executed, 1
// executing or executed, 2 failed, 3 cancelled, 4 unknown.
func (s State) Status() int {
	switch s {
	case StateCreated, StateQueued:
		return 0
	case StateFailed, StateExpired:
		return 2
	case StateCancelled:
		return 3
	case StateUnknown, StateRevertUnknown:
		return 4
	default:
		return 1
	}
}

// Revert is the number that the operations dialect prints: 0 not reverted, 1
// reverting or reverted, 2 failed.
func (s State) Revert() int {
	switch s {
	case StateReverting, StateReverted, StateRevertQueued, StateRevertUnknown:
		return 1
	case StateRevertFailed:
		return 2
	default:
		return 0
	}
}

// Open says whether the task's newest attempt has not ended. An unknown attempt counts
// as ended: nobody waits for it.
func (s State) Open() bool {
	switch s {
	case StateQueued, StateRunning, StateRevertQueued, StateReverting:
		return true
	default:
		return false
	}
}

// accepted is the state after an attempt was accepted.
func accepted(m Mode) State {
	if m == ModeRevert {
		return StateRevertQueued
	}
	return StateQueued
}

// started is the state after the host has begun.
func started(m Mode) State {
	if m == ModeRevert {
		return StateReverting
	}
	return StateRunning
}

// ended is the state after an attempt's end, reported or presumed. A revert that was
// never begun leaves the task executed; a revert that was stopped half-way has failed.
func ended(m Mode, o AttemptState, begun bool) State {
	switch {
	case m == ModeUpdate:
		return State(o)
	case o == Succeeded:
		return StateReverted
	case o == Unknown:
		return StateRevertUnknown
	case !begun && (o == Cancelled || o == Expired):
		return StateSucceeded
	default:
		return StateRevertFailed
	}
}
