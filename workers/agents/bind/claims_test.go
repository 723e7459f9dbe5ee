package bind

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// The oldest claim is that with the least id of those that there are, and those that went are forgotten.
func TestClaims(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng, c, want := rand.New(rand.NewPCG(seed, 1)), claims{}, map[int64]string{}
		for step := range 500 {
			id := rng.Int64N(40)
			if _, has := want[id]; has {
				c.remove(id)
				delete(want, id)
			} else if step%100 < 80 {
				want[id] = fmt.Sprint(step)
				c.add(logRecord{id: id, rdata: want[id], kept: true})
			}
			c.remove(100)
			if rng.IntN(4) > 0 { // some come before it is asked for
				continue
			}
			got, some := c.oldest()
			if some != (len(want) > 0) {
				t.Fatalf("seed %d, step %d: there are %d, and one is found: %v", seed, step, len(want), some)
			}
			if least := slices.Sorted(maps.Keys(want)); some && (got.id != least[0] || got.rdata != want[got.id]) {
				t.Fatalf("seed %d, step %d: the oldest is %v, want %d", seed, step, got, least[0])
			}
			if len(c.all)-c.gone != len(want) || c.gone > len(want) {
				t.Fatalf("seed %d, step %d: of %d claims %d went, want %d left", seed, step, len(c.all), c.gone, len(want))
			}
		}
	}
}

// What becomes of one of many claims copies none of the others. The test runs alone, since it counts.
func TestClaimsAreNotCopied(t *testing.T) {
	var c claims
	for id := range int64(10_000) {
		c.add(logRecord{id: id, rdata: "x", kept: true})
	}
	allocations := testing.AllocsPerRun(100, func() {
		c.remove(5000)
		c.add(logRecord{id: 5000, rdata: "y", kept: true})
		c.oldest()
	})
	if allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
}
