package eventstore_test

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A decision on remembered state is appended only if the state was true: also
// what is read but not guarded counts, and what another process appended.
func TestRememberedStateIsProved(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	stores := []*eventstore.Store{run(t, pool), run(t, pool)}
	item := domain.Item{Tag: "counter", Guards: []string{"Taken"}}
	decisions := 0
	next := deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
		decisions++
		c := &count{item: item}
		if err := h.Load(c); err != nil {
			return nil, err
		}
		return []domain.Event{noted{Text: fmt.Sprint(c.n), On: []domain.Tag{"counter"}}}, nil
	})
	const turns = 12
	for i := range turns {
		execute(t, stores[i/2%2], next) // twice here, twice there
	}
	for i, e := range wholeLog(t, stores[0]) {
		r, err := e.Decode(stores[0].Codec())
		if err != nil || r.Event.(noted).Text != fmt.Sprint(i) {
			t.Errorf("event %d was decided on another state: %+v, %v", i+1, r.Event, err)
		}
	}
	if decisions == turns {
		t.Error("no decision was taken on remembered state that had become wrong")
	}
}

// What this process appends itself is remembered: no decision is taken twice.
func TestOwnEventsAreRemembered(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	decisions := 0
	for i := range 5 {
		r := execute(t, s, deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
			decisions++
			c := countOf("own")
			if err := h.Load(c); err != nil {
				return nil, err
			}
			if c.n != i {
				t.Errorf("turn %d: %d events remembered", i, c.n)
			}
			return []domain.Event{noted{On: []domain.Tag{"own"}}, noted{On: []domain.Tag{"other"}}}[:1+i%2], nil
		}))
		if len(r.Events) != 1+i%2 {
			t.Errorf("turn %d: %+v", i, r)
		}
	}
	if decisions != 5 {
		t.Errorf("%d decisions for 5 commands", decisions)
	}
}

// A refusal is never based on remembered state: it reads what others have done.
func TestRefusalsRead(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	stores := []*eventstore.Store{run(t, pool), run(t, pool)}
	open := func(want bool, s *eventstore.Store) {
		t.Helper()
		_, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
			c := countOf("door")
			if err := h.Load(c); err != nil {
				return nil, err
			}
			if c.n == 0 {
				return nil, domain.Refused("closed")
			}
			return []domain.Event{noted{On: []domain.Tag{"passed"}}}, nil
		})})
		if got := err == nil; got != want {
			t.Errorf("passed: %v, want %v (%v)", got, want, err)
		}
	}
	open(false, stores[0])
	execute(t, stores[1], note(noted{On: []domain.Tag{"door"}}))
	open(true, stores[0])
}

// doorman lets somebody in once the door was seen to; before, it refuses, so that a first
// decision has to read.
func doorman(item domain.Item, decided func(n int)) domain.Command {
	return deciding(func(h domain.History, _ domain.Env) ([]domain.Event, error) {
		c := &count{item: item}
		if err := h.Load(c); err != nil {
			return nil, err
		}
		if c.n == 0 {
			return nil, domain.Refused("closed")
		}
		decided(c.n)
		return []domain.Event{noted{Text: fmt.Sprint(c.n), On: []domain.Tag{item.Tag}}}, nil
	})
}

// What was read, with a condition on all of it, is remembered with what was appended to it:
// the next decision reads nothing.
func TestWhatWasReadIsRemembered(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s, reads := run(t, pool), 0
	execute(t, run(t, pool), note(noted{On: []domain.Tag{"door"}}))
	eventstore.CountReads(s, &reads)
	for range 4 {
		execute(t, s, doorman(domain.Item{Tag: "door"}, func(int) {}))
	}
	if reads != 1 {
		t.Errorf("%d reads for 4 decisions", reads)
	}
}

// What was read without a condition on all of it may have changed before the append.
func TestWhatWasNotProvedIsNotRemembered(t *testing.T) {
	t.Parallel()
	pool := testkit.Postgres(t)
	s, other := run(t, pool), run(t, pool)
	item := domain.Item{Tag: "door", Guards: []string{"Taken"}}
	execute(t, other, note(noted{On: []domain.Tag{"door"}}))
	execute(t, s, doorman(item, func(int) { execute(t, other, note(noted{On: []domain.Tag{"door"}})) }))
	seen := 0
	execute(t, s, doorman(item, func(n int) { seen = n }))
	if seen != 3 {
		t.Errorf("the decision saw %d events of 3", seen)
	}
}
