package pull

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

const (
	consumer = "agent-7"
	// long is more than any of these tests waits for.
	long = testkit.Patience
)

// newFeed sends the positions of what it takes to the channel.
func newFeed(nc *nats.Conn) (Feed, <-chan domain.Position) {
	taken := make(chan domain.Position, 4*batch)
	return Feed{NC: nc, Consumer: consumer, Log: slog.New(slog.DiscardHandler), Event: func(e protocol.Envelope) error {
		taken <- e.Position
		return nil
	}}, taken
}

// requestsTo are the requests for messages that the consumer of the stream gets from now on.
func requestsTo(t *testing.T, s *streamtest.Stream) *nats.Subscription {
	t.Helper()
	requests, err := s.NC.SubscribeSync(subject("MSG.NEXT", consumer))
	if err != nil {
		t.Fatal(err)
	}
	return requests
}

// following follows the feed until the test ends; the channel has what Follow returns.
func following(t *testing.T, f Feed) <-chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		ended <- f.Follow(ctx)
	}()
	t.Cleanup(func() { cancel(); <-over })
	return ended
}

// want wants these positions next.
func want(t *testing.T, taken <-chan domain.Position, first, last domain.Position) {
	t.Helper()
	limit := time.After(long)
	for p := first; p <= last; p++ {
		select {
		case got := <-taken:
			if got != p {
				t.Fatalf("event %d was taken, want %d", got, p)
			}
		case <-limit:
			t.Fatalf("event %d does not come", p)
		}
	}
}

func TestRequestsAreMadeInTime(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	s := streamtest.New(t, server, consumer, domain.ContextDNS)
	requests := requestsTo(t, s)
	f, taken := newFeed(testkit.Connect(t, server))
	following(t, f)
	for _, asked := range []int{batch, batch / 2} {
		var request struct{ Batch int }
		m, err := requests.NextMsg(long)
		if err == nil {
			err = json.Unmarshal(m.Data, &request)
		}
		if err != nil || request.Batch != asked {
			t.Fatalf("asked for %d, want %d: %v", request.Batch, asked, err)
		}
		s.DNS(batch / 2)
	}
	s.DNS(2 * batch)
	want(t, taken, 1, 3*batch)
}

func TestOnlyWhatWasTakenIsAcknowledged(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	s := streamtest.New(t, server, consumer, domain.ContextDNS)
	acks, err := s.NC.SubscribeSync("$JS.ACK.>")
	if err != nil {
		t.Fatal(err)
	}
	s.DNS(5)
	nc := testkit.Connect(t, server)
	f, taken := newFeed(nc)
	refused, take := errors.New("refused"), f.Event
	f.Event = func(e protocol.Envelope) error {
		if e.Position == 4 {
			return refused
		}
		return take(e)
	}
	if err := f.Follow(t.Context()); !errors.Is(err, refused) {
		t.Errorf("it ended with %v", err)
	}
	if err := errors.Join(nc.FlushTimeout(testkit.Patience), s.NC.FlushTimeout(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	want(t, taken, 1, 3)
	if last := lastAcknowledged(t, acks); last != 3 {
		t.Errorf("acknowledged up to %d", last)
	}

	// The agent begins again where it wants to.
	f.Event = take
	if _, err := Reset(t.Context(), nc, consumer, 2); err != nil {
		t.Fatal(err)
	}
	following(t, f)
	want(t, taken, 2, 5)
}

// lastAcknowledged is the newest event of those acknowledgements that have come.
func lastAcknowledged(t *testing.T, acks *nats.Subscription) (last domain.Position) {
	t.Helper()
	for n, _, _ := acks.Pending(); n > 0; n-- {
		m, err := acks.NextMsg(long)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := (&nats.Msg{Reply: m.Subject, Sub: acks}).Metadata()
		if err != nil {
			t.Fatal(err)
		}
		last = domain.Position(meta.Sequence.Stream)
	}
	return last
}

// A delivery without messages ends; messages that came while the agent was busy count.
func TestSilence(t *testing.T) {
	t.Parallel()
	nc := testkit.NATS(t)
	f, taken := newFeed(nc)
	f.patience = 1
	d, err := begin(nc, consumer)
	if err != nil {
		t.Fatal(err)
	}
	d.end()         // nothing comes but these
	const many = 20 // one would be chance
	for i := range many {
		d.messages <- about(t, 3, "events.dns.3.RecordAdded", numbered(i+1))
	}
	if err := f.follow(t.Context(), d, nil); !errors.Is(err, ErrEnded) {
		t.Errorf("it ended with %v", err)
	}
	if n := len(taken); n != many {
		t.Errorf("%d of %d events were taken", n, many)
	}
}

// After a reconnection it is not known which messages were lost, and late messages do
// not reach the next delivery.
func TestANewConnectionEndsTheDelivery(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	s := streamtest.New(t, server, consumer, domain.ContextDNS)
	requests := requestsTo(t, s)
	nc := testkit.Connect(t, server, nats.ReconnectWait(time.Millisecond))
	f, taken := newFeed(nc)
	f.patience = time.Hour
	s.DNS(1)
	ended := following(t, f)
	want(t, taken, 1, 1)
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, ErrEnded) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(long):
		t.Fatal("it goes on")
	}
	s.DNS(1)
	following(t, f)
	want(t, taken, 2, 2)
	first, err1 := requests.NextMsg(long)
	second, err2 := requests.NextMsg(long)
	if err := errors.Join(err1, err2); err != nil || first.Reply == second.Reply {
		t.Errorf("both deliveries have the inbox %s, %v", first.Reply, err)
	}
}

func TestWoken(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	streamtest.New(t, server, consumer, domain.ContextDNS)
	f, _ := newFeed(testkit.Connect(t, server))
	wake, enough := make(chan struct{}, 1), errors.New("enough")
	woken := 0
	f.Wake, f.OnWake = wake, func() error {
		if woken++; woken == 3 {
			return enough
		}
		wake <- struct{}{}
		return nil
	}
	wake <- struct{}{}
	if err := f.Follow(t.Context()); !errors.Is(err, enough) || woken != 3 {
		t.Errorf("it ended with %v, woken %d times", err, woken)
	}
}
