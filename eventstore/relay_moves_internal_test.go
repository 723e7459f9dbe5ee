package eventstore

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// A stream that stands still and refuses what comes next is trouble after a few passes, a
// stream that moves never is, and each pass of one that stands still waits longer.
func TestMoves(t *testing.T) {
	t.Parallel()
	const passes = 20
	for name, c := range map[string]struct {
		began   func(pass int) streamTip
		err     error
		trouble bool
	}{
		"stands still":      {func(int) streamTip { return streamTip{last: 7} }, errResync, true},
		"stands empty":      {func(int) streamTip { return streamTip{} }, errResync, true},
		"moves":             {func(pass int) streamTip { return streamTip{last: domain.Position(7 + pass)} }, errResync, false},
		"another each time": {func(int) streamTip { return streamTip{last: 7, id: uuid.New()} }, errResync, false},
		"another failure":   {func(int) streamTip { return streamTip{last: 7} }, errors.New("no answer"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m moves
			var last error
			for pass := range passes {
				last = m.check(c.began(pass), c.err)
				if pass == 0 && !errors.Is(last, c.err) {
					t.Fatalf("the first pass is already judged: %v", last)
				}
				if m.pause < relayResync || m.pause > relayRetryMin {
					t.Fatalf("pass %d waits %s", pass, m.pause)
				}
			}
			if trouble := !errors.Is(last, errResync); trouble != c.trouble {
				t.Errorf("trouble: %v, %v", trouble, last)
			}
		})
	}
}
