package eventstore

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// A stream that another relay publishes on is left to that one, until the stream stands still or
// there is something of our own.
func TestStreamIsLeftToAnotherRelay(t *testing.T) {
	t.Parallel()
	p := &relayPass{Relay: &Relay{queue: newRelayQueue(), metrics: newRelayMetrics(nil)}, tip: streamTip{last: 5}}
	for _, look := range []struct {
		last domain.Position
		left bool
	}{{7, true}, {9, true}, {9, false}, {8, false}, {4, false}, {10, true}} {
		if err := p.leave(look.last); errors.Is(err, errResync) == look.left || err != nil && look.left {
			t.Errorf("a stream that ends at %d: %v", look.last, err)
		}
	}
	p.queue.put([]protocol.Envelope{{Position: 12}})
	if err := p.leave(11); !errors.Is(err, errResync) {
		t.Errorf("while something waits: %v", err)
	}
}
