package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// A process applies what it has itself appended at once, and not when it looks.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.poll = time.Hour
	r := p.process(t, &diary{})
	for range 50 {
		r.await(t, p.tell(t, told{"x"}))
	}
	p.complete(t, 1)
}

func TestCheckpointMovesOnWithOtherContexts(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	r := p.process(t, &diary{})
	last := p.tell(t, told{"x"})
	r.await(t, p.tell(t, passed{}, passed{}))
	p.complete(t, 1)
	testkit.Eventually(t, "the checkpoint moves on with other contexts' events", func() bool {
		row, err := readCheckpoint(t.Context(), p.pool, "dns")
		return err == nil && row.position == last+2
	})
	if lag := r.gauge(t, "opsledger_projection_lag_events"); lag != 0 {
		t.Errorf("lag %v, want 0", lag)
	}
}

// Several runners work at the same tables, some of them against the rules, as if
// the leader were frozen; each event is applied exactly once.
func TestRunnersRace(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	var group []*process
	for range 3 {
		group = append(group, p.process(t, &diary{}))
	}
	testkit.Background(t, func(ctx context.Context) error {
		r := NewRunner(RunnerConfig{Pool: p.pool, Store: p.store, JS: p.js, Model: &diary{}, Progress: group[0].Progress, Log: slog.New(slog.DiscardHandler)})
		for ctx.Err() == nil {
			s, err := openSession(ctx, p.pool, "usurper")
			if err != nil {
				continue
			}
			err = (&leadership{Runner: r, session: s}).run(ctx)
			s.close()
			if ctx.Err() == nil && !errors.Is(err, errLost) {
				return err
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	var last atomic.Int64
	for range 4 {
		wg.Go(func() {
			for range 40 {
				position := p.tell(t, mixed(5)...)
				for {
					known := last.Load()
					if known >= int64(position) || last.CompareAndSwap(known, int64(position)) {
						break
					}
				}
			}
		})
	}
	wg.Wait()
	for _, r := range group {
		r.await(t, domain.Position(last.Load()))
	}
	p.complete(t, 1)
}

// A runner that stands by hears of progress, and takes over when the leader ends.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	leader := p.process(t, &diary{})
	leader.await(t, p.tell(t, mixed(4)...))
	standby := p.process(t, &diary{})
	for range 10 {
		standby.await(t, p.tell(t, told{"x"}))
	}
	leader.stop()
	standby.await(t, p.tell(t, told{"y"}))
	p.complete(t, 1)
}

// The stream does not have, or never delivers, what is in the log.
func TestGapsAreFilledFromPostgres(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.relay(false)
	p.tell(t, mixed(3_000)...)
	if err := eventstore.EnsureStream(t.Context(), p.js, p.store, eventstore.StreamConfig{MaxMsgs: 10}); err != nil {
		t.Fatal(err)
	}
	r := p.process(t, &diary{})
	r.await(t, 3_000)                      // the stream begins at 2,991
	r.await(t, p.tell(t, mixed(10)...))    // without a relay
	p.relay(true)                          // and with one, which finds them
	r.await(t, p.tell(t, mixed(2_500)...)) // and goes on
	if err := p.js.DeleteStream(t.Context(), protocol.StreamEvents); err != nil {
		t.Fatal(err)
	}
	r.await(t, p.tell(t, mixed(10)...))
	last := p.tell(t, mixed(10)...)
	r.await(t, last)
	// A server that is stopped while it creates a stream leaves a goroutine behind.
	testkit.Eventually(t, "the relay has filled the stream anew", func() bool {
		stream, err := p.js.Stream(t.Context(), protocol.StreamEvents)
		return err == nil && stream.CachedInfo().State.LastSeq >= uint64(last)
	})
	p.nats.Stop()
	r.await(t, p.tell(t, mixed(10)...))
	p.complete(t, 1)
}

// gather is what keeps repeated messages and gaps from the tables.
func TestGather(t *testing.T) {
	t.Parallel()
	message := func(position domain.Position, context domain.Context, payload string) tailMessage {
		return tailMessage{position: position, context: context, payload: []byte(payload)}
	}
	other := func(position domain.Position) tailMessage {
		return message(position, domain.ContextAccess, fmt.Sprintf(`{"position":%d,"context":"access"}`, position))
	}
	for name, c := range map[string]struct {
		messages []tailMessage
		to       domain.Position
		events   int
		gap      bool
	}{
		"in order":          {[]tailMessage{other(11), message(12, domain.ContextDNS, `{"position":12,"context":"dns"}`), other(13)}, 13, 1, false},
		"repeated":          {[]tailMessage{other(3), other(11), other(11), other(10), other(12)}, 12, 0, false},
		"gap at once":       {[]tailMessage{other(12)}, 10, 0, true},
		"gap later":         {[]tailMessage{other(11), other(13), other(14)}, 11, 0, true},
		"unreadable":        {[]tailMessage{other(11), message(12, domain.ContextDNS, `{`)}, 11, 0, true},
		"not what it says":  {[]tailMessage{message(11, domain.ContextDNS, `{"position":12,"context":"dns"}`)}, 10, 0, true},
		"of the wrong name": {[]tailMessage{message(11, domain.ContextDNS, `{"position":11,"context":"ops"}`)}, 10, 0, true},
		"half a change":     {[]tailMessage{other(11), message(12, domain.ContextDNS, `{"position":12,"more":1,"context":"dns"}`)}, 12, 1, true},
		"a whole change":    {[]tailMessage{message(11, domain.ContextDNS, `{"position":11,"more":1,"context":"dns"}`), other(12)}, 12, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tail := &tail{messages: make(chan tailMessage, 10)}
			for _, m := range c.messages[1:] {
				tail.messages <- m
			}
			l := &leadership{Runner: &Runner{context: domain.ContextDNS, metrics: &runnerMetrics{}}, applied: 10}
			b, gap := l.gather(c.messages[0], tail)
			if b.to != c.to || len(b.events) != c.events || gap != c.gap {
				t.Errorf("to %d with %d events, gap %v; want %d, %d, %v", b.to, len(b.events), gap, c.to, c.events, c.gap)
			}
		})
	}
}

// The leader's process ends in the middle of a batch, after the model has written.
func TestDeathInABatch(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	reached := make(chan struct{}, 100)
	dying := &diary{before: func(ctx context.Context) error {
		reached <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	r := p.process(t, dying)
	p.tell(t, mixed(30)...)
	<-reached
	r.stop()
	r = p.process(t, &diary{})
	r.await(t, 30)

	// Postgres ends all connections while events come.
	for range 5 {
		p.tell(t, mixed(30)...)
		if _, err := p.pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'opsledger projection%' AND datname = current_database()`); err != nil {
			t.Fatal(err)
		}
	}
	r.await(t, p.tell(t, mixed(3)...))
	p.complete(t, 1)
}

func TestPoisonedEvent(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	var mended flag
	var progress atomic.Pointer[process]
	m := &diary{refuse: func(e domain.Recorded) error {
		if e.Event.(told).Text == "poison" && !mended.Load() {
			return errRefused
		}
		return nil
	}}
	for _, e := range []domain.Event{told{"a"}, passed{}, told{"b"}, told{"c"}, passed{}, told{"poison"}, told{"d"}, passed{}} {
		p.tell(t, e)
	}
	r := p.process(t, m)
	progress.Store(r)
	r.await(t, 5)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := r.Wait(ctx, domain.ContextDNS, 6); !errors.Is(err, ErrPoisoned) || !strings.Contains(err.Error(), "event 6") {
		t.Errorf("waiting for what is behind it: %v, want ErrPoisoned", err)
	}
	if err := r.Poisoned(domain.ContextDNS); !errors.Is(err, errRefused) {
		t.Errorf("Poisoned is %v", err)
	}
	if r.Poisoned(domain.ContextAccess) != nil {
		t.Error("another projection is poisoned, too")
	}
	if got := r.gauge(t, "opsledger_projection_poisoned"); got != 1 {
		t.Errorf("the metric is %v", got)
	}
	if at := r.Applied(domain.ContextDNS); at != 5 {
		t.Errorf("%d is applied, want 5", at)
	}
	mended.Store(true)
	testkit.Eventually(t, "the event is tried again", func() bool { return r.Applied(domain.ContextDNS) == 8 })
	if err := r.Poisoned(domain.ContextDNS); err != nil {
		t.Errorf("still poisoned: %v", err)
	}
	p.complete(t, 1)
}

// An event that the program does not know stops the projection before it, too.
func TestUnreadableEvent(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	for _, e := range []domain.Event{told{"a"}, passed{}, forgotten{}, told{"b"}} {
		p.tell(t, e)
	}
	older := openStore(t, p.pool, testCodec(false))
	r := p.process(t, &diary{}, func(c *RunnerConfig) { c.Store = older; c.Pool = p.pool })
	testkit.Eventually(t, "the projection is poisoned", func() bool { return r.Poisoned(domain.ContextDNS) != nil })
	if at := r.Applied(domain.ContextDNS); at != 2 {
		t.Errorf("%d is applied, want 2", at)
	}
}
