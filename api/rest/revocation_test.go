package rest

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// secondProcess is the stack as another process has it: the same database, but
// an event store and an API of its own.
func (s *stack) secondProcess() *stack {
	s.t.Helper()
	store, err := eventstore.Open(s.t.Context(), eventstore.Config{Pool: s.pool, Codec: testkit.Codec()})
	must(s.t, err)
	s.t.Cleanup(store.Close)
	testkit.Background(s.t, store.Run)
	other := s.reopened(func(c *config) { c.Store = store })
	other.store = store
	return other
}

func (s *stack) execute(cmd domain.Command, err error) {
	s.t.Helper()
	must(s.t, err)
	_, err = s.store.Execute(s.t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: cmd, Actor: access.AdminID})
	must(s.t, err)
}

func (s *stack) giveRoles(user domain.UserID, roles ...int64) {
	s.t.Helper()
	change, err := access.NewUpdateUser(user, access.UserChange{Roles: &roles}, nil)
	s.execute(change, err)
}

// What ends a user's tokens ends them at once in the process that it happens in,
// and within 100 ms in every other, with the read models at a stand.
func TestTokensEndEverywhere(t *testing.T) {
	t.Parallel()
	here := newStack(t)
	there := here.secondProcess()
	tokens := map[string]string{}
	for _, name := range []string{"deleted", "password", "roles", "linked", "bystander"} {
		tokens[name] = here.reader(name)
	}
	ids := map[string]domain.UserID{"deleted": 2, "password": 3, "roles": 4, "linked": 5}
	both := func(name string, status int) {
		t.Helper()
		for where, s := range map[string]*stack{"here": here, "there": there} {
			if got := s.do("GET", "/dns/views", nil, with("Authorization", tokens[name])); got.status != status || status == 403 && got.body != bodyTokenInvalid {
				t.Errorf("%s, %s: %d %s", name, where, got.status, got.body)
			}
		}
	}
	for name := range tokens {
		both(name, 200) // both remember the user now
	}
	here.stopProjections()
	deleted, err := access.NewDeleteUser(ids["deleted"], nil)
	here.execute(deleted, err)
	here.execute(access.ChangePassword{ID: ids["password"], PasswordHash: "11111111-1111-4111-8111-111111111111"}, nil)
	here.giveRoles(ids["roles"], access.RoleZoneAdmin)
	here.execute(access.LinkUser{ID: ids["linked"]}, nil)
	for name := range ids {
		here.expect(here.do("GET", "/dns/views", nil, with("Authorization", tokens[name])), 403, bodyTokenInvalid)
	}
	time.Sleep(100 * time.Millisecond) // the contract's
	for name := range ids {
		both(name, 403)
	}
	both("bystander", 200)
}

// A role's change is known everywhere at once, too, and ends no token.
func TestRoleChangesAreFollowed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.reader("user")
	role, err := access.NewCreateRole(access.RoleInput{Name: new("r"), PrivilegeIDs: &[]int64{access.PrivilegeBindConfEdit}})
	s.execute(role, err)
	s.giveRoles(2, 8)
	user := with("Authorization", s.login("user", "secret"))
	if got := s.do("GET", "/dns/bind_conf", nil, user); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	change, err := access.NewUpdateRole(8, access.RoleInput{Name: new("r"), PrivilegeIDs: &[]int64{}}, nil)
	s.execute(change, err)
	s.expect(s.do("GET", "/dns/bind_conf", nil, user), 403, `{"message":"无权限！缺少权限：BIND_CONF_EDIT"}`)
}
