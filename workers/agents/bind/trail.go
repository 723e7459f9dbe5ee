package bind

// trail is what the changes of the log did to the RRsets of a zone, in order.
type trail struct {
	touches []touch
	// ends are the numbers of touches at the ends of changes.
	ends []int
}

// maxTrail bounds the touches that a zone's trail may have.
const maxTrail = 500_000

// touch is one RRset's new value.
type touch struct {
	key setKey
	set *rrset
}

func (t *trail) add(key setKey, set *rrset) { t.touches = append(t.touches, touch{key, set}) }

// endChange notes that a change of the log ends here. It may be called more than once.
func (t *trail) endChange() {
	if n := len(t.touches); n > 0 && (len(t.ends) == 0 || t.ends[len(t.ends)-1] < n) {
		t.ends = append(t.ends, n)
	}
}

// steps lists the RRsets that each change of the log left with another value; held is what
// named holds before the first. RRsets for which leave is true are left out.
func (t *trail) steps(held map[setKey]*rrset, leave func(setKey) bool) [][]change {
	now := make(map[setKey]*rrset, len(held))
	for key, set := range held {
		now[key] = set
	}
	var steps [][]change
	from := 0
	for _, end := range t.ends {
		last := map[setKey]*rrset{}
		for _, touched := range t.touches[from:end] {
			if !leave(touched.key) {
				last[touched.key] = touched.set
			}
		}
		from = end
		var changes []change
		for key, want := range last {
			if !want.equal(now[key]) {
				changes = append(changes, change{key: key, held: now[key], want: want})
			}
			now[key] = want
		}
		if len(changes) > 0 {
			steps = append(steps, sortChanges(changes))
		}
	}
	return steps
}
