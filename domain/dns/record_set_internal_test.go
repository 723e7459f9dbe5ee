package dns

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// A set is what a map would be, few or many, and its copies stay as they were.
func TestRecordSet(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var set, copied recordSet
		want, wantCopied := map[int64]placedRecord{}, map[int64]placedRecord{}
		for step := range domain.Position(40) {
			switch id := r.Int64N(8); r.IntN(4) {
			case 0:
				set.remove(id)
				delete(want, id)
			case 1:
				copied, wantCopied = set.clone(), maps.Clone(want)
			default:
				want[id] = placed(RecordData{}, step)
				set.put(id, want[id])
			}
			if got := maps.Collect(set.all()); !maps.Equal(got, want) || set.single() != (len(want) <= 1) {
				t.Fatalf("step %d: %v, want %v", step, got, want)
			}
			if got := maps.Collect(copied.all()); !maps.Equal(got, wantCopied) {
				t.Fatalf("step %d: the copy has %v, want %v", step, got, wantCopied)
			}
		}
	}
}
