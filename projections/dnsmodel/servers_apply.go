package dnsmodel

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

func (b *batch) serverCreated(e domain.Recorded, event dns.ServerCreated) error {
	server := Server{ID: event.ID, ServerData: event.Server, Changed: e.Position}
	if err := b.servers.Add(server); err != nil {
		return err
	}
	if err := b.resourceBegun(e, access.KindServer, server.ID, server.Host, event.Privilege, event.Birth); err != nil {
		return err
	}
	return b.logServer(e, oplog.OperationAdd, server, server)
}

func (b *batch) serverUpdated(e domain.Recorded, event dns.ServerUpdated) error {
	before, err := b.servers.Find(event.ID)
	if err != nil {
		return err
	}
	after := before
	after.ServerData, after.Changed = event.After, e.Position
	b.servers.Put(after)
	if err := b.resourceNamed(e, access.KindServer, after.ID, after.Host); err != nil {
		return err
	}
	return b.logServer(e, oplog.OperationChange, after, before)
}

func (b *batch) serverDeleted(e domain.Recorded, event dns.ServerDeleted) error {
	server, err := b.servers.Find(event.ID)
	if err != nil {
		return err
	}
	b.servers.Drop(server.ID)
	if err := b.resourceDeleted(e, access.KindServer, server.ID); err != nil {
		return err
	}
	return b.logServer(e, oplog.OperationDelete, server, server)
}

// agentOf notes whether a server has an agent, and has served all of the log. It writes no entry:
// an agent's coming and going is no operation on the resource that the log's readers know.
func (b *batch) agentOf(e domain.Recorded, id int64, enrolled, serves bool) error {
	server, err := b.servers.Find(id)
	if err != nil {
		return err
	}
	server.Enrolled, server.Serves, server.Changed = enrolled, serves, e.Position
	b.servers.Put(server)
	return nil
}

// logServer writes an entry on a server, which shows the given state of it, that before
// a change.
func (b *batch) logServer(e domain.Recorded, operation string, server, shown Server) error {
	return b.log(e, operation, serverTarget(server), oplog.TextsOf(operation, serverDetail(shown), serverDetail(server)))
}

func serverTarget(s Server) oplog.Target {
	return oplog.Target{Type: oplog.TargetServer, Name: s.Host, ID: s.ID, Resource: s.ID}
}

func serverDetail(s Server) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", s.ID)
	d.Line("主机名", s.Host)
	d.Line("IP地址", s.IP)
	d.Line("环境", s.Env)
	d.Line("DNS类型", s.Type)
	return d
}
