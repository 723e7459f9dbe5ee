package reporter

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// viewMade is a command that makes a view.
type viewMade struct{}

// Decide implements [domain.Command].
func (viewMade) Decide(domain.History, domain.Env) ([]domain.Event, error) {
	return []domain.Event{dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "a", ACL: "any"}}}, nil
}

// While the stream has no leader, or nobody publishes, agents are not told of events that
// they cannot get: each of them would take a snapshot.
func TestOnlyWhatIsInTheStreamIsAnnounced(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	store, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = store.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); store.Close() })
	if _, err := store.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: viewMade{}, Actor: domain.System}); err != nil {
		t.Fatal(err)
	}
	nc := testkit.NATS(t)
	heard, err := nc.SubscribeSync(protocol.SubjectReportNow)
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{NC: nc, Pool: pool, Store: store})
	// The stream is asked with a limit of its own, which a busy machine may exceed.
	announced := func(when string, want domain.Position) {
		t.Helper()
		testkit.Eventually(t, when+": the announced position is right", func() bool {
			if err := r.announceHead(t.Context()); err != nil {
				t.Fatal(err)
			}
			m, err := heard.NextMsg(testkit.Patience)
			if err != nil {
				t.Fatal(err)
			}
			var got protocol.HeadAnnouncement
			if err := json.Unmarshal(m.Data, &got); err != nil || got.Log != store.LogID() {
				t.Fatalf("%s: %+v, %v", when, got, err)
			}
			return got.LastDNS == want
		})
	}
	announced("without a stream", 0)
	js := testkit.JetStream(t, nc)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: protocol.StreamEvents, Subjects: []string{protocol.SubjectEvents + ".>"}}); err != nil {
		t.Fatal(err)
	}
	announced("nothing is published", 0)
	if _, err := js.Publish(t.Context(), protocol.SubjectEvents+".dns.0.ViewCreated", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	announced("it is published", 1)
}
