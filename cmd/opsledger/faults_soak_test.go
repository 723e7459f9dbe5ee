package main

import (
	"os"
	"testing"
	"time"
)

// Every program that opsledger consists of is killed in turn, while clients
// write: what was acknowledged is in the log once, in every read model once, and live.
func TestKilledInTurn(t *testing.T) {
	t.Parallel()
	w := newWorkload(t, 1, 8)
	w.endure([]fault{
		{"kill -9 of serve", (*processes).restartServe},
		{"kill -9 of PostgreSQL", (*processes).killPostgres},
		{"kill -9 of the agent", (*processes).restartAgent},
		{"kill -9 of named", (*processes).killNamed},
	}, 4, 2*time.Second)
	w.check()
}

// TestSoak is many days' misfortune: 32 clients do anything, and something goes
// wrong again and again. The short form runs with all tests; `make soak` takes
// OPSLEDGER_SOAK=10m and OPSLEDGER_SOAK_EVERY=20s.
func TestSoak(t *testing.T) {
	t.Parallel()
	length, interval := fromEnvironment(t, "OPSLEDGER_SOAK", 30*time.Second), fromEnvironment(t, "OPSLEDGER_SOAK_EVERY", 6*time.Second)
	w := newWorkload(t, uint64(time.Now().UnixNano()), 32)
	w.withHost()
	w.endure([]fault{
		{"a PostgreSQL backend is killed", (*processes).killBackend},
		{"named is killed", (*processes).killNamed},
		{"PostgreSQL stands still", func(p *processes) { p.freezePostgres(interval / 2) }},
		{"JetStream's storage is lost", (*processes).wipeStream},
		{"the agent is killed", (*processes).restartAgent},
		{"PostgreSQL is killed", (*processes).killPostgres},
		{"the read models are rebuilt", (*processes).rebuild},
		{"serve is killed", (*processes).restartServe},
		{"the agent sleeps", (*processes).suspendAgent},
		{"everything is killed", (*processes).restartAll},
	}, int(length/interval), interval)
	w.check()
}

func fromEnvironment(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}
