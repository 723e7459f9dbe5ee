package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// CreateServer registers a name server.
//
// Invariants of servers:
//  1. A host name, without case, belongs to one server.
//  2. An address belongs to one server.
type CreateServer struct{ server ServerData }

// NewCreateServer checks the form of a server. The type defaults to "master".
func NewCreateServer(in ServerInput) (CreateServer, error) {
	p, err := in.parse()
	return CreateServer{server: p.merge(ServerData{Type: "master"})}, err
}

// Allocates implements [domain.Allocator].
func (CreateServer) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequenceServer, domain.SequencePrivilege}
}

// Decide implements [domain.Command].
func (c CreateServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor := access.NewActor(env.Actor)
	host, ip := serverWithHost(c.server.Host), serverWithIP(c.server.IP)
	if err := h.Load(actor, host, ip); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.AddServer()); err != nil {
		return nil, err
	}
	if host.HeldByOther(0) || ip.HeldByOther(0) {
		return nil, errServerTwice()
	}
	return []domain.Event{ServerCreated{
		ID: env.NextID(domain.SequenceServer), Server: c.server, Privilege: env.NextID(domain.SequencePrivilege),
	}}, nil
}

func errServerTwice() error {
	return domain.Refused("创建失败! 重复的Server，相同Host或IP地址已存在！")
}

// UpdateServer changes a server's data.
type UpdateServer struct {
	id      int64
	patch   serverPatch
	ifMatch *domain.Position
}

// NewUpdateServer checks the form of a change; a type that is not given stays.
func NewUpdateServer(id int64, in ServerInput, ifMatch *domain.Position) (UpdateServer, error) {
	if err := checkID("Server", id); err != nil {
		return UpdateServer{}, err
	}
	p, err := in.parse()
	return UpdateServer{id: id, patch: p, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c UpdateServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := loadServer(h, env, c.id, access.OperationUpdate, c.ifMatch)
	if err != nil {
		return nil, err
	}
	return server.become(h, c.patch.merge(server.data))
}

// become decides that the server is something else.
func (f *serverFold) become(h domain.History, after ServerData) ([]domain.Event, error) {
	if after == f.data {
		return nil, nil
	}
	host, ip := serverWithHost(after.Host), serverWithIP(after.IP)
	if err := h.Load(host, ip); err != nil {
		return nil, err
	}
	if host.HeldByOther(f.id) || ip.HeldByOther(f.id) {
		return nil, domain.Refused("修改失败! 重复的Server，相同Host或IP地址已存在！")
	}
	if err := f.mayBecome(h, after); err != nil {
		return nil, err
	}
	return []domain.Event{ServerUpdated{ID: f.id, Before: f.data, After: after}}, nil
}

// DeleteServer removes a server; its agent no longer counts.
type DeleteServer struct {
	id      int64
	ifMatch *domain.Position
}

// NewDeleteServer returns the command; ids start at 1.
func NewDeleteServer(id int64, ifMatch *domain.Position) (DeleteServer, error) {
	return DeleteServer{id: id, ifMatch: ifMatch}, checkID("Server", id)
}

// Decide implements [domain.Command].
func (c DeleteServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := loadServer(h, env, c.id, access.OperationDelete, c.ifMatch)
	if err != nil {
		return nil, err
	}
	if err := server.mayGo(h); err != nil {
		return nil, err
	}
	tokens := access.NewEnrolmentTokens(server.enrolmentTarget())
	if err := h.Load(tokens); err != nil {
		return nil, err
	}
	return append(tokens.End(), ServerDeleted{ID: c.id, Server: server.data, Privilege: server.privilege}), nil
}

// loadServer returns the server if it exists, the actor may do the operation
// and the client's version is the current one.
func loadServer(h domain.History, env domain.Env, id int64, o access.Operation, ifMatch *domain.Position) (*serverFold, error) {
	actor, server := access.NewActor(env.Actor), newServerFold(id)
	if err := h.Load(actor, server); err != nil {
		return nil, err
	}
	if !server.exists {
		return nil, notFound("Server", id)
	}
	if err := access.Authorize(h, actor, access.On(server.target(), o)); err != nil {
		return nil, err
	}
	return server, domain.CheckVersion(ifMatch, server.changed)
}
