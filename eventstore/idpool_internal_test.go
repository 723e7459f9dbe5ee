package eventstore

import (
	"slices"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// Ids are drawn in advance as fast as they are taken, handed out once, and not kept.
func TestIDPool(t *testing.T) {
	t.Parallel()
	r := newIDPool()
	now := time.Now()
	for _, c := range []struct {
		after time.Duration
		taken int
		want  int
	}{
		{time.Hour, 1, 0},
		{time.Second, 100, 8}, // a hundred a second
		{time.Second, 1, 0},
		{time.Millisecond, busyAfter - 2, 0}, // few in a row, however fast
		{10 * time.Millisecond, 10, 80},
		{busyPause, 400, 100},
		{time.Millisecond, 10_000, maxPooled},
		{time.Second, 1, 0},
	} {
		now = now.Add(c.after)
		if n := r.more("zone", c.taken, now); n != c.want {
			t.Errorf("%d taken after %s: %d in advance, want %d", c.taken, c.after, n, c.want)
		}
	}
	r.put("zone", []int64{5, 6, 7}, time.Now())
	wants, got := map[domain.Sequence]int{"zone": 2}, map[domain.Sequence][]int64{}
	if missing := r.take(wants, got); len(missing) != 0 || !slices.Equal(got["zone"], []int64{5, 6}) {
		t.Errorf("took %v, missing %v", got, missing)
	}
	if missing := r.take(wants, got); missing["zone"] != 2 || len(got["zone"]) != 2 {
		t.Errorf("one is left for two: took %v, missing %v", got, missing)
	}
	r.put("zone", []int64{8, 9}, time.Now().Add(-2*idLife))
	if missing := r.take(wants, got); missing["zone"] != 2 {
		t.Errorf("old ids were handed out: %v", got)
	}
	r.put("zone", []int64{10, 11}, time.Now())
	r.forget("zone")
	if missing := r.take(wants, got); missing["zone"] != 2 {
		t.Errorf("forgotten ids were handed out: %v", got)
	}
}
