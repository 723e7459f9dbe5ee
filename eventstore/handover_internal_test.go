package eventstore

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// joined is a pair whose writers are joined: that of a leads.
type joined struct {
	*pair
	server *embeddednats.Server
	nc     *nats.Conn // of the test
	ha, hb *Handover

	mu sync.Mutex
	// byA and byB are what each process has committed.
	byA, byB []uuid.UUID
}

var sharedKey = []byte("the key of all processes")

func newJoined(t *testing.T) *joined {
	t.Helper()
	j := &joined{pair: newPair(t), server: testkit.NATSServer(t)}
	j.nc = testkit.Connect(t, j.server)
	j.ha, j.hb = j.join(j.a, &j.byA), j.join(j.b, &j.byB)
	j.ha.Lead(true)
	testkit.Eventually(t, "the second process knows that the first leads", func() bool { return !j.hb.silent() })
	return j
}

func (j *joined) join(s *Store, committed *[]uuid.UUID) *Handover {
	j.t.Helper()
	s.OnCommit(func(events []protocol.Envelope) {
		j.mu.Lock()
		defer j.mu.Unlock()
		for _, e := range events {
			*committed = append(*committed, e.ID)
		}
	})
	h := NewHandover(s, testkit.Connect(j.t, j.server), sharedKey, nil)
	testkit.Background(j.t, h.Run)
	testkit.Eventually(j.t, "it hands over", func() bool { return s.writer.handover.Load() == h })
	return h
}

// committedBy wants a process to have committed the entries, and nothing else.
func (j *joined) committedBy(list *[]uuid.UUID, entries ...*entry) {
	j.t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	var want []uuid.UUID
	for _, e := range entries {
		for _, event := range e.events {
			want = append(want, event.ID)
		}
	}
	if !reflect.DeepEqual(*list, want) {
		j.t.Errorf("committed there: %v, want %v", *list, want)
	}
}

// put has the second process append entries, one after the other.
func (j *joined) put(entries ...*entry) (answers []answer) {
	j.t.Helper()
	for _, e := range entries {
		j.b.box.put(e)
		answers = append(answers, <-e.done)
	}
	return answers
}

// message is a batch as another process would hand it over.
func (j *joined) message(sender uuid.UUID, number, term uint64, e *entry) []byte {
	return j.ha.seal.close(kindBatch, batchHeader{sender: sender, leader: j.ha.self, number: number, term: term}.with([][]byte{e.encode()}))
}

// request sends a message and returns the answer to its one entry.
func (j *joined) request(message []byte, sender uuid.UUID, number uint64) entryReply {
	j.t.Helper()
	m, err := j.nc.Request(subjectBatches(j.a.id, j.ha.self), message, testkit.Patience)
	if err != nil {
		j.t.Fatal(err)
	}
	payload, ok := j.ha.seal.open(kindReply, m.Data)
	if !ok {
		j.t.Fatal("the answer is not sealed")
	}
	reply, err := readReply(payload, sender, number, 1)
	if err != nil {
		j.t.Fatal(err)
	}
	return reply.entries[0]
}

// The leading writer commits for the other process, which commits alone what is too large to travel.
func TestHandedOver(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	first, loser, second := entryOf("x"), entryOf("y"), entryOf("z")
	loser.conditions = []condition{on("x", 0, "T")}
	second.conditions = []condition{on("x", 1, "T"), on("y", 0, "T")}
	large := entryOf("large")
	for range 5 {
		e := large.events[0]
		e.ID, e.Data = newID(), []byte(`"`+strings.Repeat("x", MaxEventBytes-2)+`"`)
		large.events = append(large.events, e)
	}
	answers := j.put(first, loser, second, large)
	for i, want := range []domain.Position{1, 0, 2, 3} {
		if want == 0 {
			if !errors.Is(answers[i].err, errConflict) {
				t.Errorf("a broken condition: %+v", answers[i])
			}
			continue
		}
		if a := answers[i]; a.err != nil || a.events[0].Position != want || a.events[0].Prev != want-1 || a.events[0].RecordedAt.IsZero() {
			t.Errorf("entry %d: %+v", i, a)
		}
	}
	j.committedBy(&j.byA, first, second)
	j.committedBy(&j.byB, large)
	third := entryOf("after it")
	if a := j.put(third)[0]; a.err != nil || a.events[0].Position != 9 {
		t.Errorf("handed over again: %+v", a)
	}
	j.committedBy(&j.byA, first, second, third)
}

// What comes late, after somebody else has appended, is not appended.
func TestHandedOverLate(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	if a := j.put(entryOf("x"))[0]; a.err != nil {
		t.Fatal(a.err)
	}
	term, sender, late, again := j.hb.term, uuid.New(), entryOf("late"), entryOf("again")
	j.pair.writer() // appends an event
	if a := j.request(j.message(sender, 1, term, late), sender, 1); a.answer != answeredLate {
		t.Errorf("answered with %d", a.answer)
	}
	if a := j.request(j.message(sender, 2, term, again), sender, 2); a.answer != answeredLate {
		t.Errorf("answered with %d", a.answer)
	}
	j.log(2)
}

// A batch that arrives twice is appended once, and one that nobody of the log has sent never.
func TestHandedOverTwice(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	if a := j.put(entryOf("x"))[0]; a.err != nil {
		t.Fatal(a.err)
	}
	term, sender, first, second := j.hb.term, uuid.New(), entryOf("first"), entryOf("second")
	once := j.message(sender, 1, term, first)
	if a := j.request(once, sender, 1); a.answer != answeredCommitted || a.first != 2 {
		t.Errorf("answered with %+v", a)
	}
	forged := messageSeal{key: []byte("another key"), log: j.a.id}.close(kindBatch, batchHeader{uuid.New(), j.ha.self, 1, term}.with([][]byte{entryOf("forged").encode()}))
	replay := func() {
		for _, m := range [][]byte{once, forged, forged[:10], nil} {
			if err := j.nc.Publish(subjectBatches(j.a.id, j.ha.self), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	replay()
	j.ha.Lead(false)
	testkit.Eventually(t, "nobody leads", j.hb.silent)
	j.ha.Lead(true) // in the same term
	testkit.Eventually(t, "it leads again", func() bool { return !j.hb.silent() })
	replay()
	if a := j.request(j.message(sender, 2, term, second), sender, 2); a.answer != answeredCommitted {
		t.Errorf("answered with %+v", a)
	}
	j.log(1, first, second)
}

// A process that gets no answer finds what was appended for it, and appends the rest itself.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	for name, leads := range map[string]bool{"the leader appends it": true, "the leader has died": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJoined(t)
			if a := j.put(entryOf("before"))[0]; a.err != nil {
				t.Fatal(a.err)
			}
			deaf := NewHandover(j.b, testkit.Connect(t, j.server), sharedKey, nil)
			deaf.term = j.hb.term
			if !leads {
				j.ha.Lead(false)
				testkit.Eventually(t, "nobody leads", j.hb.silent)
			}
			deaf.heard.Store(&leader{process: j.ha.self, at: time.Now().Add(time.Hour)})
			j.b.writer.handover.Store(deaf)
			seen, err := j.nc.SubscribeSync(subjectBatches(j.a.id, j.ha.self))
			if err == nil {
				err = j.nc.Flush()
			}
			if err != nil {
				t.Fatal(err)
			}
			lost, next := entryOf("x"), entryOf("y")
			lost.conditions = []condition{on("x", 0, "T")} // its own event would break it
			j.b.box.put(lost)
			if _, err := seen.NextMsg(testkit.Patience); err != nil {
				t.Fatal(err)
			}
			if leads {
				testkit.Eventually(t, "the leader has appended it", func() bool { j.mu.Lock(); defer j.mu.Unlock(); return len(j.byA) == 2 })
			}
			deaf.heard.Store(nil)
			first, second := <-lost.done, j.put(next)[0]
			for i, a := range []answer{first, second} {
				if want := domain.Position(i + 2); a.err != nil || a.events[0].Position != want || a.events[0].Prev != want-1 {
					t.Errorf("entry %d: %+v", i, a)
				}
			}
			if leads {
				j.committedBy(&j.byB, next)
			}
			j.log(1, lost, next)
		})
	}
}

// The bus may say that nobody takes a batch, and be wrong: the sender looks what became of it, no
// further back than what it knows of the log's end.
func TestBusLies(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	j.add(j.a)
	testkit.Eventually(t, "it is known how far the log is", func() bool { return j.hb.heard.Load().passed == 1 })
	sub, err := j.nc.Subscribe(subjectBatches(j.a.id, j.ha.self), func(m *nats.Msg) {
		if err := m.RespondMsg(&nats.Msg{Header: nats.Header{"Status": {"503"}}}); err != nil {
			t.Error(err)
		}
	})
	if err == nil {
		err = errors.Join(j.nc.Flush(), sub.AutoUnsubscribe(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	e, release := entryOf("x"), j.hold()
	j.b.box.put(e)
	j.waiting(2) // both have it
	release()
	if a := <-e.done; a.err != nil || a.events[0].Position != 2 || *e.doubt != 1 {
		t.Errorf("%+v, in doubt from %d on", a, *e.doubt)
	}
	j.log(1, e)
}

// While two believe that they lead, a batch is taken by the one that it is for.
func TestTwoLead(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	c, err := Open(t.Context(), Config{Pool: j.pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	testkit.Background(t, c.Run)
	var byC []uuid.UUID
	hc := j.join(c, &byC)
	testkit.Eventually(t, "the third process knows that the first leads", func() bool { return !hc.silent() })
	j.hb.Lead(true)
	testkit.Eventually(t, "the second leads, too", func() bool { return !j.ha.silent() })
	var entries []*entry
	for range 30 {
		e := entryOf("x")
		c.box.put(e)
		if a := <-e.done; a.err != nil {
			t.Fatal(a.err)
		}
		entries = append(entries, e)
	}
	j.log(0, entries...)
	j.committedBy(&j.byB)
	second := &taker{Handover: j.hb}
	for leader, want := range map[uuid.UUID]bool{j.ha.self: false, j.hb.self: true} { // wherever the bus brings a batch
		if got := second.fresh(batchHeader{sender: uuid.New(), leader: leader, number: 1}); got != want {
			t.Errorf("taken is %v, want %v", got, want)
		}
		if want {
			second.working.Done()
		}
	}
}

// The leading writer keeps the answer to a command that changes nothing, too.
func TestRefusalHandedOver(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	refused := func(id uuid.UUID) *entry {
		return &entry{commandID: id, keyed: true, fingerprint: []byte("f"), refusal: &Refusal{Status: 400, Body: []byte(`{}`)}, done: make(chan answer, 1)}
	}
	id := newID()
	if a := j.put(entryOf("x"), refused(id))[1]; a.err != nil || a.stored != nil {
		t.Errorf("the first time: %+v", a)
	}
	if a := j.put(refused(id))[0]; a.err != nil || a.stored == nil || a.stored.refusal == nil {
		t.Errorf("again: %+v", a)
	}
	doubtful := refused(newID())
	doubtful.doubt = new(domain.Position)
	p := makePlan([]*entry{doubtful}, inspection{places: map[uuid.UUID]place{newID(): {}}}, time.Now())
	if len(p.keyed) != 1 {
		t.Error("a refusal whose fate is not known is not kept")
	}
}

// Without the bus each process appends by itself.
func TestHandoverWithoutBus(t *testing.T) {
	t.Parallel()
	j := newJoined(t)
	j.server.Stop()
	e := entryOf("x")
	if a := j.put(e)[0]; a.err != nil {
		t.Fatal(a.err)
	}
	j.log(0, e)
}

// Nobody but a process of the log answers, and only to the batch that is being waited for.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	h := &Handover{seal: messageSeal{key: sharedKey, log: uuid.New()}, self: uuid.New(), inbox: "inbox", number: 7}
	e := entryOf("x")
	e.done <- answer{err: errConflict}
	payload := replyTo(batchHeader{sender: h.self, number: 7, term: 1}, []*entry{e})
	sealed := h.seal.close(kindReply, payload)
	another := slices.Clone(payload)
	another[len(h.self)+7]++ // the number
	foreign := messageSeal{key: []byte("another"), log: h.seal.log}
	for name, c := range map[string]struct {
		subject string
		data    []byte
		ok      bool
	}{
		"right":             {"inbox.7", sealed, true},
		"late":              {"inbox.6", sealed, false},
		"of another key":    {"inbox.7", foreign.close(kindReply, payload), false},
		"of another kind":   {"inbox.7", h.seal.close(kindBatch, payload), false},
		"of another log":    {"inbox.7", messageSeal{sharedKey, uuid.New()}.close(kindReply, payload), false},
		"cut off":           {"inbox.7", h.seal.close(kindReply, payload[:len(payload)-1]), false},
		"for another batch": {"inbox.7", h.seal.close(kindReply, another), false},
	} {
		if _, err := h.reply(&nats.Msg{Subject: c.subject, Data: c.data}, 1); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An entry arrives as it was sent.
func TestEntryTravels(t *testing.T) {
	t.Parallel()
	sent := entryOf("a", "b")
	sent.keyed, sent.fingerprint, sent.warnings = true, []byte("print"), []domain.Warning{{Text: "mind"}}
	sent.conditions = []condition{on("x", 3, "T", "U"), on("y", 4)}
	sent.events[0].Key, sent.events[0].Actor, sent.events[0].RecordedAt = 5, 6, time.UnixMicro(7).UTC()
	refusal := &entry{commandID: newID(), keyed: true, fingerprint: []byte("f"), refusal: &Refusal{Status: 400, Body: []byte(`{}`), Field: "name"}}
	for _, e := range []*entry{sent, refusal} {
		_, got, err := new(typeLists).readBatch(batchHeader{}.with([][]byte{e.encode()}))
		if err != nil {
			t.Fatal(err)
		}
		g := got[0]
		if g.commandID != e.commandID || g.keyed != e.keyed || string(g.fingerprint) != string(e.fingerprint) || !reflect.DeepEqual(g.refusal, e.refusal) ||
			!reflect.DeepEqual(g.warnings, e.warnings) || !reflect.DeepEqual(g.events, e.events) || !reflect.DeepEqual(g.conditions, e.conditions) ||
			len(g.tags) != len(e.tags) {
			t.Errorf("got %+v, want %+v", g, e)
		}
	}
}
