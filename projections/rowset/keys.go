package rowset

// Keys is a set of keys in the order in which they were first added.
type Keys[K comparable] struct {
	List []K
	has  map[K]bool
}

// Add adds a key, unless the set has it.
func (s *Keys[K]) Add(key K) {
	if s.has[key] {
		return
	}
	if s.has == nil {
		s.has = map[K]bool{}
	}
	s.has[key] = true
	s.List = append(s.List, key)
}
