package nameserver

import "github.com/opsledger/opsledger/domain"

// verdict says how a message continues what the engine has.
type verdict int

const (
	// next: the message continues what the engine has.
	next verdict = iota
	// duplicate: the engine has the message already.
	duplicate
	// gap: an event between what the engine has and this message is missing.
	gap
)

// classify keeps the events in order. prev is the position of the event that precedes
// the message's event in its context, checkpoint the last position that the engine has
// taken or skipped. A message is next only if the engine has its predecessor.
func classify(checkpoint, prev, position domain.Position) verdict {
	switch {
	case position <= checkpoint:
		return duplicate
	case prev <= checkpoint:
		return next
	default:
		return gap
	}
}
