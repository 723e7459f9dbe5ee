package consumers_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

func server(n int64) dns.ServerData {
	return dns.ServerData{Host: fmt.Sprint("ns", n), IP: fmt.Sprint("192.0.2.", n), Type: "master"}
}

// consumer returns the agent's consumer, nil without one.
func consumer(t *testing.T, p *planetest.Plane, id int64) *jetstream.ConsumerInfo {
	t.Helper()
	c, err := p.JS.Consumer(t.Context(), "EVENTS", protocol.Consumer(id))
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.CachedInfo()
}

func present(t *testing.T, p *planetest.Plane, id int64) {
	t.Helper()
	p.Eventually("there is a consumer", func() bool { return consumer(t, p, id) != nil })
}

func absent(t *testing.T, p *planetest.Plane, id int64) {
	t.Helper()
	p.Eventually("the consumer is gone", func() bool { return consumer(t, p, id) == nil })
}

func TestConsumersFollowTheEnrolments(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Beside() // two processes agree
	p.Append(dns.ServerCreated{ID: 3, Server: server(3)})
	p.Enroll(1, server(1))
	p.Enroll(2, server(2))
	present(t, p, 1)
	present(t, p, 2)
	if consumer(t, p, 3) != nil {
		t.Error("a server without agent has a consumer")
	}
	c := consumer(t, p, 1).Config
	if c.FilterSubject != "events.dns.>" || c.AckPolicy != jetstream.AckAllPolicy || c.DeliverPolicy != jetstream.DeliverAllPolicy ||
		c.OptStartSeq != 0 || c.InactiveThreshold != 0 || c.MaxAckPending < 10_000 {
		t.Errorf("configuration %+v", c)
	}
	p.Append(dns.ServerWithdrawn{ID: 1}, dns.ServerDeleted{ID: 2, Server: server(2)})
	absent(t, p, 1)
	absent(t, p, 2)
	p.Append(dns.ServerEnrolled{ID: 1})
	present(t, p, 1)
}

func TestConsumersComeBack(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, server(1))
	present(t, p, 1)
	created := consumer(t, p, 1).Created
	if err := p.JS.DeleteConsumer(t.Context(), "EVENTS", protocol.Consumer(1)); err != nil {
		t.Fatal(err)
	}
	present(t, p, 1)
	if err := p.JS.DeleteStream(t.Context(), "EVENTS"); err != nil {
		t.Fatal(err)
	}
	p.Append(dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "a", ACL: "any"}})
	present(t, p, 1)
	if !consumer(t, p, 1).Created.After(created) {
		t.Error("it is the old one")
	}
}

// A consumer that the roster does not have may be newer than the roster: it is removed only
// if the log says that its agent is not enrolled. Consumers of others are left alone.
func TestOnlyTheLogTakesAConsumerAway(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, server(1))
	present(t, p, 1)
	for _, name := range []string{"agent-5", "agent-05", "agent-x", "somebody"} {
		if _, err := p.JS.CreateConsumer(t.Context(), "EVENTS", jetstream.ConsumerConfig{Durable: name}); err != nil {
			t.Fatal(err)
		}
	}
	absent(t, p, 5)
	stream, err := p.JS.Stream(t.Context(), "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"agent-05", "agent-x", "somebody", "agent-1"} {
		if _, err := stream.Consumer(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
