package v1

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// historyCursor is where a history goes on: with the event at a position; or, if staged is
// not 0, with the records of the import that ended at that position, behind one of those that an
// event has staged, -1 being before the first of them.
type historyCursor struct {
	at, staged domain.Position
	index      int
}

func (h historyCursor) String() string {
	if h.staged == 0 {
		return strconv.FormatInt(int64(h.at), 10)
	}
	return fmt.Sprintf("%d.%d.%d", h.at, h.staged, h.index+1)
}

// historyCursorOf reads where a history goes on; the zero cursor is its beginning.
func historyCursorOf(q *api.Params) (h historyCursor) {
	text := q.Text("cursor")
	if text == nil {
		return h
	}
	var numbers []int64
	for _, part := range strings.Split(*text, ".") {
		n, ok := api.ParseInteger(part)
		if !ok || n < 0 {
			numbers = nil
			break
		}
		numbers = append(numbers, n)
	}
	switch {
	case len(numbers) == 1 && numbers[0] > 0:
		return historyCursor{at: domain.Position(numbers[0])}
	case len(numbers) == 3 && numbers[0] > numbers[1] && numbers[1] > 0 && numbers[2] <= maxStaged:
		return historyCursor{domain.Position(numbers[0]), domain.Position(numbers[1]), int(numbers[2]) - 1}
	}
	q.Refuse("cursor", "is not one that a list gave")
	return h
}

// maxStaged is more than an event stages.
const maxStaged = 1 << 20
