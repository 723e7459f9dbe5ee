package bind

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// The frontier is what a look at every unit would say, whatever happens to them.
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
			if owes := units[i].owes(); owes != 0 {
				want = min(want, owes-1)
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
	q := queue{ready: sync.NewCond(&mu), coldLimit: 1, open: true}
	mu.Lock()
	defer mu.Unlock()
	a, b, c := &site{}, &site{}, &site{}
	q.put(a, false)
	q.put(b, false)
	q.put(c, true)
	if s, cold := q.get(); s != c || cold {
		t.Fatal("a change must go before comparisons")
	}
	if s, cold := q.get(); s != a || !cold {
		t.Fatal("then the first comparison")
	}
	if s, _ := q.next(); s != nil {
		t.Fatal("comparisons must not take all workers")
	}
	// invariant 1: what comes while a site is worked on brings it back, and only then
	q.put(c, true)
	if s, _ := q.next(); s != nil {
		t.Fatal("a site was handed out twice")
	}
	q.done(c, false)
	// invariant 2
	q.open = false
	if s, _ := q.next(); s != nil {
		t.Fatal("the gate is shut")
	}
	q.unshut()
	if s, _ := q.get(); s != c {
		t.Fatal("the change came back to nobody")
	}
	q.close()
	if s, _ := q.get(); s != nil {
		t.Fatal("a closed queue hands out nothing")
	}
}
