package eventstore

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// A generation of the recent events holds about so many events, or tags where events have
// many. Two generations are some seconds of a busy log, and a few megabytes.
const (
	generationEvents = 16_384
	generationTags   = 4 * generationEvents
)

// recentEvents are the tags of the events that the writer appended last. While nobody
// else appends, they tell as much about those events as the tag index.
//
// Invariants:
//  1. They are those of all events of after < position ≤ upTo, whoever appended them:
//     an append that does not continue at upTo begins anew.
type recentEvents struct {
	after, upTo domain.Position
	// Two generations: the older one begins at after, the newer one at middle.
	older, newer generation
	middle       domain.Position
}

// generation has the last position under each tag, and that of each type under the
// tag. Most often the tag's last position tells enough: nothing has come since.
type generation struct {
	last  map[int64]domain.Position
	typed map[typedTag]domain.Position
}

func newGeneration(size int) generation {
	return generation{make(map[int64]domain.Position, size), make(map[typedTag]domain.Position, size)}
}

func (g *generation) add(row tagRow) {
	key := typedTag{row.hash, row.typ}
	g.last[row.hash], g.typed[key] = max(g.last[row.hash], row.position), max(g.typed[key], row.position)
}

// breaks says whether an event of the generation matches a condition with types.
func (g *generation) breaks(c *condition) bool {
	return g.last[c.hash] > c.after && slices.ContainsFunc(c.types.codes, func(typ int32) bool {
		return g.typed[typedTag{c.hash, typ}] > c.after
	})
}

// typedTag stands for a tag and a type as the tag index does.
type typedTag struct {
	tag int64
	typ int32
}

// add takes the events that were appended behind the head.
func (r *recentEvents) add(head domain.Position, events []protocol.Envelope, tags []tagRow) {
	if r.newer.last == nil || head != r.upTo {
		*r = recentEvents{after: head, upTo: head, middle: head, newer: newGeneration(0)}
	}
	for _, row := range tags {
		r.newer.add(row)
	}
	r.upTo += domain.Position(len(events))
	if r.upTo-r.middle > generationEvents || len(r.newer.typed) > generationTags {
		r.after, r.older = r.middle, r.newer
		r.middle, r.newer = r.upTo, newGeneration(len(r.older.typed))
	}
}

// covers says whether the recent events alone can tell if a condition holds.
func (r *recentEvents) covers(c *condition) bool {
	return r.newer.last != nil && c.after >= r.after && len(c.types.codes) > 0
}

// breaks says whether a recent event matches a condition that is covered.
func (r *recentEvents) breaks(c *condition) bool { return r.newer.breaks(c) || r.older.breaks(c) }

// conflicts finds the entries of which a recent event breaks a condition.
func (r *recentEvents) conflicts(batch []*entry) map[int32]bool {
	found := map[int32]bool{}
	for i, e := range batch {
		for j := range e.conditions {
			if c := &e.conditions[j]; r.covers(c) && r.breaks(c) {
				found[int32(i)] = true
				break
			}
		}
	}
	return found
}
