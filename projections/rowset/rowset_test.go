package rowset_test

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/projections/rowset"
)

func TestSet(t *testing.T) {
	t.Parallel()
	s := rowset.New[int, string]("row")
	for key := range 4 {
		s.Loaded(key, fmt.Sprint("stored", key))
	}
	s.Put(1, "altered")
	s.Drop(2)
	s.Drop(3)
	s.Put(3, "back")
	s.Put(5, "made")
	s.Drop(5)
	s.Put(1, "altered again")
	if err := s.Add(6, "added"); err != nil {
		t.Error(err)
	}
	for key, want := range map[int]string{0: "stored0", 1: "altered again", 3: "back", 6: "added"} {
		if row, err := s.Find(key); err != nil || row != want {
			t.Errorf("row %d is %q, %v, want %q", key, row, err, want)
		}
		if err := s.Add(key, "twice"); err == nil || err.Error() != fmt.Sprintf("row %d exists", key) {
			t.Errorf("row %d was added twice: %v", key, err)
		}
	}
	for _, key := range []int{2, 4, 5} {
		if _, err := s.Find(key); err == nil || err.Error() != fmt.Sprintf("row %d does not exist", key) {
			t.Errorf("row %d was found: %v", key, err)
		}
	}
	added, altered, dropped := s.Writes()
	if got := fmt.Sprint(added, altered, dropped); got != "[added] [altered again back] [2]" {
		t.Error(got)
	}
}
