package ops

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// The inverses of what became of machines, of tasks, and of the right to log in to accounts are the
// client's own commands, or stand beside one.
//
// Invariants:
//  1. Each needs the permission of the same change made by hand.
//  2. Each holds only while the machine, task or grant is as the event left it; else the refusal,
//     with [domain.CodeChanged], says by which event it is not. A machine that the same change
//     deletes is to be what the event deleted.

// UndoMachineAdded removes a machine that is as it was added, has no agent, and no accounts.
type UndoMachineAdded struct{ event MachineAdded }

// NewUndoMachineAdded returns the command for an event.
func NewUndoMachineAdded(e MachineAdded) UndoMachineAdded { return UndoMachineAdded{event: e} }

// Decide implements [domain.Command].
func (c UndoMachineAdded) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	id := c.event.ID
	machine, err := machineStands(h, env, id, access.CodeDeleteMachine, c.event.Machine)
	if err != nil {
		return nil, err
	}
	if machine.enrolled {
		return nil, domain.Refused("machine %d has an agent", id)
	}
	events, err := DeleteMachine{name: machine.data.Name}.Decide(h, env)
	if slices.ContainsFunc(events, isRevocation) {
		return nil, domain.Refused("somebody may log in to machine %d", id)
	}
	return events, err
}

func isRevocation(e domain.Event) bool {
	_, is := e.(AccountRevoked)
	return is
}

// UndoMachineUpdated brings a machine back to what it was before an event.
type UndoMachineUpdated struct{ event MachineUpdated }

// NewUndoMachineUpdated returns the command for an event.
func NewUndoMachineUpdated(e MachineUpdated) UndoMachineUpdated { return UndoMachineUpdated{event: e} }

// Decide implements [domain.Command].
func (c UndoMachineUpdated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	machine, err := machineStands(h, env, c.event.ID, access.CodeUpdateMachine, c.event.After)
	if err != nil {
		return nil, err
	}
	return machine.become(h, c.event.Before)
}

// machineStands returns a machine, and refuses if it is not what it is said to be.
func machineStands(h domain.History, env domain.Env, id int64, code int, is MachineData) (*machineFold, error) {
	actor, machine := access.NewActor(env.Actor), newMachineFold(id)
	if err := h.Load(actor, machine); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(code); err != nil {
		return nil, err
	}
	switch {
	case !machine.exists:
		return nil, domain.Changed(machine.changed, "machine %d is gone", id)
	case machine.data != is:
		return nil, domain.Changed(machine.changed, "machine %d was changed since", id)
	}
	return machine, nil
}

// RestoreMachine brings a deleted machine back, without the agent that it had. Who may log in to it
// comes back with the revocations of the same change.
type RestoreMachine struct {
	event MachineDeleted
	at    domain.Position
}

// NewRestoreMachine returns the command for a deletion at a position.
func NewRestoreMachine(e MachineDeleted, at domain.Position) RestoreMachine {
	return RestoreMachine{event: e, at: at}
}

// Decide implements [domain.Command].
func (c RestoreMachine) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, machine, names := access.NewActor(env.Actor), newMachineFold(c.event.ID), newClaims(c.event.Machine)
	if err := h.Load(append(names.folds(), actor, machine)...); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(access.CodeAddMachine); err != nil {
		return nil, err
	}
	switch {
	case machine.exists || machine.changed != c.at && !machine.changed.Pending():
		return nil, domain.Changed(machine.changed, "machine %d was restored since", machine.id)
	case machine.changed.Pending() && machine.data != c.event.Machine:
		return nil, domain.Changed(machine.changed, "machine %d was changed since", machine.id)
	}
	if err := names.check(machine.id); err != nil {
		return nil, err
	}
	return []domain.Event{MachineAdded{ID: machine.id, Machine: c.event.Machine}}, nil
}
