package feed

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/modeltest"
)

// fixture is a feed over a log, whose test says how far the read models are.
type fixture struct {
	*Feed
	t      *testing.T
	nc     *nats.Conn
	people *identity.Service
	admin  *identity.User
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	pool := modeltest.Serving(t)
	store := modeltest.Must(eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec(), Bound: dns.NewBounded}))
	t.Cleanup(store.Close)
	testkit.Background(t, store.Run)
	x := &fixture{t: t, nc: testkit.NATS(t)}
	progress := modeltest.Must(projections.NewProgress(x.nc, store.LogID()))
	t.Cleanup(progress.Close)
	secrets := modeltest.Must(vault.Open(pool, filepath.Join(t.TempDir(), "vault.key")))
	if _, _, err := identity.EnsureAdmin(t.Context(), store, secrets, "correct horse"); err != nil {
		t.Fatal(err)
	}
	x.people = modeltest.Must(identity.New(t.Context(), identity.Config{Store: store, Vault: secrets}))
	x.admin = modeltest.Must(x.people.User(t.Context(), access.AdminID))
	x.Feed = New(Config{Store: store, Pool: pool, Progress: progress})
	return x
}

type deciding func() []domain.Event

func (f deciding) Decide(domain.History, domain.Env) ([]domain.Event, error) { return f(), nil }

// append appends a change of n events on views, which everybody sees, with so many bytes each
// at least. It returns the log's head.
func (x *fixture) append(n, size int) domain.Position {
	x.t.Helper()
	acl := strings.Repeat("x", size)
	receipt, err := x.store.Execute(x.t.Context(), eventstore.Request{Actor: access.AdminID, Door: domain.DoorV1, Command: deciding(func() []domain.Event {
		events := make([]domain.Event, n)
		for i := range events {
			events[i] = dns.ViewCreated{ID: int64(i + 1), View: dns.ViewData{Name: "v", ACL: acl}}
		}
		return events
	})})
	if err != nil {
		x.t.Fatal(err)
	}
	return receipt.Last
}

// apply says that the read models have everything up to a position.
func (x *fixture) apply(position domain.Position) {
	x.t.Helper()
	x.appliedBy(position, rightsFollow...)
}

// appliedBy says that those of some contexts have.
func (x *fixture) appliedBy(position domain.Position, contexts ...domain.Context) {
	x.t.Helper()
	said := modeltest.Must(json.Marshal(map[string]any{"log": x.store.LogID(), "from": uuid.New(), "position": position}))
	ctx, cancel := context.WithTimeout(x.t.Context(), testkit.Patience)
	defer cancel()
	for _, c := range contexts {
		if err := x.nc.Publish("projections."+string(c), said); err != nil {
			x.t.Fatal(err)
		}
		if err := x.progress.Wait(ctx, c, position); err != nil {
			x.t.Fatal(err)
		}
	}
}

func (x *fixture) follow(after domain.Position) *Reader {
	r := x.Follow(x.t.Context(), x.people, x.admin, eventstore.Selection{}, after)
	x.t.Cleanup(r.Close)
	return r
}

// step lets a reader go on by a step that must not fail.
func (x *fixture) step(r *Reader) []Shown {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), testkit.Patience)
	defer cancel()
	shown, err := r.step(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		x.t.Fatal(err)
	}
	return shown
}

// extend lets the window end at a position, which the read models have.
func (x *fixture) extend(end domain.Position) {
	x.t.Helper()
	x.apply(end)
	if err := x.advance(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}
