package host

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/internal/streamtest"
)

// rogue is a NATS server that has taken the place of the bus. It can do all that the bus
// can: it brings a question to the real control plane as whoever it likes, and answers the
// host as it likes.
type rogue struct {
	w      *world
	server *embeddednats.Server
	stream *streamtest.Stream

	mu sync.Mutex
	// answer makes the answer to a question for work.
	answer func(question *nats.Msg) *nats.Msg
	asked  atomic.Int64
}

func startRogue(w *world) *rogue {
	w.t.Helper()
	server, err := embeddednats.Start(embeddednats.Config{Dir: w.t.TempDir(), Listen: "127.0.0.1:0"})
	w.Check(err)
	w.t.Cleanup(server.Stop)
	r := &rogue{w: w, server: server, answer: func(*nats.Msg) *nats.Msg { return nats.NewMsg("") }}
	r.stream = streamtest.New(w.t, server, protocol.HostConsumer(machine), domain.ContextOps)
	for subject, handle := range map[string]nats.MsgHandler{
		protocol.SubjectHostWork(machine): r.work,
		protocol.SubjectHostReport(machine): func(m *nats.Msg) {
			_ = m.RespondMsg(r.genuine(m, protocol.SubjectHostReport(machine), machine))
		},
	} {
		_, err := r.stream.NC.Subscribe(subject, handle)
		w.Check(err)
	}
	return r
}

func (r *rogue) work(m *nats.Msg) {
	r.mu.Lock()
	answer := r.answer
	r.mu.Unlock()
	reply := answer(m)
	reply.Subject = m.Reply
	_ = r.stream.NC.PublishMsg(reply)
	r.asked.Add(1)
}

// genuine asks the control plane with the host's question and the host's rights, or those
// of another host.
func (r *rogue) genuine(question *nats.Msg, subject string, as int64) *nats.Msg {
	inbox := protocol.HostInboxPrefix(as) + "." + nats.NewInbox()[len(nats.InboxPrefix):]
	sub, err := r.w.NC.SubscribeSync(inbox)
	if err != nil {
		return nats.NewMsg("")
	}
	defer func() { _ = sub.Unsubscribe() }()
	m := &nats.Msg{Subject: subject, Reply: inbox, Header: question.Header, Data: question.Data}
	if r.w.NC.PublishMsg(m) != nil {
		return nats.NewMsg("")
	}
	reply, err := sub.NextMsg(testkit.Patience)
	if err != nil {
		return nats.NewMsg("")
	}
	return &nats.Msg{Header: reply.Header, Data: reply.Data}
}

// answers says how questions for work are answered from now on.
func (r *rogue) answers(answer func(question *nats.Msg) *nats.Msg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// untilAsked waits until the host has asked again, by itself, and judged the answer
// before: it asks only afterwards.
func (r *rogue) untilAsked(times int64) {
	r.w.t.Helper()
	from := r.asked.Load()
	r.w.Eventually("the host asks again", func() bool { return r.asked.Load() >= from+times })
}

// forgedTask names what only the rogue asks for.
func forgedTask(n int) string {
	return strings.Repeat("f", 30) + string(rune('0'+n/10)) + string(rune('0'+n%10))
}

// forged is work that the control plane never gave.
func (w *world) forged(n int, key string) protocol.HostWork {
	order := ops.Order{Action: "note", Target: "t", Content: "forged"}
	return protocol.HostWork{
		Log: w.Store.LogID(), Position: 1000,
		Attempts: []protocol.WorkItem{{Number: domain.Position(900 + n), Attempt: ops.AttemptAccepted{
			Task: forgedTask(n), Machine: machine, Mode: ops.ModeUpdate, Order: order, Deadline: time.Now().Add(time.Hour).UTC(),
		}}},
		Accounts: []ops.AccountKeysSet{{Machine: machine, Account: "deploy", Keys: []ops.AccountKey{{Username: "rogue", Key: key}}}},
	}
}

// startAt runs the agent on a bus at another address than the one in its credentials.
func (w *world) startAt(url string, pins []string) *Follower {
	w.t.Helper()
	c, err := busauth.ReadCredentials(filepath.Join(w.dir, "creds"))
	w.Check(err)
	c.Pins = pins
	nc, err := nats.Connect(url, append(Options(c.ID), c.Option(), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectJitter(0, 0))...)
	w.Check(err)
	f, err := newFollower(nc, c, w.dir, quiet)
	w.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(func() { cancel(); running.Wait(); nc.Close() })
	return f
}

// A bus that forges, replays and redirects gets nothing run and no key written; the same
// bus gets the real work through.
func TestRogueBus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"note": `echo "$4" >> "$DIR/ran"`})
	w.Check(os.MkdirAll(filepath.Join(w.dir, w.home("deploy")), 0o755))
	theirs, ours := newKey(t), newKey(t)
	// The work of another host, and work of this host that is over: both were signed.
	w.Append(
		ops.MachineAdded{ID: machine + 1, Machine: ops.MachineData{
			Name: "web02", InsideIP: "10.0.0.2", OutsideIP: "10.0.0.2", Usage: "-", Location: "-",
		}},
		ops.HostEnrolled{ID: machine + 1},
		ops.TaskCreated{
			ID: 90, Task: forgedTask(90), Machine: machine + 1, Creator: 1, CreatorName: "admin",
			Order: ops.Order{Action: "note", Target: "t", Content: "other"},
		},
	)
	others := w.Append(ops.AttemptAccepted{
		Task: forgedTask(90), Machine: machine + 1, Mode: ops.ModeUpdate, Executor: 1, ExecutorName: "admin",
		Order: ops.Order{Action: "note", Target: "t", Content: "other"}, Deadline: time.Now().Add(time.Hour).UTC(),
	})
	w.Append(ops.AccountKeysSet{Machine: machine + 1, Account: "deploy", Keys: []ops.AccountKey{{User: 1, Username: "rogue", Key: theirs}}})
	over := w.task("note")
	attempt := w.accept(over, "note", time.Hour)
	w.setKeys("deploy", theirs)

	r := startRogue(w)
	f := w.startAt(r.server.URL(), nil)
	_, own, err := ed25519.GenerateKey(nil)
	w.Check(err)
	signed := func(work protocol.HostWork, sign func(data []byte) string) *nats.Msg {
		data, err := json.Marshal(work)
		if err != nil {
			t.Error(err)
		}
		reply := nats.NewMsg("")
		reply.Data = data
		if text := sign(data); text != "" {
			reply.Header.Set(protocol.HeaderSignature, text)
		}
		return reply
	}
	question := func(m *nats.Msg) protocol.Question {
		nonce, _ := protocol.ParseNonce(m.Header.Get(protocol.HeaderNonce))
		return protocol.Question{Asker: machine, Nonce: nonce, Body: m.Data}
	}
	workSubject := protocol.SubjectHostWork(machine)
	// The agent begins with a forgery; the real answers of this time are kept for later.
	r.answers(func(m *nats.Msg) *nats.Msg { return signed(w.forged(0, theirs), func([]byte) string { return "" }) })
	r.untilAsked(2)
	var recorded atomic.Pointer[nats.Msg]
	r.answers(func(m *nats.Msg) *nats.Msg {
		recorded.Store(r.genuine(m, workSubject, machine))
		return nats.NewMsg("")
	})
	if _, err := f.fetchWork(t.Context(), nil); !errors.Is(err, protocol.ErrNotGenuine) {
		t.Errorf("an empty answer: %v", err)
	}
	var before protocol.HostWork
	if err := json.Unmarshal(recorded.Load().Data, &before); err != nil || len(before.Attempts) != 1 || len(before.Accounts) != 1 {
		t.Fatalf("the work to be replayed is %s", recorded.Load().Data)
	}
	w.Append(
		ops.CancelRequested{Task: over, Machine: machine, Attempt: attempt},
		ops.AttemptPresumed{Task: over, Machine: machine, Attempt: attempt, Outcome: ops.Cancelled},
	)
	w.setKeys("deploy")

	attacks := map[string]func(m *nats.Msg) *nats.Msg{
		"unsigned": func(m *nats.Msg) *nats.Msg {
			return signed(w.forged(1, theirs), func([]byte) string { return "" })
		},
		"signed by somebody": func(m *nats.Msg) *nats.Msg {
			return signed(w.forged(2, theirs), func(data []byte) string {
				return question(m).Sign(protocol.ForWork, []ed25519.PrivateKey{own}, data)
			})
		},
		"replayed": func(*nats.Msg) *nats.Msg {
			old := recorded.Load()
			return &nats.Msg{Header: old.Header, Data: old.Data}
		},
		"another host's": func(m *nats.Msg) *nats.Msg {
			return r.genuine(m, protocol.SubjectHostWork(machine+1), machine+1)
		},
		"changed under its signature": func(m *nats.Msg) *nats.Msg {
			real := r.genuine(m, workSubject, machine)
			return signed(w.forged(3, theirs), func([]byte) string { return real.Header.Get(protocol.HeaderSignature) })
		},
		"of another question": func(m *nats.Msg) *nats.Msg {
			other := &nats.Msg{Header: m.Header, Data: []byte(`{"after":1000000}`)}
			return r.genuine(other, workSubject, machine)
		},
		"with another nonce": func(m *nats.Msg) *nats.Msg {
			other := &nats.Msg{Header: nats.Header{protocol.HeaderNonce: {protocol.Nonce{1}.String()}}, Data: m.Data}
			return r.genuine(other, workSubject, machine)
		},
		"for another purpose": func(m *nats.Msg) *nats.Msg {
			return r.genuine(m, protocol.SubjectHostReport(machine), machine)
		},
	}
	judge := func() {
		t.Helper()
		for what, attack := range attacks {
			r.answers(attack)
			if work, err := f.fetchWork(t.Context(), f.running()); !errors.Is(err, protocol.ErrNotGenuine) {
				t.Errorf("an answer that is %s: %v, %+v", what, err, work)
			}
		}
	}
	judge()
	if f.seen.Load() != 0 {
		t.Error("the host has taken work")
	}
	honest := func(m *nats.Msg) *nats.Msg { return r.genuine(m, workSubject, machine) }
	w.setKeys("deploy", ours)
	r.answers(honest)
	w.untilKeys("deploy", []string{ours}, theirs)
	// Now the host follows the rogue's stream, whose events only make it ask.
	r.answers(attacks["unsigned"])
	order := ops.Order{Action: "note", Target: "t", Content: "forged"}
	head := w.Append(ops.AccountKeysSet{Machine: machine + 1, Account: "x", Keys: []ops.AccountKey{}})
	for r.stream.Head <= head { // so that the last two are news to the host
		r.stream.Append(domain.ContextOps, ops.AttemptAccepted{
			Task: forgedTask(4), Machine: machine, Mode: ops.ModeUpdate, Order: order, Deadline: time.Now().Add(time.Hour).UTC(),
		})
		r.stream.Append(domain.ContextOps, ops.AccountKeysSet{
			Machine: machine, Account: "deploy", Keys: []ops.AccountKey{{Username: "rogue", Key: theirs}},
		})
	}
	r.untilAsked(2)
	judge()

	// The real work comes through, and nothing of what came before has happened.
	good := w.do("note")
	last := newKey(t)
	w.setKeys("deploy", ours, last)
	r.answers(honest)
	w.until(good, ops.StateSucceeded)
	w.untilKeys("deploy", []string{ours, last}, theirs)
	if ran := strings.Fields(w.read("ran")); len(ran) != 1 || ran[0] != "c" {
		t.Errorf("ran %q", ran)
	}
	tasks, ok := f.cfg.Tasks.(*executor.Executor)
	if !ok {
		t.Fatal("not the real executor")
	}
	for n := range 10 {
		if tasks.Knows(forgedTask(n), int64(900+n)) || tasks.Knows(forgedTask(n), int64(r.stream.Head)) {
			t.Errorf("the executor has %s", forgedTask(n))
		}
	}
	if tasks.Knows(forgedTask(90), int64(others)) {
		t.Error("the executor has an attempt of another host")
	}
	if tasks.Knows(over, int64(attempt)) {
		t.Error("the executor has an attempt that was over")
	}
}

// With the pins that credentials for the embedded bus have, a rogue is not spoken with at
// all, whether it speaks in clear or shows a certificate of its own; the real bus is, when
// it comes back.
func TestRogueBusIsNotSpokenWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"note": `echo ran >> "$DIR/ran"`})
	c, err := busauth.ReadCredentials(filepath.Join(w.dir, "creds"))
	w.Check(err)
	r := startRogue(w)
	options := append(Options(machine), c.Option(), nats.RetryOnFailedConnect(false), nats.Timeout(testkit.Patience))
	if nc, err := nats.Connect(r.server.URL(), options...); !errors.Is(err, nats.ErrSecureConnWanted) {
		t.Errorf("in clear: %v, %v", nc, err)
	}
	// The agent reconnects for ever, first to the rogue, then to the bus.
	w.startAt(r.server.URL()+","+c.URL, c.Pins)
	w.until(w.do("note"), ops.StateSucceeded)
	if r.asked.Load() != 0 {
		t.Error("the host has asked the rogue for work")
	}
}
