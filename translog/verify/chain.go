package verify

import (
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// follower checks what each event says of those before it: positions without a gap, prev,
// times that do not fall, and how many events of its change follow.
type follower struct {
	next domain.Position
	at   time.Time
	last map[domain.Context]domain.Position
	// more is how many events of the change are still to come, own how many of each context,
	// by what the first event of a context said.
	more int
	own  map[domain.Context]int
	// first is the position that it began with: what is before it is not known.
	first domain.Position
}

// newFollower begins with the event at the position.
func newFollower(first domain.Position) *follower {
	return &follower{next: first, first: first, last: map[domain.Context]domain.Position{}, own: map[domain.Context]int{}}
}

// check returns what is wrong with the next event, empty if nothing is.
func (f *follower) check(e *protocol.Envelope) string {
	wrong := f.fault(e)
	f.next, f.at = e.Position+1, e.RecordedAt
	f.last[e.Context] = e.Position
	if f.more == 0 {
		clear(f.own)
	}
	f.more, f.own[e.Context] = e.More, e.MoreOwn
	return wrong
}

func (f *follower) fault(e *protocol.Envelope) string {
	own, begun := f.own[e.Context]
	switch {
	case e.Position != f.next:
		return fmt.Sprintf("position %d comes behind %d", e.Position, f.next-1)
	case e.Prev != f.last[e.Context] && !f.unknown(e):
		return fmt.Sprintf("prev is %d, and the event of context %s before it is %d", e.Prev, e.Context, f.last[e.Context])
	case e.RecordedAt.Before(f.at):
		return "it was recorded before the event before it"
	case f.more > 0 && e.More != f.more-1:
		return fmt.Sprintf("more is %d, and %d of the change are to follow", e.More, f.more-1)
	case f.more > 0 && !e.RecordedAt.Equal(f.at):
		return "it was recorded at another time than the rest of its change"
	case f.more > 0 && begun && e.MoreOwn != own-1, e.MoreOwn > e.More:
		return fmt.Sprintf("more_own is %d, which the rest of its change contradicts", e.MoreOwn)
	case e.More == 0 && f.unfinished(e):
		return "its change ends without all the events of a context that more_own names"
	}
	return ""
}

// unknown says whether the event before it in its context is not among those that were seen.
func (f *follower) unknown(e *protocol.Envelope) bool {
	_, seen := f.last[e.Context]
	return !seen && e.Prev >= 0 && e.Prev < f.first && f.first > 1
}

// unfinished says whether the last event of a change leaves out some of another context.
func (f *follower) unfinished(last *protocol.Envelope) bool {
	if f.more == 0 {
		return false
	}
	for context, n := range f.own {
		if context != last.Context && n > 0 {
			return true
		}
	}
	return false
}
