package dns

import (
	"iter"
	"maps"
)

// fewRecords is up to how many records are kept as a list: a batch meets, and the
// log remembers, very many names with one or two, and a map takes room for eight.
const fewRecords = 4

// recordSet is records by their ids. The list is replaced, never changed in
// place, so that copies may share it; the map is not.
type recordSet struct {
	few []numberedRecord
	// many has all of them once they are more than fewRecords.
	many map[int64]placedRecord
}

type numberedRecord struct {
	id int64
	placedRecord
}

// Size implements [domain.Sized].
func (s recordSet) Size() int { return len(s.few) + len(s.many) }

// put adds the record or replaces the one with its id.
func (s *recordSet) put(id int64, r placedRecord) {
	if s.many != nil {
		s.many[id] = r
		return
	}
	list := make([]numberedRecord, 0, len(s.few)+1)
	for _, other := range s.few {
		if other.id != id {
			list = append(list, other)
		}
	}
	s.few = append(list, numberedRecord{id, r})
	if len(s.few) <= fewRecords {
		return
	}
	s.many = make(map[int64]placedRecord, 2*fewRecords)
	for _, r := range s.few {
		s.many[r.id] = r.placedRecord
	}
	s.few = nil
}

func (s *recordSet) remove(id int64) {
	delete(s.many, id)
	var list []numberedRecord
	for _, other := range s.few {
		if other.id != id {
			list = append(list, other)
		}
	}
	s.few = list
}

// all goes through the records in no particular order.
func (s *recordSet) all() iter.Seq2[int64, placedRecord] {
	return func(yield func(int64, placedRecord) bool) {
		for _, r := range s.few {
			if !yield(r.id, r.placedRecord) {
				return
			}
		}
		for id, r := range s.many {
			if !yield(id, r) {
				return
			}
		}
	}
}

// clone returns a copy that later changes of the set do not touch.
func (s *recordSet) clone() recordSet { return recordSet{few: s.few, many: maps.Clone(s.many)} }

// get returns the record with an id.
func (s *recordSet) get(id int64) (placedRecord, bool) {
	for _, r := range s.few {
		if r.id == id {
			return r.placedRecord, true
		}
	}
	r, there := s.many[id]
	return r, there
}

// single says whether there is no more than one record.
func (s *recordSet) single() bool { return len(s.few)+len(s.many) <= 1 }
