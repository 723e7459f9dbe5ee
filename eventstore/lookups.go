package eventstore

import "github.com/opsledger/opsledger/domain"

// lookups are a batch's conditions as they are looked up in the tag index.
// Conditions that differ in the position alone, such as those of many decisions in
// one zone, are looked up once, from the least position on.
type lookups struct {
	// Columns for unnest.
	index         []int32
	hashes, after []int64
	types         []string
	// asked are the conditions of each lookup.
	asked [][]asking
}

// asking is an entry's condition that there be no event after a position.
type asking struct {
	entry int32
	after domain.Position
}

type lookupKey struct {
	hash  int64
	types string
}

// lookupsOf gathers the conditions, without those that the recent events, nil for none, cover.
func lookupsOf(batch []*entry, recent *recentEvents) lookups {
	var l lookups
	numbers := map[lookupKey]int32{}
	for i, e := range batch {
		for j := range e.conditions {
			c := &e.conditions[j]
			if recent != nil && recent.covers(c) {
				continue
			}
			key := lookupKey{c.hash, c.types.text}
			n, known := numbers[key]
			if !known {
				n = int32(len(numbers))
				numbers[key] = n
				l.index, l.hashes, l.types = append(l.index, n), append(l.hashes, c.hash), append(l.types, c.types.text)
				l.after, l.asked = append(l.after, int64(c.after)), append(l.asked, nil)
			}
			l.after[n] = min(l.after[n], int64(c.after))
			l.asked[n] = append(l.asked[n], asking{int32(i), c.after})
		}
	}
	return l
}
