package projections

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// Server is a name server.
type Server struct {
	ID int64
	dns.ServerData
	// Enrolled says whether the server has an agent.
	Enrolled bool
	// Target is the server as rights see it; lists and Reader.Server fill it in.
	Target access.Target
	// Changed is the position of the server's last event.
	Changed domain.Position
}

// ServerFilter restricts a list of servers; what is nil or empty does not.
type ServerFilter struct {
	ID *int64
	// Host, IP and Env match as substrings; host and IP without case.
	Host, IP, Env string
	Type          string
}

// Servers lists the name servers that the caller may ACCESS.
func (r *Reader) Servers(ctx context.Context, c Caller, f ServerFilter, page Page) ([]Server, int, error) {
	l := listServers()
	equal(&l.query, "t.id", f.ID)
	l.containsFolded("t.host", f.Host)
	l.containsFolded("t.ip", f.IP)
	l.contains("t.env", f.Env)
	l.exact("t.type", f.Type)
	restrict(l, c, access.KindServer, "dns.servers", "")
	return l.read(ctx, r, page)
}

// Server returns one name server, or [ErrNotFound].
func (r *Reader) Server(ctx context.Context, id int64) (Server, error) {
	return first(r.Servers(ctx, System(), ServerFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

// EnrolledServers returns all name servers that have an agent, newest first. It
// reads the dns context alone and leaves Target empty.
func (r *Reader) EnrolledServers(ctx context.Context) ([]Server, error) {
	l := &listing[Server]{columns: serverColumns, from: "dns.servers s USING (id)", ids: "dns.servers t", scan: scanServer}
	l.where("t.enrolled = ?", true)
	list, _, err := l.read(ctx, r, everything)
	return list, err
}

const serverColumns = `s.id, s.host, s.ip, s.env, s.type, s.zb_process, s.zb_port, s.zb_resolve, s.zb_resolve_rate, s.enrolled, s.changed`

func listServers() *listing[Server] {
	return &listing[Server]{
		columns: serverColumns + ", " + targetColumns, from: "dns.servers s USING (id)" + targetJoin(access.KindServer, "s.id"), ids: "dns.servers t",
		scan: func(s *Server) []any { return append(scanServer(s), scanTarget(&s.Target)...) },
	}
}

func scanServer(s *Server) []any {
	d := &s.ServerData
	return []any{&s.ID, &d.Host, &d.IP, &d.Env, &d.Type, &d.ZbProcessItem, &d.ZbPortItem, &d.ZbResolveItem, &d.ZbResolveRateID, &s.Enrolled, &s.Changed}
}
