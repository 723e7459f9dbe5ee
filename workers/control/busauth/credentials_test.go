package busauth

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Credentials are good for one enrolment, whichever process made them.
func TestCredentialsFollowTheEnrolment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := Identity{KindHost, 1}
	if _, err := w.authority.Credentials(t.Context(), who, "nats://x"); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("before the enrolment: %v", err)
	}
	w.append(ops.HostEnrolled{ID: 1})
	first := w.credentials(who)
	if again, err := w.another().Credentials(t.Context(), who, "nats://x"); err != nil || !reflect.DeepEqual(again.Seed, first.Seed) {
		t.Errorf("another process gives another key: %v", err)
	}
	if server, err := w.authority.Credentials(t.Context(), Identity{KindServer, 1}, ""); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("a host's enrolment is good for the server of the same number: %+v", server)
	}
	w.append(ops.HostWithdrawn{ID: 1})
	if _, err := w.authority.Credentials(t.Context(), who, "nats://x"); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("after the withdrawal: %v", err)
	}
	w.append(ops.HostEnrolled{ID: 1})
	if reflect.DeepEqual(w.credentials(who).Seed, first.Seed) {
		t.Error("the new enrolment has the old one's key")
	}
}

// A withdrawal cuts the agent off at once and for good, and nobody else, on a
// server that is told by Keep and on one that starts later.
func TestWithdrawalRevokes(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	go func() { _ = b.authority.Keep(t.Context(), b.control, b.server.UpdateAccount) }()
	for who, end := range map[Identity]func(){
		{KindServer, 1}: func() { b.append(dns.ServerWithdrawn{ID: 1}) },
		{KindServer, 2}: func() { b.append(dns.ServerWithdrawn{ID: 2}, dns.ServerDeleted{ID: 2}) },
		{KindHost, 1}:   func() { b.append(ops.HostWithdrawn{ID: 1}, ops.HostEnrolled{ID: 1}) },
	} {
		credentials := b.credentials(who)
		closed := make(chan struct{})
		b.connect(credentials.Option(), nats.Timeout(testkit.Patience), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
		end()
		select {
		case <-closed:
		case <-time.After(testkit.Patience):
			t.Fatalf("%s is still connected", who)
		}
		if _, err := nats.Connect(b.server.URL(), credentials.Option(), nats.Timeout(testkit.Patience)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s after its withdrawal: %v", who, err)
		}
	}
	for _, who := range []Identity{{KindHost, 1}, {KindHost, 2}} {
		b.agent(who) // enrolled again, and never withdrawn
	}
}

// The agent of a deleted server may connect, to be told, until another one is enrolled for the server that has come back.
func TestDeletionIsToBeTold(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	go func() { _ = b.authority.Keep(t.Context(), b.control, b.server.UpdateAccount) }()
	who := Identity{KindServer, 2}
	credentials := b.credentials(who)
	b.append(dns.ServerDeleted{ID: 2})
	if _, err := b.authority.Credentials(t.Context(), who, "nats://x"); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("credentials of a deleted server: %v", err)
	}
	if revoked, err := b.authority.revoked(t.Context()); err != nil || len(revoked) != 0 {
		t.Errorf("revoked: %v %v", revoked, err)
	}
	closed := make(chan struct{})
	b.connect(credentials.Option(), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	b.append(dns.ServerCreated{ID: 2}, dns.ServerEnrolled{ID: 2})
	testkit.Await(t, "the former agent is cut off", closed)
	b.agent(who)
}

// PostgreSQL being away cuts nobody off.
func TestAgentsStayWithoutTheLog(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	credentials := b.credentials(Identity{KindServer, 1})
	b.stopStore()
	b.connect(credentials.Option(), nats.Timeout(testkit.Patience))
}

func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enroll()
	path := filepath.Join(t.TempDir(), "agent.creds")
	want := w.credentials(Identity{KindHost, 2})
	for range 2 { // the second replaces the first
		if err := want.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if got, err := ReadCredentials(path); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v %v, want %+v", got, err, want)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCredentials(path); err == nil {
		t.Error("a file that others may read was accepted")
	}
	for name, bad := range map[string]string{
		"empty": "", "not ours": "-----BEGIN NATS USER JWT-----\n", "no key": string(text[:len(text)/2]), "no kind": `{"url":"x","id":1}` + "\n" + string(text),
	} {
		file := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := ReadCredentials(file); err == nil {
			t.Errorf("%s was accepted: %+v", name, c)
		}
	}
	for name, spoil := range map[string]func(*Credentials){
		"no URL": func(c *Credentials) { c.URL = "" }, "no id": func(c *Credentials) { c.ID = 0 }, "of another kind": func(c *Credentials) { c.Kind = "x" },
	} {
		bad, file := want, filepath.Join(t.TempDir(), "bad")
		spoil(&bad)
		if err := bad.WriteFile(file); err != nil {
			t.Fatal(err)
		}
		if c, err := ReadCredentials(file); err == nil || !strings.Contains(err.Error(), "is incomplete") {
			t.Errorf("%s: %v, %+v", name, err, c)
		}
	}
}

// A server that runs as WriteConfig says trusts the control plane and its
// agents, and takes revocations from it.
func TestOutsideServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enroll()
	file := filepath.Join(t.TempDir(), "nats.conf")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.authority.WriteConfig(t.Context(), out, t.TempDir()), out.Close()); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options.Host, options.Port, options.JetStream, options.StoreDir, options.NoSigs, options.NoLog = "127.0.0.1", server.RANDOM_PORT, true, t.TempDir(), true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(testkit.Patience) {
		t.Fatal("the server is not ready")
	}
	url := s.ClientURL()
	control, err := nats.Connect(url, w.authority.AsControl(), nats.Timeout(testkit.Patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(control.Close)
	push, closePush, err := w.authority.PushTo(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closePush)
	go func() { _ = w.authority.Keep(t.Context(), control, push) }()
	closed := make(chan struct{})
	credentials := w.credentials(Identity{KindHost, 1})
	credentials.Pins = nil
	nc, err := nats.Connect(url, credentials.Option(), nats.Timeout(testkit.Patience), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w.append(ops.HostWithdrawn{ID: 1})
	select {
	case <-closed:
	case <-time.After(testkit.Patience):
		t.Fatal("a withdrawn agent is still connected")
	}
	if _, err := nats.Connect(url, credentials.Option(), nats.Timeout(testkit.Patience)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a withdrawn agent: %v", err)
	}
}
