package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// A deleted view or server comes back as it was when it was deleted.
//
// Invariants:
//  1. Each needs the right to make one, and its names are to be had.
//  2. It holds only if nothing has become of the resource since the deletion, but for what the same
//     change undoes: what that deletes is deleted as the event deleted it.
//  3. It has its old id, its privileges and its creator. An agent is not trusted again.

// RestoreView brings a deleted view back.
type RestoreView struct {
	event ViewDeleted
	at    domain.Position
}

// NewRestoreView returns the command for a deletion at a position.
func NewRestoreView(e ViewDeleted, at domain.Position) RestoreView {
	return RestoreView{event: e, at: at}
}

// Decide implements [domain.Command]. The order of views has its place still, unless it was
// changed since.
func (c RestoreView) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, view, name := access.NewActor(env.Actor), newViewFold(c.event.ID), viewNamed(c.event.View.Name)
	if err := h.Load(actor, view, name); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.AddView()); err != nil {
		return nil, err
	}
	switch {
	case view.exists || view.changed != c.at && !view.changed.Pending():
		return nil, domain.Changed(view.changed, "view %d was restored since", view.id)
	case view.changed.Pending() && view.data != c.event.View:
		return nil, domain.Changed(view.changed, "view %d was changed since", view.id)
	case name.HeldByOther(view.id):
		return nil, errViewTwice()
	}
	return []domain.Event{ViewCreated{ID: view.id, View: c.event.View, Privilege: view.privilege, Birth: view.birth()}}, nil
}

// RestoreServer brings a deleted server back, without the agent that it had.
type RestoreServer struct {
	event ServerDeleted
	at    domain.Position
}

// NewRestoreServer returns the command for a deletion at a position.
func NewRestoreServer(e ServerDeleted, at domain.Position) RestoreServer {
	return RestoreServer{event: e, at: at}
}

// Decide implements [domain.Command].
func (c RestoreServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, server := access.NewActor(env.Actor), newServerFold(c.event.ID)
	host, ip := serverWithHost(c.event.Server.Host), serverWithIP(c.event.Server.IP)
	if err := h.Load(actor, server, host, ip); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.AddServer()); err != nil {
		return nil, err
	}
	switch {
	case server.exists || server.changed != c.at && !server.changed.Pending():
		return nil, domain.Changed(server.changed, "server %d was restored since", server.id)
	case server.changed.Pending() && server.data != c.event.Server:
		return nil, domain.Changed(server.changed, "server %d was changed since", server.id)
	case host.HeldByOther(server.id) || ip.HeldByOther(server.id):
		return nil, errServerTwice()
	}
	return []domain.Event{ServerCreated{ID: server.id, Server: c.event.Server, Privilege: server.privilege, Birth: server.birth()}}, nil
}
