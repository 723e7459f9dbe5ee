package enrolment_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/control/enrolment"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const url = "tls://nats.example.com:4222"

// world is the desk of a control plane with server 1.
type world struct {
	t     *testing.T
	store *eventstore.Store
	*enrolment.Desk
}

func newWorld(t *testing.T) *world {
	t.Helper()
	pool := testkit.Postgres(t)
	store, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	testkit.Background(t, store.Run)
	secrets, err := vault.Open(pool, filepath.Join(t.TempDir(), "vault.key"))
	if err != nil {
		t.Fatal(err)
	}
	authority, err := busauth.New(t.Context(), busauth.Config{Store: store, Vault: secrets})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store, Desk: &enrolment.Desk{Store: store, Authority: authority, URL: url}}
	w.append(dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"}})
	return w
}

func (w *world) append(events ...domain.Event) {
	w.t.Helper()
	if _, err := w.store.Execute(w.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: testkit.Events(events)}); err != nil {
		w.t.Fatal(err)
	}
}

// token makes a token of the id with the digest.
func (w *world) token(id domain.CredentialID, digest string) {
	w.t.Helper()
	w.append(access.EnrolmentTokenAdded{
		ID: id, Target: access.EnrolmentTarget{Kind: access.EnrolServer, ID: 1, Name: "ns1"}, Digest: digest, Expires: time.Now().Add(time.Hour).UTC(),
	})
}

func newKey(t *testing.T) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *world) refused(digest, key string, want error) {
	w.t.Helper()
	if _, err := w.Redeem(context.Background(), digest, key, "192.0.2.9"); err == nil || err.Error() != want.Error() {
		w.t.Errorf("redeemed with %s: %v", digest, err)
	}
}

// Of many hosts that have one token at the same time one is enrolled, and it is told so again.
func TestATokenEnrolsOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.token(1, "d1")
	var hosts sync.WaitGroup
	var enrolled atomic.Int32
	var winner atomic.Value
	for range 8 {
		key := newKey(t)
		hosts.Go(func() {
			for range 2 { // the second as if the first answer was lost
				c, err := w.Redeem(context.Background(), "d1", key, "192.0.2.9")
				switch refused, is := errors.AsType[*domain.Error](err); {
				case err == nil && c.ID == 1 && c.Kind == busauth.KindServer && c.URL == url && len(c.Seed) == 0 && c.Token != "":
					enrolled.Add(1)
					winner.Store(key)
				case !is || refused.Error() != access.ErrEnrolmentToken().Error():
					t.Errorf("%+v %v", c, err)
				}
			}
		})
	}
	hosts.Wait()
	if n := enrolled.Load(); n != 2 {
		t.Errorf("%d answers enrol, want 2 for one host", n)
	}
	if _, err := w.Authority.Credentials(t.Context(), busauth.Identity{Kind: busauth.KindServer, ID: 1}, url); !errors.Is(err, busauth.ErrOwnKey) {
		t.Errorf("credentials with a seed of ours: %v", err)
	}

	w.token(2, "d2")
	w.refused("d2", winner.Load().(string), access.ErrEnrolmentKeySpent())
	w.refused("d2", "SUAM", access.ErrEnrolmentKey())
	if _, err := w.Redeem(t.Context(), "d2", newKey(t), "192.0.2.9"); err != nil {
		t.Error(err)
	}
	w.refused("d1", winner.Load().(string), access.ErrEnrolmentToken()) // another agent has its place
	w.refused("d3", newKey(t), access.ErrEnrolmentToken())
}
