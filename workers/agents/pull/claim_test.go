package pull

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

// leftBehind is a request for messages that nobody waits for any more, though the server
// sees an interest in its answers, as it does over the route of a cluster.
func leftBehind(t *testing.T, s *streamtest.Stream, nc *nats.Conn, pin string) *nats.Subscription {
	t.Helper()
	inbox := nc.NewInbox()
	lost, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"batch": batch, "expires": expires, "group": protocol.PullGroup, "id": pin})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(subject("MSG.NEXT", consumer), inbox, payload); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the request waits", func() bool {
		c, err := s.JS.Consumer(t.Context(), protocol.StreamEvents, consumer)
		return err == nil && c.CachedInfo().NumWaiting > 0
	})
	return lost
}

// Requests that an earlier delivery has left behind get nothing of what a later one is to
// have, whether the consumer was pinned to them or not.
func TestRequestsLeftBehindGetNothing(t *testing.T) {
	t.Parallel()
	for name, pinned := range map[string]bool{"pinned": true, "not pinned": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testkit.NATSServer(t)
			s := streamtest.New(t, server, consumer, domain.ContextDNS)
			nc := testkit.Connect(t, server)
			lost := leftBehind(t, s, nc, "")
			if pinned {
				s.DNS(1)
				if _, err := lost.NextMsg(long); err != nil {
					t.Fatal(err)
				}
			}
			f, taken := newFeed(nc)
			f.From, f.claim = 1, 20*time.Millisecond
			if _, err := Reset(t.Context(), nc, consumer, f.From); err != nil {
				t.Fatal(err)
			}
			following(t, f)
			s.DNS(10 * batch) // far more than was asked for by anybody
			want(t, taken, 1, s.Head)
			if n, _, err := lost.Pending(); err != nil || pinned && n > 0 {
				t.Errorf("the request that was left behind got %d messages more, %v", n, err)
			}
		})
	}
}

func TestNothingIsClaimedOnceEarlierRequestsHaveExpired(t *testing.T) {
	t.Parallel()
	c := newClaims(time.Hour)
	defer c.Stop()
	if !c.again() || c.pause != 2*time.Hour {
		t.Errorf("the next claim is after %s", c.pause)
	}
	c.began = c.began.Add(-expires - time.Second)
	if c.again() {
		t.Error("it claims on")
	}
}
