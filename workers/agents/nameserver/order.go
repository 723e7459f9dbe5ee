package nameserver

import "github.com/opsledger/opsledger/domain"

// verdict is what is to be done with a message.
type verdict int

const (
	// next: the message continues what the engine has.
	next verdict = iota
	// repeated: the engine has it already.
	repeated
	// gap: an event between what the engine has and this message is missing.
	gap
)

// judge keeps the order. prev is the position of the event that precedes the
// message's in its context, checkpoint the last position that the engine has
// taken or skipped. Only a message that follows its predecessor without a hole is next.
func judge(checkpoint, prev, position domain.Position) verdict {
	switch {
	case position <= checkpoint:
		return repeated
	case prev <= checkpoint:
		return next
	default:
		return gap
	}
}
