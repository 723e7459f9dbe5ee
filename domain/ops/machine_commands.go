package ops

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// AddMachine registers a machine.
//
// Invariants of machines:
//  1. A name belongs to one machine.
//  2. An address, inside or outside, belongs to one machine.
//  3. A machine with open attempts is not deleted.
type AddMachine struct{ machine MachineData }

// NewAddMachine checks the form of a machine.
func NewAddMachine(in MachineInput) (AddMachine, error) {
	data, err := in.data(MachineData{})
	return AddMachine{machine: data}, err
}

// Allocates implements [domain.Allocator].
func (AddMachine) Allocates() []domain.Sequence { return []domain.Sequence{domain.SequenceMachine} }

// Decide implements [domain.Command].
func (c AddMachine) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor := access.NewActor(env.Actor)
	names := newClaims(c.machine)
	if err := h.Load(append(names.folds(), actor)...); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(access.CodeAddMachine); err != nil {
		return nil, err
	}
	if err := names.check(0); err != nil {
		return nil, err
	}
	return []domain.Event{MachineAdded{ID: env.NextID(domain.SequenceMachine), Machine: c.machine}}, nil
}

// UpdateMachine changes the machine that has the input's name.
type UpdateMachine struct {
	name    string
	in      MachineInput
	ifMatch *domain.Position
}

// NewUpdateMachine checks the name; the other fields are checked against the machine.
func NewUpdateMachine(in MachineInput, ifMatch *domain.Position) (UpdateMachine, error) {
	name, err := required("machine_name", in.Name)
	if err == nil {
		err = checkWord("machine_name", name)
	}
	return UpdateMachine{name: name, in: in, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c UpdateMachine) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	machine, err := loadMachine(h, env, c.name, access.CodeUpdateMachine, c.ifMatch)
	if err != nil {
		return nil, err
	}
	after, err := c.in.data(machine.data)
	if err != nil {
		return nil, err
	}
	return machine.become(h, after)
}

// become decides that the machine is something else.
func (f *machineFold) become(h domain.History, after MachineData) ([]domain.Event, error) {
	if after == f.data {
		return nil, nil
	}
	names := newClaims(after)
	if err := h.Load(names.folds()...); err != nil {
		return nil, err
	}
	if err := names.check(f.id); err != nil {
		return nil, err
	}
	return []domain.Event{MachineUpdated{ID: f.id, Before: f.data, After: after}}, nil
}

// DeleteMachine removes the named machine; its agent is no longer trusted.
type DeleteMachine struct {
	name    string
	ifMatch *domain.Position
}

// NewDeleteMachine checks the name.
func NewDeleteMachine(name string, ifMatch *domain.Position) (DeleteMachine, error) {
	return DeleteMachine{name: name, ifMatch: ifMatch}, checkMachineName(name)
}

func checkMachineName(name string) error {
	if _, err := required("machine_name", &name); err != nil {
		return err
	}
	return checkWord("machine_name", name)
}

// Decide implements [domain.Command].
func (c DeleteMachine) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	machine, err := loadMachine(h, env, c.name, access.CodeDeleteMachine, c.ifMatch)
	if err != nil {
		return nil, err
	}
	work, accounts, tokens := newHostWork(machine.id), newMachineAccounts(machine.id), access.NewEnrolmentTokens(machine.enrolmentTarget())
	if err := h.Load(work, accounts, tokens); err != nil {
		return nil, err
	}
	if n := len(work.open); n > 0 {
		return nil, domain.Refused("machine %s has %d queued or running tasks", c.name, n)
	}
	return slices.Concat(accounts.revocations(), tokens.End(), []domain.Event{MachineDeleted{ID: machine.id, Machine: machine.data}}), nil
}

// loadMachine returns the named machine if the actor has the permission, the machine
// exists, and the client's version is the current one.
func loadMachine(h domain.History, env domain.Env, name string, code int, ifMatch *domain.Position) (*machineFold, error) {
	actor, holder := access.NewActor(env.Actor), machineNamed(name)
	if err := h.Load(actor, holder); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(code); err != nil {
		return nil, err
	}
	if holder.HeldBy() == 0 {
		return nil, domain.Refused("machine %s does not exist", name).Blame("machine_name")
	}
	machine := newMachineFold(holder.HeldBy())
	if err := h.Load(machine); err != nil {
		return nil, err
	}
	return machine, domain.CheckVersion(ifMatch, machine.changed)
}
