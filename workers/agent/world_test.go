package agent

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/protocol"
)

// self is the agent of all these tests.
const self int64 = 7

// world is a real JetStream with a log whose events the test writes, so that it
// can also lose them. Its snapshots show whatever the test says.
type world struct {
	t       *testing.T
	server  *embeddednats.Server
	control *nats.Conn
	js      jetstream.JetStream
	head    domain.Position
	lastDNS domain.Position

	mu     sync.Mutex
	log    uuid.UUID
	info   func() protocol.SnapshotInfo // nil: at the log's end
	opened int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, testkit.NATSServer(t))
}

func newWorldOn(t *testing.T, s *embeddednats.Server) *world {
	t.Helper()
	w := &world{t: t, server: s, log: uuid.New()}
	w.connect()
	w.makeStream(1)
	w.makeConsumer()
	return w
}

// connect connects the control side, which answers for snapshots.
func (w *world) connect() {
	w.t.Helper()
	w.control = testkit.Connect(w.t, w.server)
	var err error
	if w.js, err = jetstream.New(w.control); err != nil {
		w.t.Fatal(err)
	}
	for subject, handle := range map[string]nats.MsgHandler{
		protocol.SubjectSnapshotOpens: w.openSnapshot, protocol.SubjectSnapshotChunks("i"): w.sendChunk,
	} {
		if _, err := w.control.Subscribe(subject, handle); err != nil {
			w.t.Fatal(err)
		}
	}
}

// makeStream creates the stream, again and again while the folder of a deleted
// one of the same name is still being cleared away.
func (w *world) makeStream(first uint64) {
	w.t.Helper()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-retry.C {
		_, err := w.js.CreateStream(w.t.Context(), jetstream.StreamConfig{
			Name: eventstore.StreamEvents, Subjects: []string{"events.>"}, FirstSeq: first,
		})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal(err)
		}
	}
}

func (w *world) makeConsumer() {
	w.t.Helper()
	if _, err := w.js.CreateConsumer(w.t.Context(), eventstore.StreamEvents, jetstream.ConsumerConfig{
		Durable: protocol.Consumer(self), FilterSubject: "events.dns.>",
		AckPolicy: jetstream.AckAllPolicy, DeliverPolicy: jetstream.DeliverAllPolicy, MaxAckPending: 65536,
	}); err != nil {
		w.t.Fatal(err)
	}
}

// resetConsumer moves the agent's consumer behind its back.
func (w *world) resetConsumer(to uint64) {
	w.t.Helper()
	if _, err := w.js.ResetConsumerToSequence(w.t.Context(), eventstore.StreamEvents, protocol.Consumer(self), to); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) purgeBefore(p domain.Position) {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), eventstore.StreamEvents)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := stream.Purge(w.t.Context(), jetstream.WithPurgeSequence(uint64(p))); err != nil {
		w.t.Fatal(err)
	}
}

// dns appends n events that the agent follows and returns the last one's position.
func (w *world) dns(n int) domain.Position {
	w.t.Helper()
	for range n {
		w.append(domain.ContextDNS, dns.RecordAdded{ID: int64(w.head), ZoneID: 3, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", Value: "192.0.2.1"}})
	}
	return w.head
}

// other appends n events that the agent does not follow.
func (w *world) other(n int) {
	w.t.Helper()
	for range n {
		w.append(domain.ContextAccess, access.UserRegistered{ID: 1, Username: "x"})
	}
}

func (w *world) append(c domain.Context, event domain.Event) {
	w.t.Helper()
	d, data, err := testkit.Codec().Encode(event)
	if err != nil {
		w.t.Fatal(err)
	}
	w.head++
	e := eventstore.Envelope{
		Position: w.head, ID: uuid.New(), Type: d.Name, Context: c, Schema: d.Schema(),
		Key: event.SubjectKey(), Data: data, RecordedAt: time.Now().UTC(),
	}
	if c == domain.ContextDNS {
		e.Prev, w.lastDNS = w.lastDNS, w.head
	}
	payload, err := json.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.js.Publish(w.t.Context(), eventstore.Subject(e), payload, jetstream.WithExpectLastSequence(uint64(w.head-1))); err != nil {
		w.t.Fatal(err)
	}
}

// snapshotAt fixes what snapshots say from now on.
func (w *world) snapshotAt(log uuid.UUID, position, head domain.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.info = func() protocol.SnapshotInfo {
		return protocol.SnapshotInfo{Log: log, Position: position, LastDNS: position, Head: head}
	}
}

func (w *world) openSnapshot(m *nats.Msg) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened++
	info := protocol.SnapshotInfo{Log: w.log, Error: "not now"}
	if w.info != nil {
		info = w.info()
		info.Instance, info.ID, info.Chunks, info.Rows = "i", "s", 3, 6
	}
	payload, err := json.Marshal(info)
	if err != nil {
		panic(err)
	}
	_ = m.Respond(payload)
}

// sendChunk sends two rows.
func (w *world) sendChunk(m *nats.Msg) {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	fmt.Fprintln(zip, `{"v":{"id":1,"view":{"name":"a","acl":"any"},"changed":1}}`)
	fmt.Fprintln(zip, `{"v":{"id":2,"view":{"name":"b","acl":"any"},"changed":1}}`)
	_ = zip.Close()
	_ = m.Respond(b.Bytes())
}

func (w *world) snapshots() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opened
}

// start runs an agent on a connection of its own until the test ends or stop is called.
func (w *world) start(engine Engine) (stop func()) {
	w.t.Helper()
	return startOn(w.t, testkit.Connect(w.t, w.server, Options(self)...), engine)
}

func startOn(t *testing.T, nc *nats.Conn, engine Engine) (stop func()) {
	t.Helper()
	return startAs(t, nc, self, engine)
}

func startAs(t *testing.T, nc *nats.Conn, id int64, engine Engine) (stop func()) {
	t.Helper()
	a, err := New(Config{NC: nc, ID: id, Engine: engine, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("agent ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func positions(list ...domain.Position) []domain.Position { return list }

// span lists the positions from a to b.
func span(a, b domain.Position) []domain.Position {
	var list []domain.Position
	for p := a; p <= b; p++ {
		list = append(list, p)
	}
	return list
}
