package rest

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// appended is by which doors the events behind the position came, each once, and their types.
func (s *stack) appended(after domain.Position) (doors []domain.Door, types []string) {
	s.t.Helper()
	log, err := s.store.Read(s.t.Context(), after, 1000)
	must(s.t, err)
	for _, e := range log {
		types = append(types, e.Type)
		if !slices.Contains(doors, e.Door) {
			doors = append(doors, e.Door)
		}
	}
	return doors, types
}

// head is the last position of the log.
func (s *stack) head() domain.Position {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	return head.Position
}

// Whatever a request appends came by the door of its route: also a login, the user whom the
// first login of somebody of the directory makes, and the operations of a batch.
func TestDoorsOfRequests(t *testing.T) {
	t.Parallel()
	s, _ := newDirectoryStack(t)
	s.withZone()
	if doors, _ := s.appended(0); !slices.Equal(doors, []domain.Door{domain.DoorSystem, domain.DoorDNS}) {
		t.Errorf("the doors of all that there is: %q", doors)
	}
	for _, c := range []struct {
		name  string
		do    func()
		door  domain.Door
		types string
	}{
		{"a repeatable write", func() {
			s.ok("POST", "/dns/records", aRecord(1, "www", "192.0.2.1"), with("Idempotency-Key", "k"))
		}, domain.DoorDNS, "RecordAdded"},
		{"a login", func() { s.try("/auth/login_local", "carol", "secret") }, domain.DoorDNS, "UserLoggedIn"},
		{"a failed login", func() { s.try("/auth/login_local", "carol", "wrong") }, domain.DoorDNS, "LoginFailed"},
		{"a first login", func() {
			s.do("POST", "/api/login", m{"name": "alice", "passwd": "wonder land"}, with("Authorization", ""))
		},
			domain.DoorOps, "UserRegistered UserLoggedIn"},
		{"a machine", func() { s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1))) }, domain.DoorOps, "MachineAdded"},
		{"a batch", func() {
			s.do("POST", pathBatch, operations(addRecord(1, "a", "192.0.2.1"), addRecord(1, "b", "192.0.2.1")))
		},
			domain.DoorV1, "RecordAdded RecordAdded"},
	} {
		before := s.head()
		c.do()
		if doors, types := s.appended(before); !slices.Equal(doors, []domain.Door{c.door}) || strings.Join(types, " ") != c.types {
			t.Errorf("%s: %v by %q, want %s by %q", c.name, types, doors, c.types, c.door)
		}
	}
}

// The operation log shows by which credential and door something was done.
func TestOplogsShowDoors(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.credential(m{})
	name, acl := "by-program", "any"
	create, err := dns.NewCreateView(dns.ViewInput{Name: &name, ACL: &acl})
	must(t, err)
	receipt, err := s.store.Execute(t.Context(), eventstore.Request{Command: create, Actor: 1, Credential: 1, Door: domain.DoorPowerDNS})
	must(t, err)
	if e := receipt.Events[0]; e.Credential != 1 || e.Door != domain.DoorPowerDNS {
		t.Errorf("%+v", e)
	}
	s.awaitLog()
	s.ok("POST", "/dns/views", m{"name": "by-hand", "acl": "any"})
	for name, want := range map[string]string{
		"by-program": `"credential":{"id":1,"name":"robot"},"door":"powerdns"}`,
		"by-hand":    `"credential":null,"door":"dns"}`,
	} {
		if got := s.do("GET", "/dns/oplogs?target_name="+name, nil); got.status != 200 || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, want)
		}
	}
}
