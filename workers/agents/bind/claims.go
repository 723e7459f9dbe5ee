package bind

import (
	"cmp"
	"slices"
)

// claims are the PTRs that an owner of a reverse zone may have: many names may have one address.
//
// Invariants:
//  1. Taking a claim, or taking one away, costs no more for the others that there are, whatever the order;
//     only the first look at the oldest, or removal, behind claims that came out of order sorts them.
//  2. Of a record there is one claim: its former one was removed before.
type claims struct {
	// all are by the ids of their records, ascending unless jumbled. Those that were removed stay without
	// data, as gone of them, until they are more than half.
	all     []logRecord
	gone    int
	jumbled bool
}

func (c *claims) add(r logRecord) {
	if n := len(c.all); n > 0 && !c.jumbled && c.all[n-1].id >= r.id {
		if at, has := c.find(r.id); has {
			c.all[at] = r
			c.gone--
			return
		}
		c.jumbled = true
	}
	c.all = append(c.all, r)
}

func (c *claims) remove(id int64) {
	at, has := c.find(id)
	if !has || !c.all[at].kept {
		return
	}
	c.all[at] = logRecord{id: id}
	if c.gone++; 2*c.gone > len(c.all) {
		c.tidy()
	}
}

// oldest returns the claim of the oldest record, false if there is none.
func (c *claims) oldest() (r logRecord, some bool) {
	if c.jumbled {
		c.tidy()
	}
	for len(c.all) > 0 && !c.all[0].kept {
		c.all, c.gone = c.all[1:], c.gone-1
	}
	if len(c.all) == 0 {
		return r, false
	}
	return c.all[0], true
}

func (c *claims) find(id int64) (at int, has bool) {
	if c.jumbled {
		c.tidy()
	}
	return slices.BinarySearchFunc(c.all, id, func(r logRecord, id int64) int { return cmp.Compare(r.id, id) })
}

func (c *claims) tidy() {
	c.all = slices.DeleteFunc(c.all, func(r logRecord) bool { return !r.kept })
	if c.jumbled {
		slices.SortFunc(c.all, func(a, b logRecord) int { return cmp.Compare(a.id, b.id) })
	}
	c.gone, c.jumbled = 0, false
}
