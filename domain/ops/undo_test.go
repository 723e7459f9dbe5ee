package ops_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
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

func TestRestoreOfMachines(t *testing.T) {
	t.Parallel()
	gone, back := ops.MachineDeleted{ID: 7, Machine: web}, ops.MachineAdded{ID: 7, Machine: web}
	restore := ops.NewRestoreMachine(gone, 7)
	check(t, []rule{
		{name: "gone", as: operator, given: given(gone), when: restore, then: []domain.Event{back}},
		{name: "there again", as: operator, given: given(gone, back), when: restore, code: domain.CodeChanged, text: "machine 7 was restored since"},
		{name: "was there again", as: operator, given: given(gone, back, gone), when: restore, code: domain.CodeChanged, text: "machine 7 was restored since"},
		{name: "name taken", as: operator, given: given(gone, ops.MachineAdded{ID: 8, Machine: web}), when: restore, code: domain.CodeRefused, text: "belongs to another machine"},
		{name: "by who may not", as: nobody, given: given(gone, back), when: restore, code: domain.CodeForbidden, text: "addmachine"},
	})
	if !domaintest.Given(given(gone)...).As(operator).When(restore).Conflicts(back) {
		t.Error("a machine is brought back twice")
	}
}

func TestUndoOfTasks(t *testing.T) {
	t.Parallel()
	gone, back := ops.TaskDeleted{Task: task, Machine: 7}, ops.TaskRestored{ID: 1, Task: task, Machine: 7}
	make := ops.NewUndoTaskCreated(created().(ops.TaskCreated))
	restore, undo := ops.NewRestoreTask(gone, 8), ops.NewUndoTaskRestored(back, 9)
	given := func(more ...domain.Event) []domain.Event { return given(append([]domain.Event{created()}, more...)...) }
	run := []domain.Event{accepted(), started(8), finished(8, ops.Succeeded), gone}
	check(t, []rule{
		{name: "made", as: operator, given: given(), when: make, then: []domain.Event{gone}},
		{name: "made, executed since", as: operator, given: given(run[:3]...), when: make, code: domain.CodeChanged, text: "was executed since"},
		{name: "made, gone since", as: operator, given: given(gone), when: make, code: domain.CodeChanged, text: "is gone"},
		{name: "made, by who may not", as: nobody, given: given(), when: make, code: domain.CodeForbidden, text: "deletetask"},
		{name: "gone", as: operator, given: given(gone), when: restore, then: []domain.Event{back}},
		{name: "gone after it was executed", as: operator, given: given(run...), when: ops.NewRestoreTask(gone, 11), then: []domain.Event{back}},
		{name: "gone, there again", as: operator, given: given(gone, back), when: restore, code: domain.CodeChanged, text: "was restored since"},
		{name: "gone, by who may not", as: nobody, given: given(gone), when: restore, code: domain.CodeForbidden, text: "addtask"},
		{name: "back", as: operator, given: given(gone, back), when: undo, then: []domain.Event{gone}},
		{name: "back, executed since", as: operator, given: given(gone, back, accepted()), when: undo, code: domain.CodeChanged, text: "was executed since"},
		{name: "back, gone since", as: operator, given: given(gone, back, gone), when: undo, code: domain.CodeChanged, text: "is gone"},
		{name: "back, by who may not", as: nobody, given: given(gone, back), when: undo, code: domain.CodeForbidden, text: "deletetask"},
	})
	for between, decided := range map[domain.Event]domaintest.Outcome{
		accepted(): domaintest.Given(given()...).As(operator).When(make),
		back:       domaintest.Given(given(gone)...).As(operator).When(restore),
	} {
		if !decided.Conflicts(between) {
			t.Errorf("%T comes between and does no harm", between)
		}
	}
	// It is what it was.
	fold, is := ops.FoldTask(task)
	if err := domaintest.NewHistory(given(append(run, back)...)...).Load(fold); err != nil || !is.Exists || is.State != ops.StateSucceeded || is.Executed != 8 {
		t.Errorf("%+v, %v", is, err)
	}
}

func TestUndoOfGrants(t *testing.T) {
	t.Parallel()
	granted := ops.AccountGranted{User: operator, Username: "Operator", Machine: 7, IP: "192.0.2.1", Account: "root"}
	revoked := ops.AccountRevoked{User: operator, Username: "Operator", Machine: 7, Account: "root"}
	opened := ops.AccountKeysSet{Machine: 7, Account: "root", Keys: []ops.AccountKey{{User: operator, Username: "Operator", Key: "k"}}}
	closed := ops.AccountKeysSet{Machine: 7, Account: "root", Keys: []ops.AccountKey{}}
	keys := ops.UserKeysChanged{User: operator, Before: []string{}, After: []string{"k"}}
	given := func(more ...domain.Event) []domain.Event {
		return given(append([]domain.Event{keys, granted, opened}, more...)...)
	}
	take, give := ops.NewUndoAccountGranted(granted), ops.NewUndoAccountRevoked(revoked)
	check(t, []rule{
		{name: "granted", as: operator, given: given(), when: take, then: []domain.Event{revoked, closed}},
		{name: "granted, revoked since", as: operator, given: given(revoked, closed), when: take, code: domain.CodeChanged, text: "was taken from user 2 since"},
		{name: "granted, by who may not", as: nobody, given: given(), when: take, code: domain.CodeForbidden, text: "managesshkey"},
		{name: "revoked", as: operator, given: given(revoked, closed), when: give, then: []domain.Event{granted, opened}},
		{name: "revoked, granted since", as: operator, given: given(revoked, closed, granted, opened), when: give, code: domain.CodeChanged, text: "was given to user 2 since"},
		{name: "revoked, the machine is gone", as: admin, given: given(revoked, ops.MachineDeleted{ID: 7, Machine: web}), when: give, code: domain.CodeChanged, text: "machine 7 is gone"},
		{name: "revoked, the user is gone", as: admin, given: given(revoked, closed, access.UserDeleted{ID: operator, Username: "Operator"}), when: give, code: domain.CodeChanged, text: "user 2 is gone"},
		{name: "revoked, by who may not", as: nobody, given: given(revoked), when: give, code: domain.CodeForbidden, text: "managesshkey"},
	})
	if !domaintest.Given(given(revoked, closed)...).As(operator).When(give).Conflicts(access.UserDeleted{ID: operator, Username: "Operator"}) {
		t.Error("a user who is gone may log in again")
	}
}
