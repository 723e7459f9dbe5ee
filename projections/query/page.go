package query

import "math"

// Page selects a part of a list. It is already checked: Number counts from 1,
// Size is 1 to 1000.
type Page struct {
	Number, Size int
}

// Offset is the number of rows before the page, saturated: a page number of any
// size is just past the end.
func (p Page) Offset() int64 {
	before, size := int64(p.Number)-1, int64(p.Size)
	if before > math.MaxInt64/size {
		return math.MaxInt64
	}
	return before * size
}

// Reach is the number of rows up to the page's end, saturated.
func (p Page) Reach() int64 {
	if before := p.Offset(); before < math.MaxInt64-int64(p.Size) {
		return before + int64(p.Size)
	}
	return math.MaxInt64
}

// Range selects a part of a list that is read by ascending id: Count rows at most after
// the first Start ones. It is already checked, like a Page.
type Range struct {
	Start, Count int
	// Newest says that the list is read from its end, by descending id.
	Newest bool
}

// Order is what follows the id in the list's ORDER BY.
func (r Range) Order() string {
	if r.Newest {
		return " DESC"
	}
	return ""
}

// Everything is the page that holds any list.
func Everything() Page { return Page{Number: 1, Size: math.MaxInt} }

// One is the page of a list of one row.
func One() Page { return Page{Number: 1, Size: 1} }
