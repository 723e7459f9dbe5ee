package v1

import (
	"math"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/api"
)

// foundCursor says of each kind of which there is more below which id it goes on, as in
// "z12.r345". An empty one stands at the beginning of all kinds.
type foundCursor map[foundKind]int64

// of is where a kind goes on.
func (c foundCursor) of(kind foundKind) (before int64, goesOn bool) {
	if len(c) == 0 {
		return math.MaxInt64, true
	}
	before, goesOn = c[kind]
	return before, goesOn
}

// text is nil for a cursor at the end.
func (c foundCursor) text() *string {
	var parts []string
	for _, k := range kindNames {
		if before, goesOn := c[k.kind]; goesOn {
			parts = append(parts, string(k.kind)+strconv.FormatInt(before, 10))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return new(strings.Join(parts, "."))
}

// foundCursorOf reads where a search goes on.
func foundCursorOf(q *api.Params) foundCursor {
	text := q.Text("cursor")
	if text == nil {
		return nil
	}
	c := foundCursor{}
	for part := range strings.SplitSeq(*text, ".") {
		n, isNumber := int64(0), false
		if part != "" {
			n, isNumber = api.ParseInteger(part[1:])
		}
		if !isNumber || n < 1 || len(c) == len(kindNames) {
			q.Refuse("cursor", "is not one that a list gave")
			return nil
		}
		c[foundKind(part[0])] = n
	}
	if again := c.text(); again == nil || *again != *text {
		q.Refuse("cursor", "is not one that a list gave")
	}
	return c
}
