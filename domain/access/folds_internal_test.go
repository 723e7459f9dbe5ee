package access

import (
	"reflect"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// foldLog has events of every type that concern user 2, role 8, privilege 11 and
// the names of every fold under test.
func foldLog() []domain.Recorded {
	p := PrivilegeData{Name: "p", Operation: OperationUpdate, ResourceType: KindZone, ResourceID: 7}
	p2 := PrivilegeData{Name: "q", Operation: OperationDelete, ResourceType: KindZone, ResourceID: 7}
	zones := PrivilegeData{Name: "z", Operation: OperationUpdate, ResourceType: KindZone, Zones: "**.example"}
	others := PrivilegeData{Name: "o", Operation: OperationAccess, ResourceType: KindZone, Zones: "*.example"}
	mail := Profile{MailDigest: "m"}
	var out []domain.Recorded
	for i, e := range []domain.Event{
		UserRegistered{ID: 2, Username: "two", Source: SourceLocal, MailDigest: "m"}, UserRegistered{ID: 3, Username: "three"},
		UserProfileChanged{ID: 2, Before: mail}, UserProfileChanged{ID: 2, After: mail},
		RoleCreated{ID: 8, Name: "r", Privileges: []int64{5}}, RoleChanged{ID: 8, FormerName: "r", Name: "s", Privileges: []int64{6, 7}},
		RoleChanged{ID: 8, FormerName: "s", Name: "r", Privileges: []int64{}},
		UserRolesChanged{ID: 2, After: []int64{8}}, UserRolesChanged{ID: 3, After: []int64{7, 8}},
		UserRolesChanged{ID: 2, Before: []int64{8}, After: []int64{}}, UserRolesChanged{ID: 2, After: []int64{8}},
		UserPermissionsChanged{ID: 2, Codes: []int{1}}, UserPasswordChanged{ID: 2, PasswordHash: "c"}, UserLinked{ID: 2},
		PrivilegeCreated{ID: 11, Privilege: p}, PrivilegeCreated{ID: 14, Privilege: p2}, PrivilegeChanged{ID: 11, Before: p, After: p2},
		PrivilegeChanged{ID: 11, Before: p2, After: p}, PrivilegeDeleted{ID: 11, Privilege: p}, PrivilegeDeleted{ID: 14, Privilege: p2},
		UserDeleted{ID: 2, Username: "two", MailDigest: "m", Roles: []int64{8}}, UserDeleted{ID: 3, Username: "three", Roles: []int64{7, 8}},
		RoleDeleted{ID: 8, Name: "r"}, begun{3}, begun{4}, begun{5}, granted{"a", true}, granted{"b", true}, granted{"a", false}, granted{"a", true},
		PrivilegeCreated{ID: 17, Privilege: zones}, PrivilegeChanged{ID: 17, Before: zones, After: others},
		PrivilegeCreated{ID: 20, Privilege: zones}, PrivilegeDeleted{ID: 17, Privilege: others},
		CredentialAdded{ID: 4, User: 2, Name: "a", Digest: "d"}, CredentialAdded{ID: 5, User: 2, Name: "b", Secret: "s"},
		CredentialDeleted{ID: 4, User: 2, Name: "a"}, CredentialDeleted{ID: 5, User: 2, Name: "b", Secret: "s"},
		WebhookAdded{ID: 6, User: 2, Secret: "s"}, WebhookChanged{ID: 6, User: 2, After: WebhookData{Paused: true}, Cursor: new(domain.Position(3))},
		WebhookAdded{ID: 7, User: 2, Cursor: new(domain.Position(0))}, WebhookRotated{ID: 6, User: 2, Secret: "t", Former: "s"}, WebhookDeleted{ID: 6, User: 2},
	} {
		out = append(out, domain.Recorded{Position: domain.Position(i + 1), Actor: 2, Event: e})
	}
	return out
}

// begun and granted stand for events of the packages that build on this one.
type begun struct{ id int64 }

func (begun) EventType() string                          { return resourceBegins[2] }
func (begun) Tags() []domain.Tag                         { return nil }
func (begun) SubjectKey() int64                          { return 0 }
func (begun) ActorTags(actor domain.UserID) []domain.Tag { return TagsOfCreator(actor) }
func (e begun) Begun() Target                            { return Target{Kind: KindZone, ID: e.id, Privilege: 5 + 3*e.id} }

type granted struct {
	account string
	held    bool
}

func (granted) EventType() string       { return grantEvents[0] }
func (granted) Tags() []domain.Tag      { return []domain.Tag{TagUserKeys(2)} }
func (granted) SubjectKey() int64       { return 0 }
func (e granted) Grant() (string, bool) { return e.account, e.held }

// A snapshot taken anywhere is not changed by what its fold, or one that was
// restored from it, takes in later; and a restored fold goes on as its origin would.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	for name, fold := range map[string]func() domain.Fold{
		"actor":            func() domain.Fold { return NewActor(2) },
		"user":             func() domain.Fold { return NewUser(2) },
		"username":         func() domain.Fold { return newTaken(TagUsername("TWO")) },
		"mail":             func() domain.Fold { return newTaken(TagMail("m")) },
		"role":             func() domain.Fold { return NewRole(8) },
		"role exists":      func() domain.Fold { return newRoleExists(8) },
		"role name":        func() domain.Fold { return roleNamed("r") },
		"role users":       func() domain.Fold { return newRoleUsers(8) },
		"privilege":        func() domain.Fold { return newPrivilegeFold(12) },
		"privilege exists": func() domain.Fold { return &privilegeExists{*newPrivilegeFold(11)} },
		"privilege name":   func() domain.Fold { return privilegeNamed("p") },
		"made by hand":     func() domain.Fold { return newManualFold(KindZone, 7) },
		"by pattern":       func() domain.Fold { return newZonePatterns() },
		"credential":       func() domain.Fold { return NewCredential(4) },
		"credentials":      func() domain.Fold { return newUserCredentials(2) },
		"webhook":          func() domain.Fold { return NewWebhook(6) },
		"webhooks":         func() domain.Fold { return newUserWebhooks(2) },
		"creations":        func() domain.Fold { return newCreations(2) },
		"account grants":   func() domain.Fold { return newAccountGrants(2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := slices.DeleteFunc(foldLog(), func(r domain.Recorded) bool {
				item := fold().Item()
				return !slices.Contains(domain.TagsOf(r.Event, r.Actor), item.Tag) || !slices.Contains(item.Types, r.Event.EventType())
			})
			if len(log) < 2 {
				t.Fatalf("only %d events concern the fold", len(log))
			}
			for i := range len(log) + 1 {
				checkSnapshot(t, fold, log[:i], log[i:])
			}
		})
	}
}

func checkSnapshot(t *testing.T, fold func() domain.Fold, before, after []domain.Recorded) {
	t.Helper()
	first, whole := fold(), fold()
	applyAll(first, before)
	snapshot := first.Snapshot()
	applyAll(first, after)
	for range 2 {
		again := fold()
		again.Restore(snapshot)
		if !reflect.DeepEqual(again.Snapshot(), snapshot) {
			t.Errorf("after %d events: restored to %+v, want %+v", len(before), again.Snapshot(), snapshot)
		}
		applyAll(again, after)
		if !reflect.DeepEqual(again.Snapshot(), first.Snapshot()) {
			t.Errorf("after %d events: restored and gone on to %+v, want %+v", len(before), again.Snapshot(), first.Snapshot())
		}
	}
	applyAll(whole, before)
	if !reflect.DeepEqual(snapshot, whole.Snapshot()) {
		t.Errorf("after %d events: the snapshot became %+v, want %+v", len(before), snapshot, whole.Snapshot())
	}
}

func applyAll(f domain.Fold, log []domain.Recorded) {
	for _, r := range log {
		f.Apply(r)
	}
}
