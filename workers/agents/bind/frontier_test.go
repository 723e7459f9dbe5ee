package bind

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// The frontier agrees with a look at every unit, whatever happens to them.
func TestFrontierAgreesWithALookAtAll(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var (
		f     frontier
		units [8]pending
		seen  domain.Position
	)
	for range 20000 {
		u := &units[rng.IntN(len(units))]
		switch rng.IntN(5) {
		case 0:
			seen++
			if u.waiting == 0 {
				u.waiting = seen
			}
		case 1:
			u.begin()
		case 2:
			u.succeed()
		case 3:
			u.postpone()
		case 4:
			u.fail("no", seen)
		}
		f.note(u)
		want := seen
		for i := range units {
			if p := units[i].unapplied(); p != 0 {
				want = min(want, p-1)
			}
		}
		if got := f.applied(seen); got != want {
			t.Fatalf("applied %d, want %d: %+v", got, want, units)
		}
	}
	if len(f.entries) > 10*len(units) {
		t.Errorf("%d entries for %d units", len(f.entries), len(units))
	}
}

func TestQueueInvariants(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	q := queue{ready: sync.NewCond(&mu), backgroundLimit: 1, open: true}
	mu.Lock()
	defer mu.Unlock()
	a, b, c := &zoneInView{}, &zoneInView{}, &zoneInView{}
	q.put(a, false)
	q.put(b, false)
	q.put(c, true)
	if z, background := q.get(); z != c || background {
		t.Fatal("a change must go before comparisons")
	}
	if z, background := q.get(); z != a || !background {
		t.Fatal("then the first comparison")
	}
	if z, _ := q.next(); z != nil {
		t.Fatal("comparisons must not take all workers")
	}
	// invariant 1: a change that comes while a zone is worked on queues it again, but
	// only afterwards
	q.put(c, true)
	if z, _ := q.next(); z != nil {
		t.Fatal("a zone was handed out twice")
	}
	q.done(c, false)
	// invariant 2
	q.open = false
	if z, _ := q.next(); z != nil {
		t.Fatal("the queue is not open")
	}
	q.resume()
	if z, _ := q.get(); z != c {
		t.Fatal("the change came back to nobody")
	}
	q.close()
	if z, _ := q.get(); z != nil {
		t.Fatal("a closed queue hands out nothing")
	}
}
