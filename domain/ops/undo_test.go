package ops_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

func TestUndoOfMachines(t *testing.T) {
	t.Parallel()
	moved := web
	moved.Name, moved.InsideIP = "web09", "10.0.0.9"
	changed, back := ops.MachineUpdated{ID: 7, Before: web, After: moved}, ops.MachineUpdated{ID: 7, Before: moved, After: web}
	gone := ops.MachineDeleted{ID: 7, Machine: web}
	granted := ops.AccountGranted{User: operator, Username: "Operator", Machine: 7, IP: "10.0.0.1", Account: "root"}
	add, update := ops.NewUndoMachineAdded(ops.MachineAdded{ID: 7, Machine: web}), ops.NewUndoMachineUpdated(changed)
	check(t, []rule{
		{name: "added", as: operator, given: given(), when: add, then: []domain.Event{gone}},
		{name: "added, changed since", as: operator, given: given(changed), when: add, code: domain.CodeChanged, text: "machine 7 was changed since"},
		{name: "added, gone since", as: operator, given: given(gone), when: add, code: domain.CodeChanged, text: "machine 7 is gone"},
		{name: "added, has an agent", as: operator, given: given(ops.HostEnrolled{ID: 7}), when: add, code: domain.CodeRefused, text: "machine 7 has an agent"},
		{name: "added, has accounts", as: operator, given: given(granted), when: add, code: domain.CodeRefused, text: "somebody may log in to machine 7"},
		{name: "added, has work", as: operator, given: given(created(), accepted()), when: add, code: domain.CodeRefused, text: "queued or running"},
		{name: "added, by who may not", as: nobody, given: given(changed), when: add, code: domain.CodeForbidden, text: "deletemachine"},

		{name: "changed", as: operator, given: given(changed), when: update, then: []domain.Event{back}},
		{name: "changed, changed since", as: operator, given: given(changed, back), when: update, code: domain.CodeChanged, text: "machine 7 was changed since"},
		{name: "changed, name taken", as: operator, given: given(changed, ops.MachineAdded{ID: 8, Machine: web}), when: update, code: domain.CodeRefused, text: "belongs to another machine"},
		{name: "changed, by who may not", as: nobody, given: given(), when: update, code: domain.CodeForbidden, text: "updatemachine"},
	})
}
