package projections

import (
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

const (
	createServers = `CREATE TABLE {schema}.servers (
		id bigint PRIMARY KEY, host text COLLATE "C" NOT NULL, ip text COLLATE "C" NOT NULL, env text COLLATE "C" NOT NULL, type text COLLATE "C" NOT NULL,
		zb_process text NOT NULL, zb_port text NOT NULL, zb_resolve text NOT NULL, zb_resolve_rate text NOT NULL,
		enrolled boolean NOT NULL, changed bigint NOT NULL)`

	loadServers = `SELECT ` + serverColumns + ` FROM {schema}.servers s WHERE s.id = ANY ($1::bigint[])`

	writeServers = `INSERT INTO {schema}.servers (id, host, ip, env, type, zb_process, zb_port, zb_resolve, zb_resolve_rate, enrolled, changed)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::bigint[])
		ON CONFLICT (id) DO UPDATE SET host = excluded.host, ip = excluded.ip, env = excluded.env, type = excluded.type,
			zb_process = excluded.zb_process, zb_port = excluded.zb_port, zb_resolve = excluded.zb_resolve, zb_resolve_rate = excluded.zb_resolve_rate,
			enrolled = excluded.enrolled, changed = excluded.changed`

	dropServers = `DELETE FROM {schema}.servers WHERE id = ANY ($1::bigint[])`
)

func (b *dnsBatch) serverCreated(e domain.Recorded, event dns.ServerCreated) error {
	server := Server{ID: event.ID, ServerData: event.Server, Changed: e.Position}
	if err := b.servers.Add(server.ID, server); err != nil {
		return err
	}
	b.resourceCreated(e, access.KindServer, server.ID, server.Host, event.Privilege)
	return b.log(e, OperationAdd, TargetServer, server.Host, decimal(server.ID), serverDetail(server))
}

func (b *dnsBatch) serverUpdated(e domain.Recorded, event dns.ServerUpdated) error {
	before, err := b.servers.Find(event.ID)
	if err != nil {
		return err
	}
	after := before
	after.ServerData, after.Changed = event.After, e.Position
	b.servers.Put(after.ID, after)
	if err := b.resourceNamed(e, access.KindServer, after.ID, after.Host); err != nil {
		return err
	}
	return b.log(e, OperationChange, TargetServer, after.Host, decimal(after.ID), beforeChange+serverDetail(before))
}

func (b *dnsBatch) serverDeleted(e domain.Recorded, event dns.ServerDeleted) error {
	server, err := b.servers.Find(event.ID)
	if err != nil {
		return err
	}
	b.servers.Drop(server.ID)
	if err := b.resourceDeleted(e, access.KindServer, server.ID); err != nil {
		return err
	}
	return b.log(e, OperationDelete, TargetServer, server.Host, decimal(server.ID), serverDetail(server))
}

// serverEnrolled writes no entry: an agent's coming and going is no operation on
// the resource that the log's readers know.
func (b *dnsBatch) serverEnrolled(e domain.Recorded, id int64, enrolled bool) error {
	server, err := b.servers.Find(id)
	if err != nil {
		return err
	}
	server.Enrolled, server.Changed = enrolled, e.Position
	b.servers.Put(id, server)
	return nil
}

func serverDetail(s Server) string {
	var d detail
	d.number("id", s.ID)
	d.line("主机名", s.Host)
	d.line("IP地址", s.IP)
	d.line("环境", s.Env)
	d.line("DNS类型", s.Type)
	return d.String()
}

func (b *dnsBatch) loadServers(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, InSchema(schema, loadServers), ids, func(rows pgx.Rows) error {
		var s Server
		err := rows.Scan(scanServer(&s)...)
		b.servers.Loaded(s.ID, s)
		return err
	})
}

func (b *dnsBatch) writeServers(out *pgx.Batch, schema string) {
	added, altered, dropped := b.servers.Writes()
	queueDrop(out, InSchema(schema, dropServers), dropped)
	rows := append(added, altered...)
	if len(rows) == 0 {
		return
	}
	text := func(f func(dns.ServerData) string) []string {
		return Column(rows, func(s Server) string { return f(s.ServerData) })
	}
	out.Queue(InSchema(schema, writeServers),
		Column(rows, func(s Server) int64 { return s.ID }),
		text(func(d dns.ServerData) string { return d.Host }), text(func(d dns.ServerData) string { return d.IP }),
		text(func(d dns.ServerData) string { return d.Env }), text(func(d dns.ServerData) string { return d.Type }),
		text(func(d dns.ServerData) string { return d.ZbProcessItem }), text(func(d dns.ServerData) string { return d.ZbPortItem }),
		text(func(d dns.ServerData) string { return d.ZbResolveItem }), text(func(d dns.ServerData) string { return d.ZbResolveRateID }),
		Column(rows, func(s Server) bool { return s.Enrolled }), Column(rows, func(s Server) int64 { return int64(s.Changed) }))
}
