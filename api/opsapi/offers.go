package opsapi

import (
	"context"
	"errors"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// offered refuses an order that a machine is known not to offer, so that nobody waits for a
// host to say so. What hosts offer is no part of the log: it is no rule of decisions, and a
// host that offers something else by the time that the task comes to it decides itself.
func (a *API) offered(ctx context.Context, machine opsmodel.Machine, order ops.Order) error {
	if a.Offers == nil || !machine.Enrolled {
		return nil
	}
	offers, told, err := a.Offers.Of(ctx, machine.ID, machine.Enrolment)
	if err != nil || told.IsZero() {
		return err
	}
	return offers.Refusal(machine.Name, order)
}

// offeredAt is offered for a new task. That no machine has the address is the decision's to
// say.
func (a *API) offeredAt(ctx context.Context, ip string, order ops.Order) error {
	machine, err := a.Ops.MachineByIP(ctx, ip)
	if errors.Is(err, query.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.offered(ctx, machine, order)
}

// offeredFor is offered for the execution of a task.
func (a *API) offeredFor(ctx context.Context, name string) error {
	task, err := a.Ops.Task(ctx, name)
	if errors.Is(err, query.ErrNotFound) || err == nil && task.State.Open() {
		return nil
	}
	if err != nil {
		return err
	}
	machine, err := a.Ops.Machine(ctx, task.Machine)
	if errors.Is(err, query.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.offered(ctx, machine, task.Order)
}
