package erasure_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/erasure"
)

func TestMain(m *testing.M) { testkit.Main(m) }

type fixture struct {
	t     *testing.T
	pool  *pgxpool.Pool
	store *eventstore.Store
	vault *vault.Vault
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	pool := testkit.Postgres(t)
	v, err := vault.Open(pool, filepath.Join(t.TempDir(), "vault.key"))
	must(t, err)
	f := &fixture{t: t, pool: pool, vault: v}
	f.store = f.process()
	return f
}

// process opens the log as a process of its own has it.
func (f *fixture) process() *eventstore.Store {
	f.t.Helper()
	store, err := eventstore.Open(f.t.Context(), eventstore.Config{Pool: f.pool, Codec: testkit.Codec()})
	must(f.t, err)
	f.t.Cleanup(store.Close)
	f.run(store.Run)
	return store
}

// run runs a service until the test's end.
func (f *fixture) run(service func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- service(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			f.t.Error(err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// person is a registered user with what is sealed of them.
type person struct {
	id                     domain.UserID
	hash, key              uuid.UUID
	mail, phone, residence access.Sealed
}

func (f *fixture) register(name string) person {
	f.t.Helper()
	ctx := f.t.Context()
	var p person
	var err error
	p.hash, err = f.vault.Put(ctx, "password", []byte("hash of "+name))
	must(f.t, err)
	p.key, err = f.vault.NewPersonalKey(ctx)
	must(f.t, err)
	for plain, to := range map[string]*access.Sealed{name + "@example.org": &p.mail, "+86 10 5555": &p.phone, "Beijing": &p.residence} {
		*to, err = f.vault.SealField(ctx, p.key, plain)
		must(f.t, err)
	}
	receipt := f.execute(access.RegisterUser{User: access.UserRegistered{
		Username: name, PasswordHash: p.hash.String(), PersonalKey: p.key.String(),
		Mail: p.mail, Phone: p.phone, Location: p.residence, MailDigest: "digest-of-" + name,
	}})
	p.id = receipt.Events[0].Event.(access.UserRegistered).ID
	return p
}

func (f *fixture) execute(cmd domain.Command) eventstore.Receipt {
	f.t.Helper()
	receipt, err := f.store.Execute(f.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: cmd, Actor: domain.System})
	must(f.t, err)
	return receipt
}

func (f *fixture) delete(p person) {
	f.t.Helper()
	cmd, err := access.NewDeleteUser(p.id, nil)
	must(f.t, err)
	f.execute(cmd)
}

// readable says whether any of the person's data can be read.
func (f *fixture) readable(p person) bool {
	f.t.Helper()
	opener, err := f.vault.Opener(f.t.Context(), []uuid.UUID{p.key})
	must(f.t, err)
	for _, field := range []access.Sealed{p.mail, p.phone, p.residence} {
		plain, err := opener.Open(p.key, field)
		must(f.t, err)
		if plain != "" {
			return true
		}
	}
	return false
}

func (f *fixture) kept(id uuid.UUID) bool {
	f.t.Helper()
	_, err := f.vault.Get(f.t.Context(), id)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		f.t.Fatal(err)
	}
	return err == nil
}

// log returns the log's bytes.
func (f *fixture) log() []protocol.Envelope {
	f.t.Helper()
	list, err := f.store.Read(f.t.Context(), 0, 1000)
	must(f.t, err)
	return list
}

// If a process dies before it acts on a deletion, the next start does it; other users
// keep their data, and the log does not change by a byte.
func TestSweepAfterACrash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	gone, stays := f.register("gone"), f.register("stays")
	f.delete(gone)
	if !f.readable(gone) {
		t.Fatal("there was nothing to erase")
	}
	before := f.log()
	for range 2 { // as often as there are starts
		must(t, erasure.New(erasure.Config{Store: f.store, Vault: f.vault}).Sweep(t.Context()))
	}
	if f.readable(gone) || f.kept(gone.key) || f.kept(gone.hash) {
		t.Error("a deleted user's data can be read")
	}
	if !f.readable(stays) || !f.kept(stays.hash) {
		t.Error("another user's data is gone, too")
	}
	after := f.log()
	for i := range before {
		if eventstore.LeafHash(&before[i]) != eventstore.LeafHash(&after[i]) {
			t.Errorf("event %d changed", before[i].Position)
		}
	}
}

// A running eraser acts when this process appends, and notices what another did.
func TestRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.run(erasure.New(erasure.Config{Store: f.store, Vault: f.vault}).Run)
	deleted, changed := f.register("deleted"), f.register("changed")
	f.delete(deleted)
	f.execute(access.ChangePassword{ID: changed.id, PasswordHash: uuid.NewString()})
	deadline := time.After(testkit.Patience)
	for f.kept(deleted.key) || f.kept(deleted.hash) || f.kept(changed.hash) {
		select {
		case <-deadline:
			t.Fatal("nothing was erased")
		case <-time.After(5 * time.Millisecond):
		}
	}
	if !f.readable(changed) {
		t.Error("with the old password the user's data is gone")
	}
}

// More events than fit one page.
func TestManyErasures(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("user")
	first := f.register("first")
	f.delete(first)
	for range 3 {
		must(t, f.executeMany(p.id, 200))
	}
	last := f.register("last")
	f.delete(last)
	must(t, erasure.New(erasure.Config{Store: f.store, Vault: f.vault}).Sweep(t.Context()))
	if f.kept(first.key) || f.kept(last.key) || f.readable(last) {
		t.Error("a page was left out")
	}
}

// executeMany appends n changes of a user's password in one command.
func (f *fixture) executeMany(id domain.UserID, n int) error {
	events := make([]domain.Event, n)
	for i := range events {
		events[i] = access.UserPasswordChanged{ID: id, PasswordHash: uuid.NewString(), Former: uuid.NewString()}
	}
	_, err := f.store.Execute(f.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: testkit.Events(events), Actor: domain.System})
	return err
}
