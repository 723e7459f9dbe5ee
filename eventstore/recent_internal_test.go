package eventstore

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// logged is an event as the test remembers it.
type logged struct {
	position domain.Position
	tag      domain.Tag
	typ      string
}

// Where the recent events cover a condition, they tell what a look at all events would.
func TestRecentEvents(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	tagOf := func() domain.Tag { return domain.Tag(fmt.Sprintf("t%d", random.IntN(40))) }
	typeOf := func() string { return fmt.Sprintf("T%d", random.IntN(3)) }
	var recent recentEvents
	var log []logged
	head, covered, broken := domain.Position(0), 0, 0
	grow := func(n int, ours bool) {
		var events []protocol.Envelope
		for range n {
			head++
			e := protocol.Envelope{Position: head, Type: typeOf(), Tags: []domain.Tag{tagOf()}}
			events, log = append(events, e), append(log, logged{head, e.Tags[0], e.Type})
		}
		if ours {
			recent.add(head-domain.Position(n), events, tagRowsOf(events))
		}
	}
	for range 400 {
		grow(1+random.IntN(300), random.IntN(150) > 0)
		if recent.upTo != head {
			continue // the head is not where the recent events end: they are not asked
		}
		for range 20 {
			c := on(tagOf(), domain.Position(random.Int64N(int64(head)+1)), typeOf(), typeOf())
			switch random.IntN(3) {
			case 0:
				c.after = max(0, head-domain.Position(random.IntN(60)))
			case 1: // around the seam of the generations
				c.after = max(0, recent.middle-domain.Position(random.IntN(120)))
			}
			if !recent.covers(&c) {
				continue
			}
			covered++
			want := matches(log, &c)
			if got := recent.breaks(&c); got != want {
				t.Fatalf("head %d, recent events from %d: %s after %d is broken: %v, want %v", head, recent.after, c.tag, c.after, got, want)
			}
			if want {
				broken++
			}
		}
	}
	if covered < 1000 || broken < 100 || broken == covered {
		t.Errorf("%d conditions were covered, %d of them broken: the test proves little", covered, broken)
	}
	if recent.after == 0 {
		t.Error("nothing is forgotten")
	}
}

func matches(log []logged, c *condition) bool {
	for _, e := range log {
		if e.position > c.after && e.tag == c.tag && c.types.contains(e.typ) {
			return true
		}
	}
	return false
}

// The recent events cannot tell of events before them, nor of all types of a tag.
func TestRecentEventsCover(t *testing.T) {
	t.Parallel()
	var recent recentEvents
	inside, before, all := on("x", 5, "T"), on("x", 4, "T"), on("x", 5)
	if recent.covers(&inside) {
		t.Error("something is covered without events")
	}
	recent.add(5, nil, nil)
	for c, want := range map[*condition]bool{&inside: true, &before: false, &all: false} {
		if recent.covers(c) != want {
			t.Errorf("%+v is covered: %v", *c, !want)
		}
	}
}

// Events of many tags do not take more room than many events.
func TestRecentEventsOfManyTags(t *testing.T) {
	t.Parallel()
	var recent recentEvents
	for n := range 3 * generationTags / 64 {
		e := protocol.Envelope{Position: domain.Position(n + 1), Type: "T"}
		for tag := range 64 {
			e.Tags = append(e.Tags, domain.Tag(fmt.Sprintf("t%d/%d", n, tag)))
		}
		events := []protocol.Envelope{e}
		recent.add(domain.Position(n), events, tagRowsOf(events))
	}
	if kept := len(recent.newer.typed) + len(recent.older.typed); kept > 2*generationTags+64 || kept < generationTags || recent.after == 0 {
		t.Errorf("%d tags are kept, of events from %d on", kept, recent.after)
	}
}
