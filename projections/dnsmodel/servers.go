package dnsmodel

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// Server is a name server.
type Server struct {
	ID int64
	dns.ServerData
	// Enrolled says whether the server has an agent, and Serves whether it has served all of the
	// log since it got that.
	Enrolled, Serves bool
	// Target is the server as rights see it; lists and Reader.Server fill it in.
	Target access.Target
	// Changed is the position of the server's last event.
	Changed domain.Position
}

// InFleet is the server as the fleet's addresses follow from it.
func (s *Server) InFleet() dns.FleetServer {
	return dns.FleetServer{ServerData: s.ServerData, Enrolled: s.Enrolled, Serves: s.Serves}
}

// ServerFilter restricts a list of servers; what is nil or empty does not.
type ServerFilter struct {
	ID *int64
	// Host, IP and Env match as substrings; host and IP without case.
	Host, IP, Env string
	Type          string
}

func (s *Server) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &s.ID),
		table.Col("host", table.Bytewise, &s.Host),
		table.Col("ip", table.Bytewise, &s.IP),
		table.Col("env", table.Bytewise, &s.Env),
		table.Col("type", table.Bytewise, &s.Type),
		table.Col("zb_process", table.Text, &s.ZbProcessItem),
		table.Col("zb_port", table.Text, &s.ZbPortItem),
		table.Col("zb_resolve", table.Text, &s.ZbResolveItem),
		table.Col("zb_resolve_rate", table.Text, &s.ZbResolveRateID),
		table.Col("enrolled", table.Flag, &s.Enrolled),
		table.Col("serves", table.Flag, &s.Serves),
		table.Col("changed", table.Number, &s.Changed),
	}
}

var servers = table.Keeping(table.Table[Server]{Name: "servers", Key: "id", Columns: (*Server).columns}).ListedWhole()

func listServers(at query.Moment) *query.List[Server] {
	return &query.List[Server]{
		At: at,
		Columns: func(s *Server) []table.Column {
			return append(table.Of("s", s.columns()), rights.TargetColumns(&s.Target)...)
		},
		From: servers.In("dns") + " s USING (id)" + rights.JoinTarget(access.KindServer, "s.id"), IDs: servers.In("dns") + " t",
	}
}

// Servers lists the name servers that the caller may ACCESS.
func (r *Reader) Servers(ctx context.Context, c rights.Caller, f ServerFilter, page query.Page) ([]Server, int, error) {
	l := listServers(query.MomentOf(ctx))
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.ContainsFolded("t.host", f.Host)
	l.ContainsFolded("t.ip", f.IP)
	l.Contains("t.env", f.Env)
	l.Exact("t.type", f.Type)
	rights.Restrict(l, c, access.KindServer, "")
	return l.Read(ctx, r.pool, page)
}

// Server returns one name server, or [query.ErrNotFound].
func (r *Reader) Server(ctx context.Context, id int64) (Server, error) {
	return query.First(r.Servers(ctx, rights.System(), ServerFilter{ID: &id}, query.One()))
}

// EnrolledServers returns all name servers that have an agent, newest first. It
// reads the dns context alone and leaves Target empty.
func (r *Reader) EnrolledServers(ctx context.Context) ([]Server, error) {
	return query.All(ctx, r.pool, query.Row((*Server).columns), enrolledServers)
}

// ServerNames returns host name and environment of all name servers.
func (r *Reader) ServerNames(ctx context.Context) ([]dns.ServerData, error) {
	names := func(s *dns.ServerData) []table.Column {
		return []table.Column{{Name: "s.host", Place: &s.Host}, {Name: "s.env", Place: &s.Env}}
	}
	return query.All(ctx, r.pool, query.Row(names), "SELECT s.host, s.env FROM dns.servers s")
}

var enrolledServers = "SELECT " + table.NamesOf("s", (*Server).columns) + " FROM dns.servers s WHERE s.enrolled ORDER BY s.id DESC"
