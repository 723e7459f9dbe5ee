package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

const patterned = "ZONE~**.cust.example#UPDATE"

func onPattern() access.PrivilegeData {
	return access.PrivilegeData{
		Name: patterned, Operation: access.OperationUpdate, ResourceType: access.KindZone, Zones: "**.cust.example",
	}
}

func TestPatternedPrivileges(t *testing.T) {
	t.Parallel()
	create := func(in access.PrivilegeInput) domain.Command { return must(access.NewCreatePrivilege(in)) }
	created := access.PrivilegeCreated{ID: domaintest.FirstPrivilege, Privilege: onPattern()}
	plain := access.PrivilegeData{Name: "p", ResourceType: access.KindZone, ResourceID: 3}
	old := onPattern()
	old.Zones = ""
	runDecisions(t, []decision{
		{name: "by its name alone", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new(patterned)}), then: []domain.Event{created}},
		{name: "with numbers", given: given(), as: admin, then: []domain.Event{created},
			when: create(access.PrivilegeInput{Name: new(patterned), Operation: new(1), ResourceType: new(2), ResourceID: new(int64(0))})},
		{name: "another operation", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new(patterned), Operation: new(0)}), code: domain.CodeInvalid, text: "operation"},
		{name: "another type", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new(patterned), ResourceType: new(1)}), code: domain.CodeInvalid, text: "resource_type"},
		{name: "a resource", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new(patterned), ResourceID: new(int64(5))}), code: domain.CodeInvalid, text: "resource_id"},
		{name: "no operation", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new("ZONE~a.example")}), code: domain.CodeInvalid, text: "name"},
		{name: "an unknown operation", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new("ZONE~a.example#WRITE")}), code: domain.CodeInvalid, text: "name"},
		{name: "a bad pattern", given: given(), as: admin, when: create(access.PrivilegeInput{Name: new("ZONE~A.example#UPDATE")}), code: domain.CodeInvalid, text: "name"},
		{name: "renamed away", given: given(created), as: admin,
			when: must(access.NewUpdatePrivilege(domaintest.FirstPrivilege, access.PrivilegeInput{Name: new("p"), ResourceID: new(int64(3)), Operation: new(0)}, nil)),
			then: []domain.Event{access.PrivilegeChanged{ID: domaintest.FirstPrivilege, Before: onPattern(), After: plain}}},
		{name: "one of before is made one", given: given(access.PrivilegeCreated{ID: 14, Privilege: old}), as: admin,
			when: must(access.NewUpdatePrivilege(14, access.PrivilegeInput{Name: new(patterned)}, nil)),
			then: []domain.Event{access.PrivilegeChanged{ID: 14, Before: old, After: onPattern()}}},
	})
}

// A role with the privilege may what it says on zones of these names alone, also on those
// that come later; and what takes it away fails what it allowed.
func TestPatternsGrant(t *testing.T) {
	t.Parallel()
	world := given(
		access.PrivilegeCreated{ID: 14, Privilege: onPattern()},
		access.RoleCreated{ID: 8, Name: "team", Privileges: []int64{14}}, rolesOf(guest, nil, []int64{8}),
	)
	zone := func(name string) access.Target {
		return access.Target{Kind: access.KindZone, ID: 7, Name: name, Privilege: 50, Creator: admin}
	}
	for name, c := range map[string]struct {
		right access.Right
		may   bool
	}{
		"zone":             {access.On(zone("a.cust.example"), access.OperationUpdate), true},
		"apex":             {access.On(zone("cust.example"), access.OperationUpdate), true},
		"records":          {access.OnRecord(access.Target{Kind: access.KindRecord, ID: 9}, zone("a.cust.example"), access.OperationDelete), true},
		"another zone":     {access.On(zone("cust.example.org"), access.OperationUpdate), false},
		"another end":      {access.On(zone("xcust.example"), access.OperationUpdate), false},
		"another right":    {access.On(zone("a.cust.example"), access.OperationDelete), false},
		"to read":          {access.On(zone("a.cust.example"), access.OperationAccess), false},
		"a server's name":  {access.On(access.Target{Kind: access.KindServer, ID: 7, Name: "a.cust.example", Privilege: 60}, access.OperationUpdate), false},
		"of a view's name": {access.On(access.Target{Kind: access.KindView, ID: 7, Name: "a.cust.example", Privilege: 60}, access.OperationUpdate), false},
	} {
		h := domaintest.NewHistory(world...)
		err := access.Authorize(h, must(access.Load(h, guest)), c.right)
		if (err == nil) != c.may {
			t.Errorf("%s: %v", name, err)
		}
		if c.may && !h.Conflicts(access.PrivilegeDeleted{ID: 14, Privilege: onPattern()}) {
			t.Errorf("%s: the privilege may be deleted in between", name)
		}
	}
}
