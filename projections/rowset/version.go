package rowset

import "github.com/opsledger/opsledger/domain"

// Version is a state that a row was in.
type Version[R any] struct {
	Row R
	// Since and Until are the ends of the changes from which on and until which the row was so;
	// Until is 0 while it is.
	Since, Until domain.Position
}

// NewVersioned returns an empty set that remembers what its rows were. The row of which
// same says that it is the state that it was is the version that it was, too; without same
// each [Set.Put] makes another one.
//
// Invariants, if [Set.EndChange] follows each change, and each part of one:
//  1. A row was so at position p if since <= p and p < until. Both are ends of changes: at
//     a position inside a change, which is no state that ever was, a row is what it was at
//     the end of the change before.
//  2. Of one key, at most one version holds at a position.
//  3. What a row was inside a change alone leaves nothing.
func NewVersioned[K comparable, R any](kind string, key func(R) K, same func(was, is R) bool) *Set[K, R] {
	s := New(kind, key)
	s.versioned, s.same = true, same
	return s
}

// LoadedVersion is [Set.Loaded] for a row of which the table says since when it is so.
func (s *Set[K, R]) LoadedVersion(v Version[R]) {
	s.rows[s.key(v.Row)] = &tracked[R]{row: v.Row, since: v.Since, stored: true, exists: true}
}

// EndChange gives the rows that were touched since the last call the versions that they have
// from position at on, which is the end of the change that the events were in.
func (s *Set[K, R]) EndChange(at domain.Position) {
	for _, t := range s.touched {
		was := t.was
		t.touched, t.was = false, nil
		if was != nil && was.Until == 0 {
			if t.exists && s.same != nil && s.same(was.Row, t.row) {
				continue
			}
			was.Until = at
		}
		if was != nil && was.Since < was.Until {
			s.former = append(s.former, *was)
		}
		t.since = at
	}
	s.touched = s.touched[:0]
}

// Versions is [Set.Writes] with since when the rows are so.
func (s *Set[K, R]) Versions() (added, altered, dropped []Version[R]) {
	return writes(s, func(t *tracked[R]) Version[R] { return Version[R]{Row: t.row, Since: t.since} })
}

// Former returns the versions that the batch has ended, in the order in which they ended.
func (s *Set[K, R]) Former() []Version[R] { return s.former }
