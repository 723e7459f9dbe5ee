package eventstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func TestExecuteAppends(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	if got := execute(t, s, note()); got.First != 0 || len(got.Events) != 0 {
		t.Errorf("an empty decision appended: %+v", got)
	}
	first := execute(t, s, note(noted{Text: "a", On: []domain.Tag{"x", "y"}}, booked{noted{On: []domain.Tag{"x"}}}))
	if first.First != 1 || first.Last != 2 {
		t.Fatalf("positions %d to %d", first.First, first.Last)
	}
	execute(t, s, note(noted{ID: 12, Text: "ä<b>\\u0000 \u2028", On: nil}))
	log := wholeLog(t, s)
	if len(log) != 3 {
		t.Fatalf("%d events", len(log))
	}
	e := log[2]
	if e.Type != "Noted" || e.Context != domain.ContextDNS || e.Key != 12 || e.Actor != 7 || e.Schema != 1 || e.Prev != 1 {
		t.Errorf("stored as %+v", e)
	}
	if e.Correlation != e.CommandID || e.CommandID.Version() != 7 {
		t.Errorf("command %s, correlation %s", e.CommandID, e.Correlation)
	}
	r, err := e.Decode(s.Codec())
	if err != nil || r.Event.(noted).Text != "ä<b>\\u0000 \u2028" {
		t.Errorf("decoded %+v, %v", r, err)
	}
	byTag, err := s.ReadTag(t.Context(), "x", 0, 10)
	if err != nil || len(byTag) != 2 || byTag[1].Position != 2 {
		t.Errorf("by tag: %v, %v", byTag, err)
	}
	if page, err := s.Read(t.Context(), 1, 1); err != nil || len(page) != 1 || page[0].Position != 2 {
		t.Errorf("page: %v, %v", page, err)
	}
}

// Positions have no gaps and no doubles with several processes appending, and
// every batch is announced once, in order, by the process that committed it.
func TestTwoProcessesAppendGapless(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	var announced [2][]protocol.Envelope
	var stores [2]*eventstore.Store
	for i := range stores {
		stores[i] = run(t, pool, func(c *eventstore.Config) { c.PartitionSize = 64 })
		stores[i].OnCommit(func(batch []protocol.Envelope) { announced[i] = append(announced[i], batch...) })
	}
	const writers, rounds = 16, 12
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for r := range rounds {
				s := stores[(w+r)%2]
				events := []domain.Event{noted{On: []domain.Tag{"all"}}, booked{noted{On: []domain.Tag{domain.Tag(fmt.Sprint("w:", w))}}}}
				execute(t, s, note(events[:1+r%2]...))
			}
		})
	}
	wg.Wait()
	log := wholeLog(t, stores[0])
	if want := writers * rounds * 3 / 2; len(log) != want {
		t.Errorf("%d events, want %d", len(log), want)
	}
	if n := len(announced[0]) + len(announced[1]); n != len(log) {
		t.Errorf("%d events announced, %d appended", n, len(log))
	}
	for _, list := range announced {
		for i := 1; i < len(list); i++ {
			if list[i].Position <= list[i-1].Position {
				t.Errorf("announced %d after %d", list[i].Position, list[i-1].Position)
			}
		}
	}
}

// Of racers for one name exactly one wins, whatever else is going on: an old
// write transaction that stays open must not hide what is committed.
func TestRacersHaveOneWinner(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	stores := []*eventstore.Store{run(t, pool), run(t, pool)}
	idle, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Rollback(t.Context())
	if _, err := idle.Exec(t.Context(), "CREATE TABLE unrelated AS SELECT txid_current()"); err != nil {
		t.Fatal(err)
	}
	for round := range 40 {
		name := domain.Tag(fmt.Sprint("name:", round))
		var winners, losers atomic.Int32
		var wg sync.WaitGroup
		for racer := range 8 {
			wg.Go(func() {
				_, err := stores[racer%2].Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take(name)})
				var refused *domain.Error
				switch {
				case err == nil:
					winners.Add(1)
				case errors.As(err, &refused):
					losers.Add(1)
				default:
					t.Errorf("racer: %v", err)
				}
			})
		}
		wg.Wait()
		if winners.Load() != 1 || losers.Load() != 7 {
			t.Fatalf("round %d: %d winners, %d losers", round, winners.Load(), losers.Load())
		}
	}
	if n := len(wholeLog(t, stores[0])); n != 40 {
		t.Errorf("%d events for 40 names", n)
	}
}

// A decision on a stale state fails; one that is only near it does not.
func TestConditions(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	for _, c := range []struct {
		name      string
		item      domain.Item
		meanwhile domain.Event
		again     bool
	}{
		{"same tag and type", domain.Item{Tag: "a", Types: []string{"Noted"}}, noted{On: []domain.Tag{"a"}}, true},
		{"all types", domain.Item{Tag: "b"}, booked{noted{On: []domain.Tag{"b", "z"}}}, true},
		{"another tag", domain.Item{Tag: "c"}, noted{On: []domain.Tag{"d"}}, false},
		{"another type", domain.Item{Tag: "e", Types: []string{"Taken"}}, noted{On: []domain.Tag{"e"}}, false},
		{"read but not guarded", domain.Item{Tag: "f", Guards: []string{"Taken"}}, noted{On: []domain.Tag{"f"}}, false},
		{"guarded", domain.Item{Tag: "g", Types: []string{"Taken", "Noted"}, Guards: []string{"Noted"}}, noted{On: []domain.Tag{"g"}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			decisions := 0
			execute(t, s, deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
				if err := h.Load(&count{item: c.item}); err != nil {
					return nil, err
				}
				switch decisions++; decisions {
				case 1:
					return nil, nil // on remembered state: read, please
				case 2:
					execute(t, s, note(c.meanwhile))
				}
				return []domain.Event{noted{On: []domain.Tag{"result"}}}, nil
			}))
			if again := decisions > 2; again != c.again {
				t.Errorf("decided %d times", decisions)
			}
		})
	}
}

// Retries end: a decision that always loses is a conflict.
func TestConflictsAreBounded(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	_, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
		if err := h.Load(countOf("hot")); err != nil {
			return nil, err
		}
		event := noted{On: []domain.Tag{"hot"}}
		execute(t, s, note(event))
		return []domain.Event{event}, nil
	})})
	if !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

// The folds of a second Load are guarded from its own head on, those of the first from theirs.
func TestSecondLoad(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	decisions := 0
	execute(t, s, deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
		decisions++
		if err := h.Load(countOf("first")); err != nil {
			return nil, err
		}
		if decisions == 1 {
			execute(t, s, note(noted{On: []domain.Tag{"first"}}))
		}
		second := countOf("second")
		if err := h.Load(second); err != nil {
			return nil, err
		}
		return []domain.Event{noted{On: []domain.Tag{"second"}}}, nil
	}))
	if decisions != 2 {
		t.Errorf("decided %d times", decisions)
	}
}

// A fold gives the same state from the cache and from nothing.
func TestFoldsFromCache(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s := run(t, pool)
	for i := range 8 {
		execute(t, s, note(noted{On: []domain.Tag{"even"}}))
		if i%3 == 0 {
			execute(t, s, note(noted{On: []domain.Tag{"odd"}}))
		}
		for _, store := range []*eventstore.Store{s, run(t, pool)} {
			even, odd := countOf("even"), countOf("odd", "Noted")
			execute(t, store, deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) { return nil, h.Load(even, odd) }))
			if even.n != i+1 || odd.n != i/3+1 {
				t.Fatalf("round %d: %d even, %d odd", i, even.n, odd.n)
			}
		}
	}
}

// allocating needs two zones' ids and a record's.
type allocating struct{ deciding }

func (allocating) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequenceZone, domain.SequenceRecord, domain.SequenceZone}
}

// Ids come in order; a retry uses those it has.
func TestIDs(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	var got [][3]int64
	create := allocating{func(h domain.History, env domain.Env) ([]domain.Event, error) {
		if err := h.Load(countOf("x")); err != nil {
			return nil, err
		}
		got = append(got, [3]int64{env.NextID(domain.SequenceZone), env.NextID(domain.SequenceZone), env.NextID(domain.SequenceRecord)})
		if len(got) == 1 {
			execute(t, s, note(noted{On: []domain.Tag{"x"}}))
		}
		return []domain.Event{noted{On: []domain.Tag{"x"}}}, nil
	}}
	execute(t, s, create)
	execute(t, s, create)
	if err := s.RaiseSequence(t.Context(), domain.SequenceZone, 100); err != nil {
		t.Fatal(err)
	}
	execute(t, s, create)
	want := [][3]int64{{1, 2, 1}, {1, 2, 1}, {3, 4, 2}, {101, 102, 3}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("ids %v, want %v", got, want)
	}
}

// A batch never takes two decisions of which one breaks the other's condition,
// nor one command id twice.
func TestConflictsInsideABatch(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s := run(t, pool)
	var wg sync.WaitGroup
	var loaded sync.WaitGroup
	loaded.Add(16)
	var winners atomic.Int32
	id := uuid.New()
	var replays atomic.Int32
	for i := range 16 {
		wg.Go(func() {
			first := true
			_, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: deciding(func(h domain.History, env domain.Env) ([]domain.Event, error) {
				events, err := take("the:one").Decide(h, env)
				if first {
					first = false
					loaded.Done()
					loaded.Wait() // all have decided on the same state
				}
				return events, err
			})})
			var refused *domain.Error
			if err == nil {
				winners.Add(1)
			} else if !errors.As(err, &refused) {
				t.Errorf("racer: %v", err)
			}
			r, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, CommandID: id, Fingerprint: []byte("f"), Command: note(noted{On: []domain.Tag{domain.Tag(fmt.Sprint("t", i))}})})
			if err != nil || r.First == 0 {
				t.Errorf("same command: %+v, %v", r, err)
			}
			if r.Replayed {
				replays.Add(1)
			}
		})
	}
	wg.Wait()
	if winners.Load() != 1 || replays.Load() != 15 {
		t.Errorf("%d winners, %d replays", winners.Load(), replays.Load())
	}
	if n := len(wholeLog(t, s)); n != 2 {
		t.Errorf("%d events", n)
	}
}

// A large event is compressed in the way that is fast to write and to read, where the server knows it.
func TestLargeEventsAreCompressedFast(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s := run(t, pool)
	execute(t, s, note(noted{Text: strings.Repeat("a large event. ", 1000)}))
	var used, known string
	if err := pool.QueryRow(t.Context(), `SELECT pg_column_compression(data),
		(SELECT CASE WHEN 'lz4' = ANY (enumvals) THEN 'lz4' ELSE 'pglz' END FROM pg_settings WHERE name = 'default_toast_compression')
		FROM log.events`).Scan(&used, &known); err != nil || used != known {
		t.Errorf("compressed by %q, want %q, %v", used, known, err)
	}
}
