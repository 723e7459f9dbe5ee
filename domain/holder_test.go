package domain_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
)

func TestHolder(t *testing.T) {
	t.Parallel()
	var h domain.Holder[int64]
	for i, step := range []struct {
		id    int64
		holds bool
		by    int64
	}{
		{1, false, 0}, {1, true, 1}, {2, false, 1}, {2, true, 2}, {1, false, 2}, {2, false, 0},
	} {
		h.Set(step.id, step.holds)
		var restored domain.Holder[int64]
		restored.Restore(h.Snapshot())
		if h.HeldBy() != step.by || restored != h {
			t.Errorf("step %d: held by %d, want %d; restored %d", i, h.HeldBy(), step.by, restored.HeldBy())
		}
		if h.HeldByOther(2) != (step.by == 1) || h.HeldByOther(0) != (step.by != 0) {
			t.Errorf("step %d: by another than 2: %v", i, h.HeldByOther(2))
		}
	}
}
