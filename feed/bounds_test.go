package feed

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// Who reads what is not in the window waits for a place, for events and for what rights on
// them follow from; live readers do not stand in that line, nor does it wait for them.
func TestPlacesOfWhoCatchesUp(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	begin := x.append(1, 0)
	end := x.append(2*portion, 0)
	x.apply(end)
	x.beginAt(end)
	waits := errors.New("waits for a place")
	ended, end1 := context.WithCancelCause(t.Context())
	end1(waits)
	full := func() (free func()) {
		for range pastPlaces {
			x.past <- struct{}{}
		}
		return func() {
			for range pastPlaces {
				<-x.past
			}
		}
	}
	r := x.follow(begin)
	free := full()
	if _, _, err := x.Page(ended, x.admin, eventstore.Selection{UpTo: end, Limit: 10}); !errors.Is(err, waits) {
		t.Errorf("a page: %v", err)
	}
	if _, err := r.step(ended); !errors.Is(err, waits) {
		t.Errorf("a reader of events: %v", err)
	}
	free()
	x.step(r)
	free = full()
	if _, err := r.step(ended); !errors.Is(err, waits) {
		t.Errorf("a reader of rights: %v", err)
	}
	free()

	x.looking <- struct{}{} // a live reader looks, for as long as it likes
	shown := x.step(r)
	<-x.looking
	if len(shown) != portion {
		t.Fatalf("%d events are shown", len(shown))
	}
	x.step(r)
	for _, e := range r.taken {
		if e.sight.Load() != nil {
			t.Fatalf("event %d is looked at before it is shown", e.Position)
		}
	}
	defer full()()
	live := x.follow(end)
	end = x.append(1, 0)
	x.extend(end)
	x.step(live)
	if shown := x.step(live); len(shown) != 1 || shown[0].Position != end {
		t.Errorf("a live reader is shown %v", shown)
	}
}

// However large events are, a page, a reader and the window hold a bounded part of them.
func TestLargeEvents(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	const n, size = 60, 300 << 10 // more than the window holds
	begin := x.append(1, 0)
	end := x.append(n, size)
	x.apply(end)
	var got []domain.Position
	for of, more := (eventstore.Selection{After: begin, UpTo: end, Limit: 1000}), true; more; {
		shown, next, err := x.Page(t.Context(), x.admin, of)
		if err != nil {
			t.Fatal(err)
		}
		if len(shown)*size > 2*pageBytes {
			t.Errorf("a page of %d events", len(shown))
		}
		for _, e := range shown {
			got = append(got, e.Position)
		}
		if more = next != nil; more {
			of, more = of.Rest(*next)
		}
	}
	if len(got) != n || got[0] != begin+1 || got[n-1] != end {
		t.Errorf("pages had %v", got)
	}
	x.beginAt(begin)
	x.extend(end)
	live := x.follow(begin)
	x.mu.Lock()
	if x.from != end || x.to != end {
		t.Errorf("the window begins at %d, which is not read in vain, and ends at %d", x.from, x.to)
	}
	x.beginAt(end)
	x.mu.Unlock()
	for _, r := range []*Reader{live, x.follow(begin)} {
		for at := begin; at < end; {
			for _, e := range x.step(r) {
				if at++; e.Position != at {
					t.Fatalf("event %d, want %d", e.Position, at)
				}
			}
			if most := portionBytes/size + 1; len(r.taken) > most {
				t.Fatalf("a reader holds %d events", len(r.taken))
			}
		}
	}
}

// What the window holds is bounded, and of it what a reader does.
func TestWindowIsBounded(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	grow := func(n, size int) {
		events := make([]*event, n)
		for i := range events {
			events[i] = &event{Envelope: protocol.Envelope{Position: x.to + domain.Position(i) + 1, Data: make([]byte, size)}}
		}
		x.grow(events, x.to+domain.Position(n))
	}
	grow(windowEvents, 1)
	grow(1000, 1)
	r := x.follow(x.to - 1000)
	x.step(r)
	if len(x.window) != windowEvents || x.from != 1000 || cap(r.taken) > portion || len(r.taken) != portion {
		t.Errorf("the window has %d events behind %d, a reader %d", len(x.window), x.from, cap(r.taken))
	}
	grow(40, 1<<20)
	r = x.follow(x.to - 5)
	x.step(r)
	if x.size > windowBytes || len(x.window) != 16 || len(r.taken) != 1 {
		t.Errorf("the window has %d events of %d bytes, a reader %d", len(x.window), x.size, len(r.taken))
	}
}

// The window ends where the read models do, and where the log does whatever they are said to
// have.
func TestWindowEndsWithTheReadModels(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	begin := x.append(1, 0)
	x.beginAt(begin)
	end := x.append(3, 0)
	ahead := x.append(3, 0)
	x.appliedBy(ahead, rightsFollow[0])
	x.extend(end)
	if x.to != end || len(x.window) != 3 || x.window[2].Position != end {
		t.Errorf("the window has %d events up to %d, want %d", len(x.window), x.to, end)
	}
	x.apply(end + 10)
	if err := x.advance(t.Context()); !errors.Is(err, errBeyond) || x.to != end {
		t.Errorf("%v, the window ends at %d", err, x.to)
	}
}

// The window never ends inside a change, also of one that is read from the log in parts.
func TestWindowHasWholeChanges(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	begin := x.append(1, 0)
	x.beginAt(begin)
	end := x.append(30, 300<<10)
	_, _, _, news := x.behind(begin)
	var first domain.Position
	var waiting sync.WaitGroup
	waiting.Go(func() {
		<-news
		first, _ = x.end()
	})
	x.extend(end)
	if waiting.Wait(); first != end {
		t.Errorf("the window ended at %d, inside of the change up to %d", first, end)
	}
}

// What rights follow from is read anew once it is too old, and once for all who want it then.
func TestSightGrowsOld(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	end := x.append(1, 0)
	events, _, err := x.selected(t.Context(), eventstore.Selection{After: end - 1, UpTo: end, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	look := func() *sight {
		if err := x.look(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		return events[0].sight.Load()
	}
	old := look()
	old.at = old.at.Add(-sightLife)
	young := look()
	if young == old {
		t.Error("what is too old is not read anew")
	}
	young.at = young.at.Add(testkit.Patience)
	if look() != young {
		t.Error("what is young is read again")
	}
}

// A log that grows by much at once cuts no reader, and neither does one that does so again before
// the reader has caught up.
func TestLeapCutsNobody(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	at := x.append(1, 0)
	x.beginAt(at)
	r := x.follow(at)
	at = x.append(1, 0)
	x.extend(at)
	x.step(r)
	if x.step(r); r.at != at || !r.live {
		t.Fatalf("the reader is at %d", r.at)
	}
	end := at
	for range 2 {
		end = x.append(MostBehind*3/5, 0)
		x.extend(end)
		for _, e := range append(x.step(r), x.step(r)...) {
			if at++; e.Position != at {
				t.Fatalf("event %d, want %d", e.Position, at)
			}
		}
	}
	for at < end {
		for _, e := range x.step(r) {
			if at++; e.Position != at {
				t.Fatalf("event %d, want %d", e.Position, at)
			}
		}
	}
}

// An event is shown with the name that its zone has now.
func TestEventIsNamedByNow(t *testing.T) {
	t.Parallel()
	x := newFixture(t)
	e := &event{decoded: dns.RecordAdded{ID: 1, ZoneID: 1, Record: dns.RecordData{Host: "www"}}, data: []byte("{}")}
	e.subject, _ = subjectOf(e.decoded)
	for _, zone := range []string{"a.com", "b.com", "b.com"} {
		shown, err := x.shownWhole(t.Context(), e, &sight{zone: zone})
		if err != nil || !strings.Contains(string(shown.JSON), `"www.`+zone+`"`) {
			t.Errorf("%s: %v %s", zone, err, shown.JSON)
		}
	}
}
