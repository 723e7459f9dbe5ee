package nameserver

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/internal/planetest"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

// rogue is a NATS server that has taken the place of the bus before the agent of server 1.
// It can do all that the bus can, see the rogue of package host.
type rogue struct {
	t      *testing.T
	plane  *planetest.Plane
	stream *streamtest.Stream
	agent  *nats.Conn

	mu     sync.Mutex
	answer func(question *nats.Msg) *nats.Msg
}

// Without the control plane's key there is no agent.
func TestNoAgentWithoutAKey(t *testing.T) {
	t.Parallel()
	_, err := New(Config{NC: testkit.NATS(t), ID: 1, Engine: newRecorder(), Codec: testkit.Codec()})
	if err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("%v", err)
	}
}

func startRogue(t *testing.T, p *planetest.Plane) *rogue {
	t.Helper()
	server := testkit.NATSServer(t)
	r := &rogue{t: t, plane: p, agent: testkit.Connect(t, server, Options(1)...)}
	r.answers(r.honest)
	r.stream = streamtest.New(t, server, protocol.Consumer(1), domain.ContextDNS)
	for _, subject := range []string{"snap.1.>", protocol.SubjectSecrets(1)} {
		if _, err := r.stream.NC.Subscribe(subject, func(m *nats.Msg) {
			r.mu.Lock()
			answer := r.answer
			r.mu.Unlock()
			go func() { // chunks are asked for several at a time
				reply := answer(m)
				reply.Subject = m.Reply
				_ = r.stream.NC.PublishMsg(reply)
			}()
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.stream.NC.FlushTimeout(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rogue) answers(answer func(question *nats.Msg) *nats.Msg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// honest brings a question to the control plane and its answer back.
func (r *rogue) honest(m *nats.Msg) *nats.Msg { return r.genuine(m, m.Subject, 1) }

// genuine asks the control plane as an agent does.
func (r *rogue) genuine(question *nats.Msg, subject string, as int64) *nats.Msg {
	nc, err := r.plane.Server.Connect(nats.CustomInboxPrefix(protocol.InboxPrefix(as)))
	if err != nil {
		return nats.NewMsg("")
	}
	defer nc.Close()
	reply, err := nc.RequestMsg(&nats.Msg{Subject: subject, Header: question.Header, Data: question.Data}, testkit.Patience)
	if err != nil {
		return nats.NewMsg("")
	}
	return &nats.Msg{Header: reply.Header, Data: reply.Data}
}

func isOpen(m *nats.Msg) bool { return m.Subject == protocol.SubjectSnapshotOpen(1) }

// forgedChunk is a snapshot's content that the control plane never gave.
func forgedChunk() []byte {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	fmt.Fprintln(zip, `{"c":{"conf":{"text":"forged"},"changed":1}}`)
	_ = zip.Close()
	return b.Bytes()
}

// A bus that forges, replays and redirects gives the agent neither a state, nor a secret,
// nor an event.
func TestRogueBus(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Enroll(1, master("1"))
	p.Enroll(2, master("2"))
	id, err := p.Vault.Put(t.Context(), "bind", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	p.Projected(p.Append(dns.BindConfChanged{Text: "a", Secrets: []string{id.String()}}))
	r := startRogue(t, p)
	key, _ := p.Signer.Known(t.Context())
	f, err := New(Config{NC: r.agent, ID: 1, Key: key, Engine: newRecorder(), Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	secrets := func() error {
		_, err := Secrets(r.agent, 1, key)(t.Context(), []string{id.String()})
		return err
	}
	snapshot := func() error {
		_, err := f.fetchSnapshot(t.Context(), nil)
		return err
	}
	for what, ask := range map[string]func() error{"a snapshot": snapshot, "secrets": secrets} {
		old := &sync.Map{}
		r.answers(func(m *nats.Msg) *nats.Msg {
			reply := r.honest(m)
			old.LoadOrStore(m.Subject, reply)
			return reply
		})
		p.Eventually("honestly, the agent gets "+what, func() bool { return ask() == nil })
		for how, attack := range r.attacks(old) {
			r.answers(attack)
			if err := ask(); !errors.Is(err, protocol.ErrNotGenuine) {
				t.Errorf("%s, %s: %v", what, how, err)
			}
		}
	}
	// The signature of the first answer is one of all chunks.
	for what, chunk := range map[string][]byte{"forged": forgedChunk(), "cut": nil, "no gzip": []byte("x")} {
		r.answers(func(m *nats.Msg) *nats.Msg {
			if isOpen(m) {
				return r.honest(m)
			}
			return &nats.Msg{Data: chunk}
		})
		if err := snapshot(); !errors.Is(err, protocol.ErrNotGenuine) {
			t.Errorf("a chunk that is %s: %v", what, err)
		}
	}
}

// attacks are answers that the control plane did not give to this question.
func (r *rogue) attacks(old *sync.Map) map[string]func(m *nats.Msg) *nats.Msg {
	_, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	purpose := func(m *nats.Msg) protocol.Purpose {
		if isOpen(m) {
			return protocol.ForSnapshot
		}
		return protocol.ForSecrets
	}
	changed := func(data []byte) []byte { return append(bytes.Clone(data), ' ') }
	return map[string]func(m *nats.Msg) *nats.Msg{
		"unsigned": func(m *nats.Msg) *nats.Msg { return &nats.Msg{Data: r.honest(m).Data} },
		"signed by somebody": func(m *nats.Msg) *nats.Msg {
			data := r.honest(m).Data
			nonce, _ := protocol.ParseNonce(m.Header.Get(protocol.HeaderNonce))
			q := protocol.Question{Asker: 1, Nonce: nonce, Body: m.Data}
			return &nats.Msg{Data: data, Header: nats.Header{protocol.HeaderSignature: {q.Sign(purpose(m), []ed25519.PrivateKey{own}, data)}}}
		},
		"replayed": func(m *nats.Msg) *nats.Msg {
			was, _ := old.Load(m.Subject)
			reply, _ := was.(*nats.Msg)
			return &nats.Msg{Header: reply.Header, Data: reply.Data}
		},
		"another agent's": func(m *nats.Msg) *nats.Msg {
			if isOpen(m) {
				return r.genuine(m, protocol.SubjectSnapshotOpen(2), 2)
			}
			return r.genuine(m, protocol.SubjectSecrets(2), 2)
		},
		"changed under its signature": func(m *nats.Msg) *nats.Msg {
			reply := r.honest(m)
			return &nats.Msg{Header: reply.Header, Data: changed(reply.Data)}
		},
		"of another question": func(m *nats.Msg) *nats.Msg {
			return r.genuine(&nats.Msg{Header: m.Header, Data: changed(m.Data)}, m.Subject, 1)
		},
		"for another purpose": func(m *nats.Msg) *nats.Msg {
			if isOpen(m) { // no other answer is given to an empty question
				return nats.NewMsg("")
			}
			return r.genuine(m, protocol.SubjectSnapshotOpen(1), 1)
		},
	}
}

// Events that the relay did not seal for this log reach no engine. A snapshot, which is
// asked for instead, says what is true.
func TestForgedEventsReachNothing(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	last := p.Enroll(1, master("1"))
	p.Projected(last)
	r := startRogue(t, p)
	key, _ := p.Signer.Known(t.Context())
	_, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	// A real event's seal, under which another event is put.
	stream, err := p.JS.Stream(t.Context(), protocol.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	real, err := stream.GetMsg(t.Context(), uint64(last))
	if err != nil {
		t.Fatal(err)
	}
	if err := (&protocol.SealReader{Key: key}).Verify(p.Store.LogID(), real.Data, real.Header.Get(protocol.HeaderSeal)); err != nil {
		t.Fatalf("the relay's own seal: %v", err)
	}
	seals := map[string]func([]byte) string{
		"none": nil,
		"somebody's": func(b []byte) string {
			return protocol.Seal(p.Store.LogID(), []ed25519.PrivateKey{own}, [][]byte{b})[0]
		},
		"another event's": func([]byte) string { return real.Header.Get(protocol.HeaderSeal) },
		"another log's":   func(b []byte) string { return p.Signer.Seal(t.Context(), uuid.New(), [][]byte{b})[0] },
	}
	e := newRecorder()
	startAs(t, r.agent, 1, key, e)
	e.until(t, "the snapshot", func() bool { return len(e.resets) > 0 && e.position >= last })
	for what, seal := range seals {
		e.mu.Lock()
		before := len(e.resets)
		e.mu.Unlock()
		r.stream.Seal = seal
		for range last + 1 { // at least one is news to the agent
			r.stream.Append(domain.ContextDNS, record(int64(r.stream.Head), "192.0.2.66"))
		}
		e.until(t, "a snapshot, because of an event with the seal: "+what, func() bool { return len(e.resets) > before })
		// The log goes on beyond the forged events, which are old then.
		for last <= r.stream.Head {
			last = p.Append(view(int64(last)))
			p.Projected(last)
		}
		e.until(t, "the log's state", func() bool { return e.position >= r.stream.Head })
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.applied) > 0 {
		t.Errorf("applied %v", e.applied)
	}
	for _, s := range e.resets {
		for _, row := range s.Rows {
			if row.Record != nil {
				t.Errorf("%+v", row.Record)
			}
		}
	}
}
