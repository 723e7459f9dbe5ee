package eventstore

import "testing"

// A batch's Load neither waits for company nor keeps others waiting.
func TestALargeLoadGoesAlone(t *testing.T) {
	t.Parallel()
	small, large := func() *load { return &load{items: make([]wanted, 4)} }, &load{items: make([]wanted, maxItems+1)}
	r := &loader{running: 1, waiting: []*load{small(), small(), large, small(), small(), small()}}
	for i, want := range []int{2, 1, 3, 0} {
		if got := len(r.take()); got != want {
			t.Errorf("read %d has %d loads, want %d", i, got, want)
		}
	}
}
