package identity

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
)

// world is a log and a vault with the first user in them, and the service of one process.
type world struct {
	*Service
	t    *testing.T
	pool *pgxpool.Pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: testkit.Postgres(t)}
	store := w.process()
	secrets, err := vault.Open(w.pool, filepath.Join(t.TempDir(), "vault.key"))
	must(t, err)
	_, _, err = EnsureAdmin(t.Context(), store, secrets, "correct horse")
	must(t, err)
	w.Service, err = New(t.Context(), Config{Store: store, Vault: secrets})
	must(t, err)
	return w
}

// process returns the log as a process of its own has it.
func (w *world) process() *eventstore.Store {
	w.t.Helper()
	store, err := eventstore.Open(w.t.Context(), eventstore.Config{Pool: w.pool, Codec: testkit.Codec()})
	must(w.t, err)
	w.t.Cleanup(store.Close)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := store.Run(ctx); err != nil {
			w.t.Errorf("event store: %v", err)
		}
	})
	w.t.Cleanup(func() { stop(); running.Wait() })
	return store
}

// register makes a local user without roles.
func (w *world) register(name string) {
	w.t.Helper()
	user, err := w.Seal(w.t.Context(), Registration{Username: name, Password: "secret"})
	w.execute(access.RegisterUser{User: user}, err)
}

func (w *world) execute(cmd domain.Command, err error) {
	w.t.Helper()
	must(w.t, err)
	_, err = w.store.Execute(w.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: cmd, Actor: access.AdminID})
	must(w.t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
