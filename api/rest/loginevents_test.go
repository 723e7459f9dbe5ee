package rest

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Logins are on record, for whoever tried under whatever name, and nothing of
// what was sent is.
func TestLoginsAreRecorded(t *testing.T) {
	t.Parallel()
	s := newStack(t, withoutTime)
	user := s.reader("user")
	head, err := s.store.Head(t.Context())
	must(t, err)
	const typo = "my-Secret-Password-1"
	s.try("/auth/login_local", "user", "secret")
	s.try("/auth/login_local", "USER", typo)
	s.try("/auth/login_ldap", typo, "x")
	s.try("/auth/login_ldap", strings.ToUpper(typo), "x")
	s.try("/auth/login_local", "another", "x")

	log, err := s.store.Read(t.Context(), head.Position, 100)
	must(t, err)
	var events []domain.Event
	for _, e := range log {
		r, err := e.Decode(s.store.Codec())
		must(t, err)
		events = append(events, r.Event)
		all := string(e.Data)
		for _, tag := range e.Tags {
			all += " " + string(tag)
		}
		if strings.Contains(strings.ToLower(all), strings.ToLower(typo)) || strings.Contains(all, "another") {
			t.Errorf("what was typed is in the log: %s", all)
		}
	}
	if len(events) != 5 || events[0] != (access.UserLoggedIn{ID: 2}) || events[1] != (access.LoginFailed{ID: 2, Reason: access.FailedSecret}) {
		t.Fatalf("recorded: %+v", events)
	}
	first, second, other := events[2].(access.LoginFailed), events[3].(access.LoginFailed), events[4].(access.LoginFailed)
	if first != second || first == other || first.ID != 0 || len(first.NameDigest) != 64 || first.Reason != access.FailedUnknown {
		t.Errorf("unknown names: %+v, %+v, %+v", first, second, other)
	}
	// What is refused untried leaves no trace: the log grows no faster than the throttle lets it.
	for range failuresPerName + 5 {
		s.try("/auth/login_local", "another", "x")
	}
	after, err := s.store.Head(t.Context())
	must(t, err)
	if n := after.Position - head.Position; n != 5+failuresPerName-1 {
		t.Errorf("%d events", n)
	}
	// A login ends no token, and waits for no read model.
	s.stopProjections()
	if got := s.try("/auth/login_local", "user", "secret"); got.status != 200 || got.header.Get("Opsledger-Pending") != "" {
		t.Errorf("with the read models at a stand: %d %s", got.status, got.body)
	}
	if got := s.do("GET", "/dns/views", nil, with("Authorization", user)); got.status != 200 {
		t.Errorf("the first token: %d %s", got.status, got.body)
	}
}
