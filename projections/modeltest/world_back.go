package modeltest

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
)

// formerSet is what a role was.
type formerSet struct {
	name       string
	privileges []int64
	replaced   domain.Position
}

// grantBack brings back a role or a privilege.
func (w *World) grantBack() {
	if id := Pick(w.Naive, w.goneManual); id != 0 && w.rng.IntN(2) == 0 {
		w.person(access.AdminID, access.PrivilegeCreated{ID: id, Privilege: w.goneManual[id]})
		w.Manual[id] = w.goneManual[id]
		delete(w.goneManual, id)
		return
	}
	id := Pick(w.Naive, w.goneRoles)
	if id == 0 {
		return
	}
	was := w.goneRoles[id]
	w.person(access.AdminID, access.RoleCreated{ID: id, Name: was.name, Privileges: was.privileges})
	w.Names[id], w.Sets[id], w.RoleChanged[id] = was.name, was.privileges, w.clock
	w.roles = append(w.roles, id)
	delete(w.goneRoles, id)
}

// undoRole gives a role what it had before its last change.
func (w *World) undoRole() {
	id := Pick(w.Naive, w.formerSets)
	if id == 0 {
		return
	}
	all := w.formerSets[id]
	was := all[len(all)-1]
	w.person(access.AdminID, access.RoleChanged{ID: id, Name: was.name, FormerName: w.Names[id], Privileges: was.privileges, Replaced: &was.replaced})
	w.Names[id], w.Sets[id], w.Replaced[id], w.RoleChanged[id] = was.name, was.privileges, was.replaced, w.clock
	if w.formerSets[id] = all[:len(all)-1]; len(all) == 1 {
		delete(w.formerSets, id)
	}
}

// operation is a next event of the ops context.
func (w *World) operation() domain.Event {
	n := w.number()
	machine := func(id int64) ops.MachineData { return ops.MachineData{Name: fmt.Sprint("m", id)} }
	name := func(id int64) string { return fmt.Sprintf("%032x", id) }
	task, other := Pick(w.Naive, w.tasks), Pick(w.Naive, w.machines)
	switch k := w.rng.IntN(6); {
	case k == 0 && task != 0:
		if w.tasks[task] = !w.tasks[task]; w.tasks[task] {
			return ops.TaskRestored{ID: task, Task: name(task), Machine: 1}
		}
		return ops.TaskDeleted{Task: name(task), Machine: 1}
	case k == 1 && other != 0:
		if w.machines[other] = !w.machines[other]; w.machines[other] {
			return ops.MachineAdded{ID: other, Machine: machine(other)}
		}
		return ops.MachineDeleted{ID: other, Machine: machine(other)}
	case k < 3:
		w.machines[n] = true
		return ops.MachineAdded{ID: n, Machine: machine(n)}
	case k < 5:
		w.tasks[n] = true
		return ops.TaskCreated{ID: n, Task: name(n), Machine: 1}
	default:
		return ops.UserKeysChanged{User: 2, Before: []string{}, After: []string{}}
	}
}
