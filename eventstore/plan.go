package eventstore

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// inspection is what the database says under the head's lock.
type inspection struct {
	head storedHead
	// known are the keyed commands of the batch that were carried out before.
	known map[uuid.UUID]storedCommand
	// conflicts are the entries of which a condition does not hold.
	conflicts map[int32]bool
	// first is the event at the position where the previous attempt's batch began, if any.
	first uuid.UUID
	// term is the writer's: that of the entries of other processes which may be appended.
	term uint64
	// places are those of the events of doubtful entries that are in the log.
	places map[uuid.UUID]place
}

// plan is what one transaction will append, and what each entry will be told.
//
// Invariants:
//  1. The events' positions follow the head without a gap, and prev is the
//     position of the event before in the same context.
//  2. No entry is in it whose condition an earlier entry of the plan breaks.
//  3. Each keyed command is in it once, and only if it is not known.
type plan struct {
	batch   []*entry
	answers []answer // one for each entry
	events  []protocol.Envelope
	tags    []tagRow // of the events
	keyed   []storedCommand
	head    Head // after the append
}

// makePlan decides, in the order of arrival, which entries are appended.
func makePlan(batch []*entry, seen inspection, now time.Time) *plan {
	p := &plan{batch: batch, answers: make([]answer, len(batch)), head: nextHead(seen.head.Head, now)}
	p.makeRoom()
	fresh := watch(batch)
	keyed := map[uuid.UUID]*entry{}
	for i, e := range batch {
		known, replayed := seen.known[e.commandID]
		appended := e.appendedAs(seen.places)
		switch {
		case appended != nil:
			p.answers[i].events = appended
		case e.keyed && replayed:
			p.answers[i].stored = &known
		case e.keyed && keyed[e.commandID] != nil:
			p.answers[i].err = repeated(e, keyed[e.commandID])
		case seen.conflicts[int32(i)] || beyond(e.conditions, seen.head.Position) || fresh.breaks(e.conditions):
			p.answers[i].err = errConflict
		case !e.mayAppend(seen.term):
			p.answers[i].err, p.answers[i].term = errTermOver, seen.term
		default:
			if e.keyed {
				keyed[e.commandID] = e
			}
			p.accept(i, e)
			fresh.add(e.events)
		}
	}
	return p
}

// makeRoom makes room for all that the batch may append.
func (p *plan) makeRoom() {
	events, tags, keyed := 0, 0, 0
	for _, e := range p.batch {
		events, tags = events+len(e.events), tags+len(e.tags)
		if e.keyed {
			keyed++
		}
	}
	p.events, p.tags, p.keyed = make([]protocol.Envelope, 0, events), make([]tagRow, 0, tags), make([]storedCommand, 0, keyed)
}

// repeated answers the second of two entries with one command id in one batch. The
// second one is decided again, and then finds what became of the first.
func repeated(second, first *entry) error {
	c := storedCommand{fingerprint: first.fingerprint}
	if err := c.check(second.fingerprint); err != nil {
		return err
	}
	return errConflict
}

// nextHead copies the head and gives the batch its time, which never decreases.
func nextHead(h Head, now time.Time) Head {
	next := Head{Position: h.Position, RecordedAt: now.UTC().Truncate(time.Microsecond), Last: map[domain.Context]domain.Position{}}
	if next.RecordedAt.Before(h.RecordedAt) {
		next.RecordedAt = h.RecordedAt
	}
	for context, last := range h.Last {
		next.Last[context] = last
	}
	return next
}

// accept gives the entry's events their places. The entry's own events stay as
// they are, the plan may be thrown away and made again.
func (p *plan) accept(i int, e *entry) {
	from, before := len(p.events), p.head.Position
	for _, r := range e.tags {
		r.position += before
		p.tags = append(p.tags, r)
	}
	for _, event := range e.events {
		p.head.Position++
		event.Position, event.Prev, event.RecordedAt = p.head.Position, p.head.Last[event.Context], p.head.RecordedAt
		p.head.Last[event.Context] = event.Position
		p.events = append(p.events, event)
	}
	p.answers[i].events = p.events[from:len(p.events):len(p.events)]
	if e.keyed {
		c := storedCommand{id: e.commandID, fingerprint: e.fingerprint, refusal: e.refusal, warnings: e.warnings}
		if own := p.answers[i].events; len(own) > 0 {
			c.first, c.last = own[0].Position, own[len(own)-1].Position
		}
		p.keyed = append(p.keyed, c)
	}
}

// beyond says whether a condition begins after the log's end, which happens when the
// database fell back. The decision is then taken again, on what the log holds now.
func beyond(conditions []condition, head domain.Position) bool {
	return slices.ContainsFunc(conditions, func(c condition) bool { return c.after > head })
}

// empty says that there is nothing to commit.
func (p *plan) empty() bool { return len(p.events) == 0 && len(p.keyed) == 0 }

// committedAs says whether the event found at the place where the plan's batch
// would begin is the plan's own. A plan without events is recognized by its command ids.
func (p *plan) committedAs(first uuid.UUID) bool { return len(p.events) > 0 && p.events[0].ID == first }

// tell answers all entries.
func (p *plan) tell() {
	for i, e := range p.batch {
		e.done <- p.answers[i]
	}
}

// watched maps the tags in a batch's conditions to the types that the batch
// itself writes under them.
type watched map[domain.Tag][]string

func watch(batch []*entry) watched {
	w := watched{}
	if len(batch) < 2 {
		return w
	}
	for _, e := range batch {
		for _, c := range e.conditions {
			w[c.tag] = nil
		}
	}
	return w
}

func (w watched) add(events []protocol.Envelope) {
	for i := range events {
		for _, t := range events[i].Tags {
			if types, ok := w[t]; ok && !slices.Contains(types, events[i].Type) {
				w[t] = append(types, events[i].Type)
			}
		}
	}
}

// breaks says whether an event of this batch matches a condition. All of them
// lie after the condition's position, which is at most the old head.
func (w watched) breaks(conditions []condition) bool {
	for _, c := range conditions {
		if slices.ContainsFunc(w[c.tag], c.types.contains) {
			return true
		}
	}
	return false
}
