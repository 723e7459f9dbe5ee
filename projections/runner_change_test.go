package projections

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// large is more events than a transaction has where changes do not matter.
const large = 2*batchEvents + 7

// whole is a diary that finds out when it is to end inside a change.
func whole(t *testing.T) *diary {
	return &diary{after: func(events []domain.Recorded) {
		if last := events[len(events)-1]; last.More > 0 {
			t.Errorf("a transaction ends with event %d, and %d more of its change follow", last.Position, last.More)
		}
	}}
}

// No transaction ends inside a change, wherever its events come from: Postgres, this
// process, the stream, or the log read for a rebuild.
func TestNothingEndsInsideAChange(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	changes := func(store *eventstore.Store) (last domain.Position) {
		from := *p
		from.store = store
		for _, n := range []int{3, large, 1, 2, batchEvents - 1, 3} {
			last = from.tell(t, mixed(n)...)
		}
		return last
	}
	last := changes(p.store)
	r := p.process(t, whole(t))
	r.await(t, last)
	r.await(t, changes(p.store))
	other := openStore(t, p.pool, testCodec(true))
	testkit.Background(t, other.Run)
	testkit.Background(t, eventstore.NewRelay(other, p.js, slog.New(slog.DiscardHandler), nil).Run)
	for range 2 {
		r.await(t, changes(other))
	}
	p.complete(t, 1)
	r.stop()
	again := whole(t)
	again.version = 2
	if err := Prepare(t.Context(), p.pool, p.store, again); err != nil {
		t.Fatal(err)
	}
	p.complete(t, 2)
}

// The checkpoint stays out of a change, too, of which another context has the rest.
func TestCheckpointIsAChangesEnd(t *testing.T) {
	t.Parallel()
	var b batch
	for _, e := range []protocol.Envelope{
		{Position: 1, Context: domain.ContextDNS}, {Position: 2, Context: domain.ContextDNS, More: 2}, {Position: 3, Context: domain.ContextOps, More: 1},
	} {
		b.pass(&e, domain.ContextDNS)
	}
	if b.whole != 1 || !b.inside() || b.endBefore(b.to+1) != 1 {
		t.Errorf("%+v", b)
	}
	b.pass(&protocol.Envelope{Position: 4, Context: domain.ContextOps}, domain.ContextDNS)
	if b.whole != 2 || b.inside() || b.endBefore(b.to+1) != 4 || b.endBefore(4) != 1 || b.endBefore(1) != 0 {
		t.Errorf("%+v", b)
	}
}

// What cannot be applied keeps all of its change out, and nothing of the changes before.
func TestPoisonKeepsItsChangeOut(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	m := whole(t)
	m.refuse = func(e domain.Recorded) error {
		if e.Event.(told).Text == "poison" {
			return errRefused
		}
		return nil
	}
	p.tell(t, told{"a"}, told{"b"})
	p.tell(t, passed{}, told{"c"}, told{"poison"}, told{"d"})
	p.tell(t, told{"e"}, told{"f"})
	r := p.process(t, m)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := r.Wait(ctx, domain.ContextDNS, 6); !errors.Is(err, ErrPoisoned) {
		t.Errorf("waiting for the change: %v", err)
	}
	if at := r.Applied(domain.ContextDNS); at != 2 {
		t.Errorf("%d is applied, want 2", at)
	}
	row, err := readCheckpoint(t.Context(), p.pool, "dns")
	if err != nil || row.position != 2 {
		t.Errorf("the checkpoint is at %d, %v", row.position, err)
	}
}
