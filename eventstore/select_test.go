package eventstore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// Select finds what a look at each event finds, whatever is asked for, from both ends, in
// parts of any size, over partitions, and within the width that one call may look at.
func TestSelect(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t), func(c *eventstore.Config) { c.PartitionSize = 40 })
	rng := rand.New(rand.NewPCG(1, 2))
	tags := []domain.Tag{"a", "b", "c", "d"}
	for i := range 60 {
		var events []domain.Event
		for range 1 + rng.IntN(4) {
			on := slices.Clone(tags[rng.IntN(3):][:1+rng.IntN(2)])
			if rng.IntN(2) == 0 {
				events = append(events, noted{On: on})
			} else {
				events = append(events, booked{noted{On: on}})
			}
		}
		_, err := s.Execute(t.Context(), eventstore.Request{Command: note(events...), Actor: domain.UserID(7 + i%3), Door: domain.DoorV1})
		if err != nil {
			t.Fatal(err)
		}
	}
	all := wholeLog(t, s)
	head := all[len(all)-1].Position
	for round := range 300 {
		after := domain.Position(rng.IntN(int(head)))
		of := eventstore.Selection{After: after, UpTo: after + domain.Position(rng.IntN(int(head-after)+1)), Newest: rng.IntN(2) == 0}
		of.Limit, of.Bytes, of.Width = 1+rng.IntN(20), rng.IntN(2)*rng.IntN(200), domain.Position(1+rng.IntN(60))
		for range rng.IntN(3) {
			of.Types = append(of.Types, []string{"Noted", "Booked", "Taken"}[rng.IntN(3)])
		}
		for range rng.IntN(3) {
			of.Tags = append(of.Tags, tags[rng.IntN(4)])
		}
		if rng.IntN(3) == 0 {
			of.Actors = []domain.UserID{7, 9}[:rng.IntN(3)]
		}
		of.Context = []domain.Context{"", domain.ContextDNS, domain.ContextOps}[rng.IntN(3)]
		var want, got []domain.Position
		for _, e := range all {
			if e.Position > of.After && e.Position <= of.UpTo && of.Matches(&e) {
				want = append(want, e.Position)
			}
		}
		if of.Newest {
			slices.Reverse(want)
		}
		for rest, more := of, true; more; {
			events, reached, err := s.Select(t.Context(), rest)
			if err != nil {
				t.Fatal(err)
			}
			if len(events) > of.Limit {
				t.Errorf("round %d: %d events, the limit is %d", round, len(events), of.Limit)
			}
			if n := len(events); of.Bytes > 0 && n > 1 && protocol.DataSize(events[:n-1]) >= of.Bytes {
				t.Errorf("round %d: %d bytes, the limit is %d", round, protocol.DataSize(events), of.Bytes)
			}
			for _, e := range events {
				got = append(got, e.Position)
			}
			if looked := rest.UpTo - reached; !of.Newest && len(of.Tags) == 0 && of.Actors == nil && reached-rest.After > of.Width ||
				of.Newest && len(of.Tags) == 0 && of.Actors == nil && looked > of.Width {
				t.Errorf("round %d: looked further than %d: from %+v to %d", round, of.Width, rest, reached)
			}
			rest, more = rest.Rest(reached)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("round %d, %+v:\ngot  %v\nwant %v", round, of, got, want)
		}
	}
}

// FirstSince is the first event of a time or later.
func TestFirstSince(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	for range 20 {
		execute(t, s, note(noted{}, noted{}))
	}
	all := wholeLog(t, s)
	head := all[len(all)-1].Position
	for _, e := range all {
		first := slices.IndexFunc(all, func(o protocol.Envelope) bool { return !o.RecordedAt.Before(e.RecordedAt) })
		got, err := s.FirstSince(t.Context(), head, e.RecordedAt)
		if err != nil || got != all[first].Position {
			t.Errorf("%d %v, want %d", got, err, all[first].Position)
		}
	}
	for at, want := range map[time.Time]domain.Position{{}: 1, all[len(all)-1].RecordedAt.Add(time.Microsecond): head + 1} {
		if got, err := s.FirstSince(t.Context(), head, at); err != nil || got != want {
			t.Errorf("%v: %d %v, want %d", at, got, err, want)
		}
	}
}
