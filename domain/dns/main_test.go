package dns_test

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// decision is one row of a table: given events, when a command is decided by
// a user, then events, or an error with a code and a text.
type decision struct {
	name  string
	given []domain.Event
	as    domain.UserID
	when  domain.Command
	then  []domain.Event
	code  domain.Code
	text  string
}

func runDecisions(t *testing.T, table []decision) {
	t.Helper()
	for _, d := range table {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(d.given...).As(d.as).When(d.when).Check(t, d.then, d.code, d.text)
		})
	}
}

// race is one row of a table: an event that comes between a decision and its
// append, and whether the append must fail.
type race struct {
	name     string
	given    []domain.Event
	when     domain.Command
	between  domain.Event
	conflict bool
}

func runRaces(t *testing.T, table []race) {
	t.Helper()
	for _, r := range table {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(users(r.given...)...).As(admin).When(r.when).CheckRace(t, r.between, r.conflict)
		})
	}
}

// The users of the tests.
const (
	admin domain.UserID = 1
	guest domain.UserID = 2
	other domain.UserID = 3
)

func users(more ...domain.Event) []domain.Event {
	return slices.Clip(append([]domain.Event{
		access.UserRegistered{ID: admin, Username: "admin"},
		access.UserRolesChanged{ID: admin, After: []int64{access.RoleAdmin}},
		access.UserRegistered{ID: guest, Username: "guest"},
		access.UserRegistered{ID: other, Username: "other"},
	}, more...))
}

// privilegeOf is the first privilege of a resource, as a test gives it or, from
// [domaintest.FirstID] on, as a command takes it.
func privilegeOf(id int64) int64 {
	if id < domaintest.FirstID {
		return 2 + 3*id
	}
	return domaintest.FirstPrivilege + 3*(id-domaintest.FirstID)
}

func must[T any](v T, err error) T { return domaintest.Must(v, err) }

func view(id int64, name string) domain.Event {
	return dns.ViewCreated{ID: id, Privilege: privilegeOf(id), View: dns.ViewData{Name: name, ACL: "any"}}
}
