package nameserver

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/signtest"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

// self is the agent of all these tests.
const self int64 = 7

// world is a stream whose events the test writes, and snapshots that show whatever
// the test says.
type world struct {
	*streamtest.Stream
	t      *testing.T
	server *embeddednats.Server

	mu     sync.Mutex
	log    uuid.UUID
	info   func() protocol.SnapshotInfo // nil: none is to be had
	opened int
	// resume says whether an agent that holds a state may go on with it; nil: none may.
	resume func(held protocol.SnapshotHeld) bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, testkit.NATSServer(t))
}

func newWorldOn(t *testing.T, s *embeddednats.Server) *world {
	t.Helper()
	w := &world{Stream: streamtest.New(t, s, protocol.Consumer(self), domain.ContextDNS), t: t, server: s, log: uuid.New()}
	w.Seal = func(payload []byte) string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return signtest.Seal(w.log, payload)
	}
	w.answer()
	return w
}

// newFollowed is a world whose agent began with an empty snapshot and has the n
// events of name servers that followed.
func newFollowed(t *testing.T, n domain.Position) (*world, *recorder) {
	t.Helper()
	w := newWorld(t)
	w.DNS(int(n))
	w.snapshotAt(w.log, 0, n)
	e := newRecorder()
	w.start(e)
	e.untilAt(t, n)
	return w, e
}

// restarted goes on with a server that was started again.
func (w *world) restarted(s *embeddednats.Server) {
	w.t.Helper()
	w.server = s
	w.Connect(s)
	w.answer()
}

// answer answers for snapshots.
func (w *world) answer() {
	w.t.Helper()
	for subject, handle := range map[string]nats.MsgHandler{
		protocol.SubjectSnapshotOpens: w.openSnapshot, protocol.SubjectSnapshotChunks("i"): w.sendChunk,
	} {
		if _, err := w.NC.Subscribe(subject, handle); err != nil {
			w.t.Fatal(err)
		}
	}
}

// snapshotAt fixes what snapshots say from now on.
func (w *world) snapshotAt(log uuid.UUID, position, head domain.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = log // events are sealed for it from now on
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
		var asked protocol.SnapshotRequest
		if err := json.Unmarshal(m.Data, &asked); err != nil {
			panic(err)
		}
		if w.resume != nil && asked.Held != nil && w.resume(*asked.Held) {
			info.Resume = true
			info.Position = 0
		}
		info.Instance, info.ID, info.Chunks, info.Rows = "i", "s", 3, 6
		info.Digest = protocol.SnapshotDigest([][]byte{chunk(), chunk(), chunk()})
	}
	agent, _ := protocol.AgentOf(m.Subject)
	if err := signtest.Answer(m, agent, protocol.ForSnapshot, info); err != nil {
		panic(err)
	}
}

func (w *world) sendChunk(m *nats.Msg) { _ = m.Respond(chunk()) }

// chunk has two rows.
func chunk() []byte {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	fmt.Fprintln(zip, `{"v":{"id":1,"view":{"name":"a","acl":"any"},"changed":1}}`)
	fmt.Fprintln(zip, `{"v":{"id":2,"view":{"name":"b","acl":"any"},"changed":1}}`)
	_ = zip.Close()
	return b.Bytes()
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
	return startAs(t, nc, self, signtest.Public(), engine)
}

func startAs(t *testing.T, nc *nats.Conn, id int64, key ed25519.PublicKey, engine Engine) (stop func()) {
	t.Helper()
	return startWith(t, Config{NC: nc, ID: id, Key: key, Engine: engine, Codec: testkit.Codec()})
}

func startWith(t *testing.T, cfg Config) (stop func()) {
	t.Helper()
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
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
