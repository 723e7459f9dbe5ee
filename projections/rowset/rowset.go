// Package rowset keeps the rows of a table that a batch of events is about.
//
// Stage: a model loads the rows into a [Set], applies the events to it and writes
// what has changed, and, of a set with versions, what has been. Contract: it knows no
// database; a Set is for one batch and one goroutine.
package rowset

import (
	"fmt"
	"iter"

	"github.com/opsledger/opsledger/domain"
)

// Set holds the rows of one table that a batch of events touches, and what the
// batch makes of them. A key that was not loaded is taken not to exist: the keys
// of a batch are collected before it is applied.
type Set[K comparable, R any] struct {
	kind string
	key  func(R) K
	rows map[K]*tracked[R]
	// changed lists the keys of changed rows in the order of their first change.
	changed []K

	// versioned sets are those of NewVersioned; touched are the rows that the present change
	// of the log has touched, former the versions that have ended.
	versioned bool
	same      func(was, is R) bool
	touched   []*tracked[R]
	former    []Version[R]
}

type tracked[R any] struct {
	row R
	// stored: the table has the row; exists: it has it after the batch.
	stored, exists, changed bool
	// gone: it was dropped, so that what exists is another row of the same key.
	gone bool
	// since is since when the row is so, touched says that the present change has touched it.
	since   domain.Position
	touched bool
	// was is what it was before that change, nil if it was not there.
	was *Version[R]
}

// New returns an empty set. kind is what errors call a row, key returns a row's.
func New[K comparable, R any](kind string, key func(R) K) *Set[K, R] {
	return &Set[K, R]{kind: kind, key: key, rows: map[K]*tracked[R]{}}
}

// Loaded adds a row that the table has.
func (s *Set[K, R]) Loaded(row R) {
	s.rows[s.key(row)] = &tracked[R]{row: row, stored: true, exists: true}
}

// Get returns the row as the events so far have left it.
func (s *Set[K, R]) Get(key K) (row R, exists bool) {
	if s.exists(key) {
		return s.rows[key].row, true
	}
	return row, false
}

// All goes through the rows that were loaded, as the events so far have left them, and
// those that the events have added, in no particular order.
func (s *Set[K, R]) All() iter.Seq[R] {
	return func(yield func(R) bool) {
		for _, t := range s.rows {
			if t.exists && !yield(t.row) {
				return
			}
		}
	}
}

// Find is [Set.Get] for an event that presumes the row.
func (s *Set[K, R]) Find(key K) (R, error) {
	row, exists := s.Get(key)
	if !exists {
		return row, fmt.Errorf("%s %v does not exist", s.kind, key)
	}
	return row, nil
}

// Add is [Set.Put] for an event that makes the row.
func (s *Set[K, R]) Add(row R) error {
	if key := s.key(row); s.exists(key) {
		return fmt.Errorf("%s %v exists", s.kind, key)
	}
	s.Put(row)
	return nil
}

func (s *Set[K, R]) exists(key K) bool {
	t, ok := s.rows[key]
	return ok && t.exists
}

// Put sets the row.
func (s *Set[K, R]) Put(row R) {
	t := s.touch(s.key(row))
	t.row, t.exists = row, true
}

// Replace is [Set.Put] for a row of which the table has another that had ended with the change until,
// without an event that dropped it.
func (s *Set[K, R]) Replace(row R, until domain.Position) {
	s.Put(row)
	if t := s.rows[s.key(row)]; t.was != nil {
		t.was.Until = until
	}
}

// Drop removes the row.
func (s *Set[K, R]) Drop(key K) {
	t := s.touch(key)
	t.exists, t.gone = false, true
}

func (s *Set[K, R]) touch(key K) *tracked[R] {
	t, ok := s.rows[key]
	if !ok {
		t = &tracked[R]{}
		s.rows[key] = t
	}
	if s.versioned && !t.touched {
		t.touched = true
		s.touched = append(s.touched, t)
		if t.exists {
			t.was = &Version[R]{Row: t.row, Since: t.since}
		}
	}
	if !t.changed {
		t.changed = true
		s.changed = append(s.changed, key)
	}
	return t
}

// Writes returns what the batch changed: rows that the table lacks, rows that
// it has otherwise, and rows that it must lose. A row that was dropped and put again is one to
// lose and one that lacks: the table loses rows first.
func (s *Set[K, R]) Writes() (added, altered, dropped []R) {
	return writes(s, func(t *tracked[R]) R { return t.row })
}

func writes[K comparable, R, W any](s *Set[K, R], written func(*tracked[R]) W) (added, altered, dropped []W) {
	for i, key := range s.changed {
		switch t := s.rows[key]; {
		case t.exists && t.stored && !t.gone:
			altered = append(altered, written(t))
		default:
			if t.stored {
				dropped = append(dropped, written(t))
			}
			if !t.exists {
				continue
			}
			if added == nil { // most often all the others are new, too
				added = make([]W, 0, len(s.changed)-i)
			}
			added = append(added, written(t))
		}
	}
	return added, altered, dropped
}
