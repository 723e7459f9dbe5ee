package pull

import (
	"context"
	"encoding/json"
	"errors"
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
func leftBehind(t *testing.T, s *streamtest.Stream, nc *nats.Conn) *nats.Subscription {
	t.Helper()
	inbox := nc.NewInbox()
	lost, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"batch": batch, "expires": expires, "group": protocol.PullGroup})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(subject("MSG.NEXT", consumer), inbox, payload); err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the request waits", func() bool {
		c, err := s.JS.Consumer(t.Context(), protocol.StreamEvents, consumer)
		return err == nil && c.CachedInfo().NumWaiting > 0
	})
	return lost
}

// drained returns what a request has got.
func drained(t *testing.T, sub *nats.Subscription) (got []*nats.Msg) {
	t.Helper()
	for {
		n, _, err := sub.Pending()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return got
		}
		m, err := sub.NextMsg(long)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
}

// followingOn follows the feed until the test ends, as an agent does: from the last event that
// it has, whenever a delivery has ended.
func followingOn(t *testing.T, f Feed) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	over, take := make(chan struct{}), f.Event
	has := domain.Position(0)
	f.Event = func(e protocol.Envelope) error {
		if e.Position <= has {
			return nil
		}
		has = e.Position
		return take(e)
	}
	go func() {
		defer close(over)
		for ctx.Err() == nil {
			f.From = max(has, 1)
			if _, err := Reset(ctx, f.NC, f.Consumer, f.From); err != nil {
				continue
			}
			if err := f.Follow(ctx); err != nil && !errors.Is(err, ErrEnded) {
				t.Errorf("it ended with %v", err)
				return
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-over })
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
			lost := leftBehind(t, s, nc)
			if pinned {
				s.DNS(1)
				if _, err := lost.NextMsg(long); err != nil {
					t.Fatal(err)
				}
			}
			f, taken := newFeed(nc)
			f.claim = 200 * time.Millisecond
			followingOn(t, f)
			s.DNS(1)
			want(t, taken, 1, s.Head) // from now on the later delivery has the consumer
			drained(t, lost)
			first := s.Head + 1
			s.DNS(3 * batch) // far more than was asked for by the other
			want(t, taken, first, s.Head)
			for _, m := range drained(t, lost) {
				if m.Header.Get("Status") != "423" {
					t.Errorf("the request that was left behind got %s %v", m.Subject, m.Header)
				}
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
