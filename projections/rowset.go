package projections

// rowset holds the rows of one table that a batch of events touches, and what
// the batch makes of them. A key that was not loaded is taken not to exist: the
// keys of a batch are collected before it is applied.
type rowset[K comparable, R any] struct {
	rows map[K]*tracked[R]
	// changed lists the keys of changed rows in the order of their first change.
	changed []K
}

type tracked[R any] struct {
	row R
	// stored: the table has the row; exists: it has it after the batch.
	stored, exists, changed bool
}

func newRowset[K comparable, R any]() *rowset[K, R] {
	return &rowset[K, R]{rows: map[K]*tracked[R]{}}
}

// loaded adds a row that the table has.
func (s *rowset[K, R]) loaded(key K, row R) {
	s.rows[key] = &tracked[R]{row: row, stored: true, exists: true}
}

// get returns the row as the events so far have left it.
func (s *rowset[K, R]) get(key K) (row R, exists bool) {
	if t, ok := s.rows[key]; ok && t.exists {
		return t.row, true
	}
	return row, false
}

// put sets the row.
func (s *rowset[K, R]) put(key K, row R) {
	t := s.touch(key)
	t.row, t.exists = row, true
}

// drop removes the row.
func (s *rowset[K, R]) drop(key K) { s.touch(key).exists = false }

func (s *rowset[K, R]) touch(key K) *tracked[R] {
	t, ok := s.rows[key]
	if !ok {
		t = &tracked[R]{}
		s.rows[key] = t
	}
	if !t.changed {
		t.changed = true
		s.changed = append(s.changed, key)
	}
	return t
}

// writes returns what the batch changed: rows that the table lacks, rows that
// it has otherwise, and keys of rows that it must lose.
func (s *rowset[K, R]) writes() (added, altered []R, dropped []K) {
	for i, key := range s.changed {
		switch t := s.rows[key]; {
		case t.exists && t.stored:
			altered = append(altered, t.row)
		case t.exists:
			if added == nil { // most often all the others are new, too
				added = make([]R, 0, len(s.changed)-i)
			}
			added = append(added, t.row)
		case t.stored:
			dropped = append(dropped, key)
		}
	}
	return added, altered, dropped
}
