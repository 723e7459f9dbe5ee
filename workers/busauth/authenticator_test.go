package busauth

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

func TestPasswordsFollowTheEnrolment(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	a, err := New(t.Context(), Config{Store: p.Store, Vault: p.Vault})
	if err != nil {
		t.Fatal(err)
	}
	ns1 := dns.ServerData{Host: "ns1", IP: "192.0.2.1", Type: "master"}
	p.Append(dns.ServerCreated{ID: 1, Server: ns1})
	if _, err := a.Credentials(t.Context(), 1, "nats://x"); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("before the enrolment: %v", err)
	}
	p.Append(dns.ServerEnrolled{ID: 1})
	c, err := a.Credentials(t.Context(), 1, "nats://x")
	if err != nil || c.Log != p.Store.LogID() || c.User != "agent-1" {
		t.Fatalf("%+v %v", c, err)
	}
	permissions, ok := a.Authenticate(c.User, c.Password)
	if !ok || permissions == nil {
		t.Fatal("the agent was refused")
	}
	for _, try := range [][2]string{{"agent-1", ""}, {"agent-1", c.Password + "x"}, {"agent-01", c.Password}, {"agent-2", c.Password}, {"agent--1", c.Password}, {"", c.Password}, {"control", c.Password}} {
		if _, ok := a.Authenticate(try[0], try[1]); ok {
			t.Errorf("%q got in with %q", try[0], try[1])
		}
	}
	// Another process of the same control plane knows the same password.
	b, err := New(t.Context(), Config{Store: p.Store, Vault: p.Vault})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Authenticate(c.User, c.Password); !ok {
		t.Error("another process refuses the agent")
	}
	p.Append(dns.ServerWithdrawn{ID: 1})
	if _, ok := a.Authenticate(c.User, c.Password); ok {
		t.Error("a withdrawn agent got in")
	}
	p.Append(dns.ServerEnrolled{ID: 1})
	if _, ok := a.Authenticate(c.User, c.Password); ok {
		t.Error("the old enrolment's password is good for the new one")
	}
	c, err = a.Credentials(t.Context(), 1, "nats://x")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := a.Authenticate(c.User, c.Password); !ok {
		t.Error("the new enrolment's password is refused")
	}
	// Postgres goes away: who is known stays known, others do not get in.
	p.Stop()
	if _, ok := a.Authenticate(c.User, c.Password); !ok {
		t.Error("a known agent was cut off")
	}
	if _, ok := b.Authenticate(c.User, c.Password); ok {
		t.Error("an agent got in that was never seen")
	}
}

func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "agent.creds")
	want := Credentials{URL: "nats://127.0.0.1:4222", ID: 3, User: "agent-3", Password: "p"}
	for range 2 { // the second replaces the first
		if err := want.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if got, err := ReadCredentials(path); err != nil || got != want {
		t.Errorf("read %+v %v", got, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCredentials(path); err == nil {
		t.Error("a file that others may read was accepted")
	}
	for _, bad := range []Credentials{{}, {URL: "x", ID: 3, User: "agent-4", Password: "p"}, {URL: "x", ID: 3, User: "agent-3"}} {
		data, err := json.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCredentials(file); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}
