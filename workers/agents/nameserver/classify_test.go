package nameserver

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		checkpoint, prev, position domain.Position
		want                       verdict
	}{
		"the first of all":             {0, 0, 1, next},
		"the very next":                {5, 5, 6, next},
		"others' events in between":    {5, 5, 9, next},
		"checkpoint between contexts":  {7, 5, 9, next},
		"the same again":               {9, 5, 9, duplicate},
		"an old one again":             {9, 2, 3, duplicate},
		"its predecessor never came":   {5, 6, 7, gap},
		"out of order":                 {5, 8, 9, gap},
		"a hole at the very beginning": {0, 3, 4, gap},
	} {
		if got := classify(c.checkpoint, c.prev, c.position); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
