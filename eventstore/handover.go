package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
)

const (
	// aliveEvery is how often the leading writer shows itself, and silentAfter how long it may
	// be silent until it counts as dead or frozen.
	aliveEvery  = 100 * time.Millisecond
	silentAfter = 500 * time.Millisecond
	// handoverLimit bounds the wait for one batch.
	handoverLimit = 2 * time.Second
	// restMin and restMax bound the time for which a writer appends by itself after the leading
	// one had not taken a batch.
	restMin = 250 * time.Millisecond
	restMax = 10 * time.Second
)

// Handover has one writer commit for the processes of a log: the leading one, which knows the
// log's end as long as nobody else appends. The writers of the other processes hand their
// batches over to it, by the bus. Without it, or with a bus that is away, each writer commits by
// itself, and nothing is wrong with that but that their commits get into each other's way.
//
// Invariants:
//  1. What was handed over is committed in the term that it was sent in, or never: see
//     [writer.admit]. Whoever got no answer looks under the head's lock what became of a batch,
//     and what is missing it appends itself. That, or what broke the batch's conditions, has
//     ended the term, or keeps the batch from being appended for ever.
//  2. A batch is taken once, however often it arrives, and by the process alone that it is for: its
//     sender numbers its batches. So what that process answers is true of the batch, also when
//     several believe that they lead.
//  3. Who does not have the key can neither append anything nor answer.
type Handover struct {
	store *Store
	nc    *nats.Conn
	seal  messageSeal
	// self tells this process's messages from those of others.
	self uuid.UUID
	log  *slog.Logger

	leading atomic.Bool
	changed chan struct{} // has room for one
	// heard is the other process that leads, nil if none is known to.
	heard atomic.Pointer[leader]
	inbox string
	// replies are those to the batches that were handed over.
	replies chan *nats.Msg
	// The rest is the writer's: the number of its last batch, the leading writer's term, and until
	// when, and for how long, it appends by itself.
	number, term uint64
	until        time.Time
	rest         time.Duration
	// limit is handoverLimit, except in tests.
	limit time.Duration

	mu sync.Mutex
	// taken are the numbers of the last batches of each sender, as long as this process lives: it
	// may lead again in the term in which it led before.
	taken map[uuid.UUID]uint64
}

// leader is a process that leads.
type leader struct {
	process uuid.UUID
	// passed is a position that the log has passed.
	passed domain.Position
	at     time.Time
}

// NewHandover returns a handover under a key that the processes of the log have in common.
func NewHandover(s *Store, nc *nats.Conn, key []byte, log *slog.Logger) *Handover {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	self := uuid.New()
	return &Handover{
		store: s, nc: nc, seal: messageSeal{key: key, log: s.id}, self: self, log: log.With("component", "handover"),
		changed: make(chan struct{}, 1), inbox: nc.NewInbox(), replies: make(chan *nats.Msg, 16), rest: restMin, limit: handoverLimit,
		taken: map[uuid.UUID]uint64{},
	}
}

// Lead says whether this process's writer is the leading one. Two that lead at once do no harm.
func (h *Handover) Lead(leading bool) {
	h.leading.Store(leading)
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// Subjects of the control plane's processes among themselves.
func subjectBatches(log, of uuid.UUID) string {
	return "writer." + log.String() + ".batch." + of.String()
}
func subjectWriterAlive(log uuid.UUID) string    { return "writer." + log.String() + ".alive" }
func (h *Handover) replySubject(n uint64) string { return fmt.Sprintf("%s.%d", h.inbox, n) }

// Run takes the batches of others while this process leads, and has the store's writer hand its
// own over while another one does. It returns nil when ctx ends. To be called once, beside the
// store's Run.
func (h *Handover) Run(ctx context.Context) error {
	alive, err := h.nc.Subscribe(subjectWriterAlive(h.store.id), h.hear)
	if err != nil {
		return fmt.Errorf("handover: %w", err)
	}
	defer func() { _ = alive.Unsubscribe() }() // fails only when the connection is closed already
	replies, err := h.nc.ChanSubscribe(h.inbox+".*", h.replies)
	if err != nil {
		return fmt.Errorf("handover: %w", err)
	}
	defer func() { _ = replies.Unsubscribe() }()
	h.store.writer.handover.Store(h)
	defer h.store.writer.handover.Store(nil)
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	var taker *taker
	defer func() { taker.stop() }()
	for {
		if taker, err = h.lead(taker); err != nil {
			h.log.Debug("the batches of other processes are not taken", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-h.changed:
		case <-tick.C:
		}
	}
}

// lead begins and ends to take the batches of others, and shows that it does.
func (h *Handover) lead(t *taker) (*taker, error) {
	if !h.leading.Load() {
		t.stop()
		return nil, nil
	}
	if t == nil {
		var err error
		if t, err = h.take(); err != nil {
			return nil, err
		}
	}
	passed := domain.Position(h.store.writer.passed.Load())
	return t, h.nc.Publish(subjectWriterAlive(h.store.id), h.seal.close(kindAlive, appendInt(bytes.Clone(h.self[:]), int64(passed))))
}

// hear takes note of the process that leads. If several say so, it is the first one, until that
// one is silent.
func (h *Handover) hear(m *nats.Msg) {
	known := h.heard.Load()
	if payload, ok := h.seal.open(kindAlive, m.Data); ok {
		r := hashReader{rest: string(payload)}
		l := &leader{process: r.uuid(), passed: domain.Position(r.int64()), at: time.Now()}
		if !r.short && l.process != h.self && (h.silent() || l.process == known.process) {
			h.heard.Store(l)
		}
	} else if who, gone := h.seal.open(kindGone, m.Data); gone && known != nil && string(who) == string(known.process[:]) {
		h.heard.Store(nil)
	}
}

// silent says that no other process leads, as far as is known.
func (h *Handover) silent() bool {
	l := h.heard.Load()
	return l == nil || time.Since(l.at) > silentAfter
}

// wanted says whether the writer should hand its batches over.
func (h *Handover) wanted() bool {
	return !h.leading.Load() && !h.silent() && !time.Now().Before(h.until)
}

// failed has the writer append by itself for a while, longer each time.
func (h *Handover) failed() {
	h.until, h.rest = time.Now().Add(h.rest), min(2*h.rest, restMax)
}

// ask hands a batch over to the process that leads and waits for its answer. An error leaves the
// batch's fate open, also one that the bus tells: nobody vouches for what the bus says.
func (h *Handover) ask(to uuid.UUID, entries [][]byte) (handoverReply, error) {
	h.number++
	drain(h.replies)
	batch := batchHeader{sender: h.self, leader: to, number: h.number, term: h.term}
	if err := h.nc.PublishRequest(subjectBatches(h.store.id, to), h.replySubject(h.number), h.seal.close(kindBatch, batch.with(entries))); err != nil {
		return handoverReply{}, err
	}
	limit := time.NewTimer(h.limit)
	defer limit.Stop()
	look := time.NewTicker(aliveEvery)
	defer look.Stop()
	for {
		select {
		case m := <-h.replies:
			if r, err := h.reply(m, len(entries)); err == nil || errors.Is(err, nats.ErrNoResponders) {
				return r, err
			}
		case <-look.C:
			if h.silent() && len(h.replies) == 0 {
				return handoverReply{}, errors.New("the leading writer has fallen silent")
			}
		case <-limit.C:
			return handoverReply{}, errors.New("the leading writer does not answer")
		}
	}
}

// reply reads an answer to the last batch.
func (h *Handover) reply(m *nats.Msg, entries int) (handoverReply, error) {
	if m.Subject != h.replySubject(h.number) {
		return handoverReply{}, errors.New("an answer that comes late")
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return handoverReply{}, nats.ErrNoResponders
	}
	payload, ok := h.seal.open(kindReply, m.Data)
	if !ok {
		return handoverReply{}, errors.New("an answer of somebody else")
	}
	return readReply(payload, h.self, h.number, entries)
}

func drain(messages chan *nats.Msg) {
	for {
		select {
		case <-messages:
		default:
			return
		}
	}
}

// taker takes the batches of other processes.
type taker struct {
	*Handover
	sub   *nats.Subscription
	types *typeLists
	// stopped is under the lock of taken.
	stopped bool
	working sync.WaitGroup
}

func (h *Handover) take() (*taker, error) {
	t := &taker{Handover: h, types: &typeLists{}}
	var err error
	t.sub, err = h.nc.Subscribe(subjectBatches(h.store.id, h.self), t.receive)
	return t, err
}

// stop waits for the answers to what was taken, and then says that this process does not lead: so
// nobody gives up on an answer that is about to come.
func (t *taker) stop() {
	if t == nil {
		return
	}
	_ = t.sub.Unsubscribe() // both fail only when the connection is closed already
	t.mu.Lock()
	t.stopped = true
	t.mu.Unlock()
	t.working.Wait()
	_ = t.nc.Publish(subjectWriterAlive(t.store.id), t.seal.close(kindGone, t.self[:]))
}

// receive gives a batch to the writer, and answers when the writer has.
func (t *taker) receive(m *nats.Msg) {
	payload, ok := t.seal.open(kindBatch, m.Data)
	if !ok {
		t.log.Warn("a batch that no process of this log has sent is dropped")
		return
	}
	batch, entries, err := t.types.readBatch(payload)
	if err != nil {
		t.log.Warn("a batch that cannot be read is dropped", "error", err)
		return
	}
	if !t.fresh(batch) {
		return
	}
	for _, e := range entries {
		e.since, e.done, e.foreign, e.term = time.Now(), make(chan answer, 1), true, batch.term
		if !t.store.available() || !t.store.box.put(e) {
			e.done <- answer{err: ErrUnavailable}
		}
	}
	go func() {
		defer t.working.Done()
		reply := t.seal.close(kindReply, replyTo(batch, entries))
		if err := m.Respond(reply); err != nil {
			t.log.Warn("a process does not get its answer", "error", err)
		}
	}()
}

// fresh says whether the batch is for this process and comes for the first time, and then counts it
// as being worked on.
func (t *taker) fresh(b batchHeader) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || b.leader != t.self || b.number <= t.taken[b.sender] {
		return false
	}
	t.taken[b.sender] = b.number
	t.working.Add(1)
	return true
}
