package projections

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

func localProgress(t testing.TB) *Progress {
	t.Helper()
	p, err := NewProgress(nil, uuid.UUID{1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWaiters(t *testing.T) {
	t.Parallel()
	const waiters, positions = 3_000, 500
	p := localProgress(t)
	canceled, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for i := range waiters {
		position := domain.Position(rand.IntN(positions) + 1)
		ctx := t.Context()
		if i%3 == 0 {
			ctx = canceled
		}
		wg.Go(func() {
			err := p.Wait(ctx, domain.ContextDNS, position)
			if err != nil && ctx != canceled {
				t.Errorf("waiting for %d: %v", position, err)
			}
			if at := p.Applied(domain.ContextDNS); err == nil && at < position {
				t.Errorf("woken at %d, waiting for %d", at, position)
			}
		})
	}
	for position := range domain.Position(positions + 1) {
		if position == positions/2 {
			cancel()
		}
		p.advance(domain.ContextDNS, position)
		p.advance(domain.ContextDNS, position-3) // late, from another process
		if at := p.Applied(domain.ContextDNS); at != position {
			t.Fatalf("applied fell to %d", at)
		}
	}
	wg.Wait()
	if p.waiting(domain.ContextDNS) {
		t.Error("somebody still waits")
	}
	if at := p.Applied(domain.ContextAccess); at != 0 {
		t.Errorf("another context is at %d", at)
	}
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	p := localProgress(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := p.Wait(ctx, domain.ContextDNS, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
	if p.waiting(domain.ContextDNS) {
		t.Error("who left still waits")
	}
	p.advance(domain.ContextDNS, 4)
	p.poison(domain.ContextDNS, 4, errRefused)
	if err := p.Wait(t.Context(), domain.ContextDNS, 4); err != nil {
		t.Errorf("what is applied is applied: %v", err)
	}
	if err := p.Wait(t.Context(), domain.ContextDNS, 5); !errors.Is(err, ErrPoisoned) || !errors.Is(err, errRefused) {
		t.Errorf("error %v, want ErrPoisoned", err)
	}
	p.advance(domain.ContextDNS, 5)
	if err := p.Poisoned(domain.ContextDNS); err != nil {
		t.Errorf("poisoned after it went on: %v", err)
	}
	p.poison(domain.ContextDNS, 4, errRefused) // late, from another process
	if err := p.Poisoned(domain.ContextDNS); err != nil {
		t.Errorf("poisoned by what is applied: %v", err)
	}
}

// What another process says is believed if it speaks of the same log.
func TestProgressOfOtherProcesses(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	log := uuid.UUID{7}
	said, err := NewProgress(testkit.Connect(t, server), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(said.Close)
	heard, err := NewProgress(testkit.Connect(t, server), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(heard.Close)
	if err := heard.nc.FlushTimeout(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	for subject, m := range map[string]any{
		"projections.dns":     progressMessage{Log: uuid.UUID{8}, Position: 99},
		"projections.unknown": progressMessage{Log: log, Position: 99},
		"projections.access":  "nonsense",
	} {
		payload, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := said.nc.Publish(subject, payload); err != nil {
			t.Fatal(err)
		}
	}
	said.advance(domain.ContextDNS, 3)
	if err := heard.Wait(t.Context(), domain.ContextDNS, 3); err != nil {
		t.Fatal(err)
	}
	if at := heard.Applied(domain.ContextDNS); at != 3 {
		t.Errorf("heard of %d, want 3", at)
	}
	said.poison(domain.ContextDNS, 3, errRefused)
	if err := heard.Wait(t.Context(), domain.ContextDNS, 4); !errors.Is(err, ErrPoisoned) {
		t.Errorf("error %v, want ErrPoisoned", err)
	}
}

// Tables that a crash of Postgres has put back are waited for again.
func TestProgressFallsWithTheTables(t *testing.T) {
	t.Parallel()
	p := localProgress(t)
	p.advance(domain.ContextDNS, 10)
	p.restart(domain.ContextDNS, 7)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := p.Wait(ctx, domain.ContextDNS, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for 10 at 7: %v", err)
	}
	p.restart(domain.ContextDNS, 12)
	if err := p.Wait(t.Context(), domain.ContextDNS, 10); err != nil {
		t.Error(err)
	}
}
