package rowset_test

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/projections/rowset"
)

type row struct {
	key  int
	text string
}

func TestSet(t *testing.T) {
	t.Parallel()
	s := rowset.New("row", func(r row) int { return r.key })
	for key := range 4 {
		s.Loaded(row{key, fmt.Sprint("stored", key)})
	}
	s.Put(row{1, "altered"})
	s.Drop(2)
	s.Drop(3)
	s.Put(row{3, "back"})
	s.Put(row{5, "made"})
	s.Drop(5)
	s.Put(row{1, "altered again"})
	if err := s.Add(row{6, "added"}); err != nil {
		t.Error(err)
	}
	for key, want := range map[int]string{0: "stored0", 1: "altered again", 3: "back", 6: "added"} {
		if found, err := s.Find(key); err != nil || found.text != want {
			t.Errorf("row %d is %v, %v, want %q", key, found, err, want)
		}
		if err := s.Add(row{key, "twice"}); err == nil || err.Error() != fmt.Sprintf("row %d exists", key) {
			t.Errorf("row %d was added twice: %v", key, err)
		}
	}
	for _, key := range []int{2, 4, 5} {
		if _, err := s.Find(key); err == nil || err.Error() != fmt.Sprintf("row %d does not exist", key) {
			t.Errorf("row %d was found: %v", key, err)
		}
	}
	added, altered, dropped := s.Writes()
	if got := fmt.Sprint(added, altered, dropped); got != "[{3 back} {6 added}] [{1 altered again}] [{2 stored2} {3 back}]" {
		t.Error(got)
	}
}
