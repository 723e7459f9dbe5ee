package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// The inverses of what made or changed a view or a server are the client's own commands.
//
// Invariants:
//  1. Each needs the right of the same change made by hand.
//  2. Each holds only while the resource is as the event left it; else the refusal, with
//     [domain.CodeChanged], says by which event it is not.

// UndoViewCreated removes a view that is as it was made, and is not used.
type UndoViewCreated struct{ event ViewCreated }

// NewUndoViewCreated returns the command for an event.
func NewUndoViewCreated(e ViewCreated) UndoViewCreated { return UndoViewCreated{event: e} }

// Decide implements [domain.Command].
func (c UndoViewCreated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := viewStands(h, env, c.event.ID, access.OperationDelete, c.event.View); err != nil {
		return nil, err
	}
	return DeleteView{id: c.event.ID}.Decide(h, env)
}

// UndoViewUpdated brings a view back to what it was before an event.
type UndoViewUpdated struct{ event ViewUpdated }

// NewUndoViewUpdated returns the command for an event.
func NewUndoViewUpdated(e ViewUpdated) UndoViewUpdated { return UndoViewUpdated{event: e} }

// Decide implements [domain.Command].
func (c UndoViewUpdated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := viewStands(h, env, c.event.ID, access.OperationUpdate, c.event.After); err != nil {
		return nil, err
	}
	return UpdateView{id: c.event.ID, view: c.event.Before}.Decide(h, env)
}

// viewStands refuses if a view is not what it is said to be.
func viewStands(h domain.History, env domain.Env, id int64, o access.Operation, is ViewData) error {
	actor, view := access.NewActor(env.Actor), newViewFold(id)
	if err := h.Load(actor, view); err != nil {
		return err
	}
	if !view.exists {
		return domain.Changed(view.changed, "view %d is gone", id)
	}
	if err := access.Authorize(h, actor, access.On(view.target(), o)); err != nil {
		return err
	}
	if view.data != is {
		return domain.Changed(view.changed, "view %d was changed since", id)
	}
	return nil
}

// UndoServerCreated removes a server that is as it was made, and has no agent.
type UndoServerCreated struct{ event ServerCreated }

// NewUndoServerCreated returns the command for an event.
func NewUndoServerCreated(e ServerCreated) UndoServerCreated { return UndoServerCreated{event: e} }

// Decide implements [domain.Command].
func (c UndoServerCreated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := serverStands(h, env, c.event.ID, access.OperationDelete, c.event.Server)
	if err != nil {
		return nil, err
	}
	if server.enrolled {
		return nil, domain.Refused("server %d has an agent", c.event.ID)
	}
	return DeleteServer{id: c.event.ID}.Decide(h, env)
}

// UndoServerUpdated brings a server back to what it was before an event.
type UndoServerUpdated struct{ event ServerUpdated }

// NewUndoServerUpdated returns the command for an event.
func NewUndoServerUpdated(e ServerUpdated) UndoServerUpdated { return UndoServerUpdated{event: e} }

// Decide implements [domain.Command].
func (c UndoServerUpdated) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := serverStands(h, env, c.event.ID, access.OperationUpdate, c.event.After)
	if err != nil {
		return nil, err
	}
	return server.become(h, c.event.Before)
}

// serverStands returns a server, and refuses if it is not what it is said to be.
func serverStands(h domain.History, env domain.Env, id int64, o access.Operation, is ServerData) (*serverFold, error) {
	actor, server := access.NewActor(env.Actor), newServerFold(id)
	if err := h.Load(actor, server); err != nil {
		return nil, err
	}
	if !server.exists {
		return nil, domain.Changed(server.changed, "server %d is gone", id)
	}
	if err := access.Authorize(h, actor, access.On(server.target(), o)); err != nil {
		return nil, err
	}
	if server.data != is {
		return nil, domain.Changed(server.changed, "server %d was changed since", id)
	}
	return server, nil
}
