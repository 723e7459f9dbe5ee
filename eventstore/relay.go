package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// relayPoll is how often an idle relay looks for events that another process
	// committed and did not publish, and for a stream that was lost.
	relayPoll = 200 * time.Millisecond
	// relayPage is the number of events read from Postgres at once.
	relayPage = 1_000
	// relayRetryMin and relayRetryMax bound the wait after a failure.
	relayRetryMin = 20 * time.Millisecond
	relayRetryMax = time.Second
	// relayResync is the pause after another relay was first: it lets relays that
	// race get out of step. The pause doubles while the stream did not move after all.
	relayResync = 200 * time.Microsecond
)

// errResync ends a pass when the stream is not where the relay believed it to
// be: another relay published, or the stream was lost.
var errResync = errors.New("the stream moved")

// Relay publishes the log on JetStream. Any number of relays, in any number of
// processes, may run at the same time.
//
// Invariants:
//  1. A message's sequence is its event's position. Every message is published on
//     the condition that the stream ends at position-1, so neither a race nor a
//     retry nor a late message of a dead process can repeat or skip one.
//  2. Whatever was committed is published while any relay runs: what the memory
//     queue loses is found in Postgres, behind the stream's last sequence. There
//     is no outbox and no cursor that could be wrong.
//  3. Nothing is published behind a stream end that is not the log's own event.
type Relay struct {
	store   *Store
	js      jetstream.JetStream
	stream  StreamConfig
	sealer  Sealer
	log     *slog.Logger
	queue   *relayQueue
	metrics *relayMetrics
	trouble atomic.Pointer[error]
	// poll is relayPoll; a test of what needs no poll makes it longer.
	poll time.Duration
}

// NewRelay returns a relay and registers it as the store's commit listener, so
// that what this process commits is published without reading it back.
func NewRelay(store *Store, js jetstream.JetStream, log *slog.Logger, reg prometheus.Registerer) *Relay {
	r := &Relay{store: store, js: js, log: log.With("component", "relay"), queue: newRelayQueue(), metrics: newRelayMetrics(reg), poll: relayPoll}
	store.OnCommit(r.committed)
	return r
}

// WithStream says how a lost stream is created anew. To be called before Run.
func (r *Relay) WithStream(cfg StreamConfig) *Relay {
	r.stream = cfg
	return r
}

// Sealer seals the payloads of some events of the log, see [protocol.Seal].
type Sealer interface {
	Seal(ctx context.Context, log uuid.UUID, payloads [][]byte) []string
}

// WithSealer has the events of the dns context sealed: name servers believe no others.
// To be called before Run.
func (r *Relay) WithSealer(s Sealer) *Relay {
	r.sealer = s
	return r
}

// committed is called by the store's writer, in commit order, and does not block.
func (r *Relay) committed(events []protocol.Envelope) {
	if len(events) == 0 {
		return
	}
	r.metrics.see(events[len(events)-1].Position)
	r.queue.put(events)
}

// Run publishes until ctx ends and then returns nil. JetStream or Postgres being
// away is waited for. It returns [ErrForeignStream], [ErrStreamAhead] or
// [ErrStreamDiverged] when going on would mix two histories.
func (r *Relay) Run(ctx context.Context) error {
	retry := relayRetryMin
	var moves moves
	for {
		began := time.Now()
		err := moves.check(r.pass(ctx))
		wait := moves.pause
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrForeignStream), errors.Is(err, ErrStreamAhead), errors.Is(err, ErrStreamDiverged):
			return fmt.Errorf("relay: %w", err)
		case errors.Is(err, errResync):
			retry = relayRetryMin
		default:
			if time.Since(began) > 2*relayRetryMax {
				retry = relayRetryMin
			}
			if retry == relayRetryMin {
				r.log.Warn("publishing is interrupted, trying again until it works", "error", err)
			}
			r.trouble.Store(&err)
			wait, retry = retry, min(2*retry, relayRetryMax)
		}
		if !backoff.Sleep(ctx, backoff.Jitter(wait)) {
			return nil
		}
	}
}

// Trouble is why the stream takes no events, nil while it does. It may be called at
// any time.
func (r *Relay) Trouble() error {
	if err := r.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

// pass starts from what the stream holds, which it returns, and publishes until something
// is not as expected.
func (r *Relay) pass(ctx context.Context) (streamTip, error) {
	info, err := ensureStream(ctx, r.js, r.store, r.stream)
	if err != nil {
		return streamTip{}, fmt.Errorf("ensure stream %s: %w", protocol.StreamEvents, err)
	}
	tip, err := checkStream(ctx, r.js, r.store, info)
	if err != nil {
		return streamTip{}, err
	}
	r.metrics.have(tip.last)
	window, err := openPublishWindow(r.js.Conn())
	if err != nil {
		return tip, fmt.Errorf("listen to JetStream's answers: %w", err)
	}
	defer window.close()
	p := &relayPass{Relay: r, tip: tip, window: window}
	if err := p.catchUp(ctx); err != nil {
		return tip, err
	}
	return tip, p.follow(ctx)
}

// relayPass is one pass: what it published and what is under way.
type relayPass struct {
	*Relay
	// tip is the last event that was handed to JetStream, or found there.
	tip    streamTip
	window *publishWindow
	// abroad is where the last look found the stream when others had published.
	abroad domain.Position
}

// catchUp publishes from Postgres until it has no more.
func (p *relayPass) catchUp(ctx context.Context) error {
	for {
		n, err := p.publishStored(ctx)
		if err != nil || n < relayPage {
			return err
		}
	}
}

// publishStored publishes the next page from Postgres and returns its length.
// The page starts with the event that the stream is believed to end with: if the
// log holds another one there, or none, publishing would mix histories.
func (p *relayPass) publishStored(ctx context.Context) (int, error) {
	after := max(p.tip.last-1, 0)
	events, err := p.store.Read(ctx, after, relayPage+1)
	if err != nil {
		return 0, err
	}
	if p.tip.last > 0 {
		if len(events) == 0 || events[0].Position != p.tip.last {
			return 0, errResync // the check at the start of the next pass finds the words
		}
		if id := events[0].ID; p.tip.id != uuid.Nil && id != p.tip.id {
			return 0, diverged(p.tip.last, p.tip.id, id)
		}
		events = events[1:]
	}
	return len(events), p.publish(ctx, events)
}

// publish hands events to JetStream, the first of them directly behind the tip,
// or further behind when another process is believed to have published between.
func (p *relayPass) publish(ctx context.Context, events []protocol.Envelope) error {
	for len(events) > 0 {
		part := events[:min(len(events), protocol.MaxSealed)]
		events = events[len(part):]
		messages, err := p.messages(ctx, part)
		if err != nil {
			return err
		}
		for i, m := range messages {
			p.metrics.see(m.event.Position)
			last := len(events) == 0 && i == len(part)-1
			if err := p.window.push(ctx, m, last, p.settled); err != nil {
				return err
			}
			p.tip = streamTip{last: m.event.Position, id: m.event.ID}
		}
	}
	return nil
}

// publishOwn publishes what this process committed. Events between the tip and
// the first of these were committed by other processes, which publish them at
// this moment. If they have not yet, JetStream refuses ours, and the next pass
// publishes all of them.
func (p *relayPass) publishOwn(ctx context.Context) error {
	events := p.queue.takeFrom(p.tip.last)
	if len(events) > 0 && events[0].Position == p.tip.last {
		if p.tip.id != uuid.Nil && events[0].ID != p.tip.id {
			return errResync // the database lost events and gave their positions away again
		}
		events = events[1:]
	}
	return p.publish(ctx, events)
}

// settled takes note of what JetStream has.
func (p *relayPass) settled(part publishedPart) {
	p.metrics.published.Add(float64(part.messages))
	p.metrics.have(part.position)
	p.trouble.Store(nil)
}

// follow publishes what this process commits, and looks in Postgres now and then.
func (p *relayPass) follow(ctx context.Context) error {
	poll := time.NewTimer(backoff.Jitter(p.Relay.poll))
	defer poll.Stop()
	for {
		if p.queue.overflowed() {
			if err := p.catchUp(ctx); err != nil {
				return err
			}
		}
		if err := p.publishOwn(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.queue.signal:
		case answer := <-p.window.answers:
			if err := p.window.settle(answer, p.settled); err != nil {
				return err
			}
		case <-poll.C:
			if err := p.look(ctx); err != nil {
				return err
			}
			poll.Reset(backoff.Jitter(p.Relay.poll))
		}
	}
}

// look compares the stream with what was published and publishes what other
// processes left behind.
func (p *relayPass) look(ctx context.Context) error {
	if err := p.window.drain(ctx, p.settled); err != nil {
		return err
	}
	stream, err := p.js.Stream(ctx, protocol.StreamEvents)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		p.log.Warn("the stream is gone, it is created and filled anew", "stream", protocol.StreamEvents)
		return errResync
	}
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	if info.Config.Metadata[protocol.MetadataLog] != p.store.LogID().String() {
		return errResync
	}
	if last := domain.Position(info.State.LastSeq); last != p.tip.last {
		return p.leave(last)
	}
	p.trouble.Store(nil) // all that was handed over is there
	if p.queue.waiting() {
		return nil // what comes next is in memory, or JetStream will refuse that and say so
	}
	return p.catchUp(ctx)
}

// leave leaves the stream to another relay, as long as that gets on and this process has
// nothing to publish: two that publish the same only refuse each other's messages.
func (p *relayPass) leave(last domain.Position) error {
	if last <= max(p.tip.last, p.abroad) || p.queue.waiting() {
		return errResync
	}
	p.abroad = last
	p.metrics.have(last)
	p.trouble.Store(nil)
	return nil
}
