package eventstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// A commit whose answer is lost is neither repeated nor given up: the command
// is answered with the one place where its events are.
func TestLostConnectionAtCommit(t *testing.T) {
	t.Parallel()
	cut := func() bool { return false }
	for _, c := range []struct {
		name  string
		watch func(p *proxy, terminate func() bool)
	}{
		{"the answer is lost", func(p *proxy, _ func() bool) { p.watch(nil, once("COMMIT\x00", cut)) }},
		{"the commit is lost", func(p *proxy, _ func() bool) { p.watch(once("MARKER", cut), nil) }},
		{"the backend is terminated", func(p *proxy, terminate func() bool) { p.watch(once("MARKER", terminate), nil) }},
	} {
		for _, keyed := range []bool{false, true} {
			name := c.name
			if keyed {
				name += ", command with id"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				direct := testkit.Postgres(t)
				p, pool := newProxy(t, direct)
				s := run(t, pool)
				var announced []domain.Position
				s.OnCommit(func(batch []protocol.Envelope) {
					for _, e := range batch {
						announced = append(announced, e.Position)
					}
				})
				execute(t, s, note(noted{On: []domain.Tag{"before"}}))
				reached := make(chan struct{})
				c.watch(p, func() bool {
					defer close(reached)
					_, err := direct.Exec(context.Background(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
						WHERE datname = current_database() AND application_name = 'opsledger' AND state = 'idle in transaction'`)
					if err != nil {
						t.Error(err)
					}
					return true
				})
				req := eventstore.Request{Door: domain.DoorSystem, Command: note(noted{Text: "MARKER", On: []domain.Tag{"marked"}})}
				if keyed {
					req.CommandID = uuid.New()
				}
				r, err := s.Execute(t.Context(), req)
				if err != nil || r.First != 2 || r.Last != 2 {
					t.Fatalf("%+v, %v", r, err)
				}
				if n := len(wholeLog(t, open(t, direct))); n != 2 {
					t.Errorf("%d events, want 2", n)
				}
				execute(t, s, note(noted{On: []domain.Tag{"after"}}))
				if len(announced) < 2 || announced[len(announced)-1] != 3 {
					t.Errorf("announced %v", announced)
				}
			})
		}
	}
}

// Without PostgreSQL a command fails at once, and works again by itself.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	p, pool := newProxy(t, testkit.Postgres(t))
	s := run(t, pool)
	execute(t, s, take("a"))
	p.down()
	for range 3 {
		_, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take("b")})
		if !errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnknownOutcome) {
			t.Errorf("got %v", err)
		}
		if err != nil && strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
			t.Errorf("it waited for the end of its limit: %v", err)
		}
	}
	if _, err := s.Read(t.Context(), 0, 1); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("read: %v", err)
	}
	p.up()
	testkit.Eventually(t, "it is available again", func() bool {
		_, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take("b")})
		if err != nil && !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatal(err)
		}
		return err == nil
	})
	if n := len(wholeLog(t, s)); n != 2 {
		t.Errorf("%d events", n)
	}
}

// A database that was restored to an older state, or replaced, gets nothing from this process.
func TestOtherLog(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]string{
		"older state": `ALTER TABLE log.head DISABLE TRIGGER ALL; ALTER TABLE log.events_1 DISABLE TRIGGER ALL;
			DELETE FROM log.events_1 WHERE position = 2; UPDATE log.head SET position = 1, last_dns = 1`,
		"another log": `ALTER TABLE log.head DISABLE TRIGGER ALL; UPDATE log.head SET log = gen_random_uuid()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := testkit.Postgres(t)
			p, pool := newProxy(t, direct)
			s := open(t, pool)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			var wg sync.WaitGroup
			wg.Go(func() { ended <- s.Run(ctx) })
			t.Cleanup(func() { stop(); wg.Wait() })
			for range 2 {
				execute(t, s, note(noted{On: []domain.Tag{"x"}}))
			}
			p.down()
			for statement := range strings.SplitSeq(replace, ";") {
				if _, err := direct.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			p.up()
			// Nobody need append for it to be noticed.
			select {
			case err := <-ended:
				if !errors.Is(err, eventstore.ErrOtherLog) {
					t.Errorf("Run: %v", err)
				}
			case <-time.After(testkit.Patience):
				t.Fatal("Run goes on")
			}
			if _, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: note(noted{On: []domain.Tag{"x"}})}); !errors.Is(err, eventstore.ErrUnavailable) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// After Run nothing is accepted, and what was waiting was answered.
func TestStop(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.Postgres(t))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	results := make(chan error)
	for range 50 {
		go func() {
			_, err := s.Execute(context.Background(), eventstore.Request{Door: domain.DoorSystem, Command: take("name")})
			results <- err
		}()
	}
	stop()
	for range 50 {
		err := <-results
		var refused *domain.Error
		if err != nil && !errors.As(err, &refused) && !errors.Is(err, eventstore.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	wholeLog(t, s)
}
