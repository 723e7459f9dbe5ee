package access_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// robot is a service user.
const robot domain.UserID = 9

func withRobot(more ...domain.Event) []domain.Event {
	return given(append([]domain.Event{
		access.UserRegistered{ID: clerk, Username: "clerk", Source: access.SourceLocal},
		access.UserPermissionsChanged{ID: clerk, Codes: []int{access.CodeUpdateUser}},
		access.UserRegistered{ID: robot, Username: "robot", Source: access.SourceService},
	}, more...)...)
}

func tokenFor(user *domain.UserID, restrict access.Restriction) access.AddCredential {
	return must(access.NewAddCredential(access.CredentialInput{
		Name: new("certbot"), Kind: new("token"), User: user, Restrict: restrict,
	}, domaintest.Now)).WithToken("digest")
}

func made(id domain.CredentialID, user domain.UserID) access.CredentialAdded {
	return access.CredentialAdded{ID: id, User: user, Name: "certbot", Kind: access.CredentialToken, Digest: "digest"}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	token := tokenFor(nil, access.Restriction{})
	forRobot, forAdmin, forNobody := tokenFor(new(robot), access.Restriction{}), tokenFor(new(admin), access.Restriction{}), tokenFor(new(domain.UserID(77)), access.Restriction{})
	full := make([]domain.Event, 1000)
	for i := range full {
		full[i] = access.CredentialAdded{ID: domain.CredentialID(i + 1), User: guest, Name: fmt.Sprint("c", i), Kind: access.CredentialToken}
	}
	runDecisions(t, []decision{
		{name: "own", given: withRobot(), as: guest, when: token, then: []domain.Event{made(100, guest)}},
		{name: "service user", given: withRobot(), as: clerk, when: forRobot, then: []domain.Event{made(100, robot)}},
		{name: "service user, no right", given: withRobot(), as: guest, when: forRobot, code: domain.CodeForbidden},
		{name: "service user who has more", given: withRobot(rolesOf(robot, nil, []int64{access.RoleAdmin})), as: clerk, when: forRobot, code: domain.CodeForbidden},
		{name: "a person", given: withRobot(), as: clerk, when: tokenFor(new(guest), access.Restriction{}), code: domain.CodeInvalid, text: "user_id"},
		{name: "a person, by admin", given: withRobot(), as: admin, when: tokenFor(new(guest), access.Restriction{}), code: domain.CodeInvalid, text: "user_id"},
		{name: "an admin by name", given: withRobot(), as: admin, when: forAdmin, then: []domain.Event{made(100, admin)}},
		{name: "nobody", given: withRobot(), as: admin, when: forNobody, code: domain.CodeInvalid, text: "user_id"},
		{name: "by a stranger", given: given(), as: 55, when: token, code: domain.CodeUnauthenticated},
		{name: "too many", given: given(full...), as: guest, when: token, code: domain.CodeRefused},
		{name: "expired ones go", given: given(expired(3), made(4, guest)), as: guest, when: token,
			then: []domain.Event{access.CredentialDeleted{ID: 3, User: guest, Name: "old", Secret: "s"}, made(100, guest)}},
		{name: "delete own", given: given(made(4, guest)), as: guest, when: must(access.NewDeleteCredential(4)),
			then: []domain.Event{access.CredentialDeleted{ID: 4, User: guest, Name: "certbot"}}},
		{name: "delete twice", given: given(made(4, guest), access.CredentialDeleted{ID: 4, User: guest}), as: guest, when: must(access.NewDeleteCredential(4)), code: domain.CodeNotFound},
		{name: "delete another's", given: withRobot(made(4, admin)), as: guest, when: must(access.NewDeleteCredential(4)), code: domain.CodeNotFound},
		{name: "delete who has more", given: withRobot(made(4, admin)), as: clerk, when: must(access.NewDeleteCredential(4)), code: domain.CodeForbidden},
		{name: "delete by admin", given: withRobot(made(4, robot)), as: admin, when: must(access.NewDeleteCredential(4)),
			then: []domain.Event{access.CredentialDeleted{ID: 4, User: robot, Name: "certbot"}}},
	})
}

// expired is a credential of the guest that has ended by itself.
func expired(id domain.CredentialID) domain.Event {
	return access.CredentialAdded{ID: id, User: guest, Name: "old", Kind: access.CredentialTSIG, Secret: "s", Expires: new(domaintest.Now.Add(-time.Hour))}
}

func TestCredentialForms(t *testing.T) {
	t.Parallel()
	past, future := domaintest.Now.Add(-time.Hour), domaintest.Now.Add(time.Hour)
	for field, in := range map[string]access.CredentialInput{
		"name":           {Kind: new("token")},
		"kind":           {Name: new("n")},
		"algorithm":      {Name: new("n"), Kind: new("tsig"), Algorithm: new("hmac-md5")},
		"expires_at":     {Name: new("n"), Kind: new("token"), Expires: &past},
		"restrict.zones": {Name: new("n"), Kind: new("token"), Restrict: access.Restriction{Zones: []string{"A.com"}}},
		"restrict.names": {Name: new("n"), Kind: new("token"), Restrict: access.Restriction{Names: []string{"a*"}}},
		"restrict.types": {Name: new("n"), Kind: new("token"), Restrict: access.Restriction{Types: []string{"a b"}}},
	} {
		_, err := access.NewAddCredential(in, domaintest.Now)
		if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, name := range []string{"", "a b", "-a", ".a", "a.", "a..b", "中", "a/b", string(make([]byte, 65))} {
		if _, err := access.NewAddCredential(access.CredentialInput{Name: &name, Kind: new("token")}, domaintest.Now); err == nil {
			t.Errorf("the name %q is taken", name)
		}
	}
	if _, err := access.NewAddCredential(access.CredentialInput{Name: new("n"), Kind: new("token"), Algorithm: new("hmac-sha256")}, domaintest.Now); err == nil {
		t.Error("a token has an algorithm")
	}
	tsig := must(access.NewAddCredential(access.CredentialInput{
		Name: new("n"), Kind: new("tsig"), Expires: &future, Restrict: access.Restriction{Types: []string{"txt"}},
	}, domaintest.Now)).WithSecret("secret")
	domaintest.Given(given()...).As(guest).When(tsig).Then(t, access.CredentialAdded{
		ID: 100, User: guest, Name: "n", Kind: access.CredentialTSIG, Algorithm: "hmac-sha256", Expires: &future, Secret: "secret",
		Restrict: access.Restriction{Types: []string{"TXT"}},
	})
}

// Whatever ends a user ends their credentials, and nothing that comes in between is left.
func TestCredentialsEnd(t *testing.T) {
	t.Parallel()
	two := []domain.Event{made(4, guest), access.CredentialAdded{ID: 5, User: guest, Name: "k", Kind: access.CredentialTSIG, Secret: "s"}, made(6, clerk)}
	ended := []domain.Event{access.CredentialDeleted{ID: 4, User: guest, Name: "certbot"}, access.CredentialDeleted{ID: 5, User: guest, Name: "k", Secret: "s"}}
	change := access.ChangePassword{ID: guest, PasswordHash: "c9", Verified: "c2"}
	all := change
	all.EndCredentials = true
	changed := access.UserPasswordChanged{ID: guest, PasswordHash: "c9", Former: "c2"}
	remove := must(access.NewDeleteUser(guest, nil))
	runDecisions(t, []decision{
		{name: "user", given: given(two...), as: admin, when: remove,
			then: append([]domain.Event{access.UserDeleted{ID: guest, Username: "Guest", PasswordHash: "c2", PersonalKey: "k2"}}, ended...)},
		{name: "password", given: given(two...), as: guest, when: change, then: []domain.Event{changed}},
		{name: "password and all", given: given(two...), as: guest, when: all, then: append([]domain.Event{changed}, ended...)},
		{name: "service user's password", given: withRobot(), as: admin, when: access.ChangePassword{ID: robot, PasswordHash: "c"}, code: domain.CodeRefused},
		{name: "service user's link", given: withRobot(), as: admin, when: access.LinkUser{ID: robot}, code: domain.CodeRefused},
	})
	runRaces(t, admin, []race{
		{"deleted, and one more", given(two...), remove, made(7, guest), true},
		{"deleted, and one less", given(two...), remove, access.CredentialDeleted{ID: 4, User: guest}, false},
	})
	runRaces(t, guest, []race{{"all, and one more", given(two...), all, made(7, guest), true}})
}

func TestServiceUsers(t *testing.T) {
	t.Parallel()
	plain, admins := must(access.NewAddServiceUser("robot", nil)), must(access.NewAddServiceUser("robot", []int64{access.RoleZoneAdmin}))
	hires := []domain.Event{access.UserRegistered{ID: clerk, Username: "clerk"}, access.UserPermissionsChanged{ID: clerk, Codes: []int{access.CodeAddUser}}}
	user := access.UserRegistered{ID: 100, Username: "robot", Source: access.SourceService}
	runDecisions(t, []decision{
		{name: "by a clerk", given: given(hires...), as: clerk, when: plain, then: []domain.Event{user}},
		{name: "with a role by a clerk", given: given(hires...), as: clerk, when: admins, code: domain.CodeForbidden},
		{name: "with a role by admin", given: given(), as: admin, when: admins, then: []domain.Event{user, rolesOf(100, []int64{}, []int64{access.RoleZoneAdmin})}},
		{name: "with a role that is none", given: given(), as: admin, when: must(access.NewAddServiceUser("robot", []int64{99})), code: domain.CodeInvalid},
		{name: "without a right", given: given(), as: guest, when: plain, code: domain.CodeForbidden},
		{name: "a name that is taken", given: given(), as: admin, when: must(access.NewAddServiceUser("GUEST", nil)), code: domain.CodeRefused},
	})
	if _, err := access.NewAddServiceUser("system", nil); err == nil {
		t.Error("system may be a service user")
	}
}
