package eventstore

import (
	"slices"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// Ids are drawn in advance as fast as they are taken, handed out once, and not kept.
func TestReserve(t *testing.T) {
	t.Parallel()
	r := newReserve()
	now := time.Now()
	if n := r.more("zone", 1, now); n != 0 {
		t.Errorf("the first draw takes %d in advance", n)
	}
	if n := r.more("zone", 1, now.Add(time.Second)); n != 0 {
		t.Errorf("one a second: %d in advance", n)
	}
	if n := r.more("zone", 10, now.Add(time.Second+10*time.Millisecond)); n != 80 {
		t.Errorf("1000 a second: %d in advance, want 80", n)
	}
	if n := r.more("zone", 10_000, now.Add(time.Second+11*time.Millisecond)); n != maxReserve {
		t.Errorf("very many: %d in advance", n)
	}
	r.put("zone", []int64{5, 6, 7}, time.Now())
	wants, got := map[domain.Sequence]int{"zone": 2}, map[domain.Sequence][]int64{}
	if missing := r.take(wants, got); len(missing) != 0 || !slices.Equal(got["zone"], []int64{5, 6}) {
		t.Errorf("took %v, missing %v", got, missing)
	}
	if missing := r.take(wants, got); missing["zone"] != 2 || len(got["zone"]) != 2 {
		t.Errorf("one is left for two: took %v, missing %v", got, missing)
	}
	r.put("zone", []int64{8, 9}, time.Now().Add(-2*reserveLife))
	if missing := r.take(wants, got); missing["zone"] != 2 {
		t.Errorf("old ids were handed out: %v", got)
	}
	r.put("zone", []int64{10, 11}, time.Now())
	r.forget("zone")
	if missing := r.take(wants, got); missing["zone"] != 2 {
		t.Errorf("forgotten ids were handed out: %v", got)
	}
}
