package ops

// AttemptState is where one attempt stands, on its host and in the log.
type AttemptState string

// The states of an attempt.
const (
	// Queued: the host has the attempt and has not begun it.
	Queued AttemptState = "queued"
	// Running: the host has begun.
	Running   AttemptState = "running"
	Succeeded AttemptState = "succeeded"
	Failed    AttemptState = "failed"
	// Cancelled: somebody wanted the attempt to end, before or while it ran.
	Cancelled AttemptState = "cancelled"
	// Expired: its deadline passed before the host had begun. It never runs.
	Expired AttemptState = "expired"
	// Unknown: its host went silent while it ran. Only the control plane presumes so.
	Unknown AttemptState = "unknown"
)

// Ended says whether the attempt is over for good. A host reports no other end.
func (s AttemptState) Ended() bool {
	switch s {
	case Succeeded, Failed, Cancelled, Expired:
		return true
	default:
		return false
	}
}
