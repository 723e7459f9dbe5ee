package dnsmodel

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// Drift is a finding on a name server.
type Drift struct {
	// Position is that of the event that tells of it.
	Position domain.Position
	Time     time.Time
	dns.DriftFound
	// Server and View are their names at that time.
	Server, View string
}

func (d *Drift) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &d.Position),
		table.Col("at", table.Time, &d.Time),
		table.Col("server_id", table.Number, &d.ServerID),
		table.Col("server", table.Bytewise, &d.Server),
		table.Col("zone_id", table.Number, &d.ZoneID),
		table.Col("zone", table.Bytewise, &d.Zone),
		table.Col("view_id", table.Number, &d.ViewID),
		table.Col("view", table.Bytewise, &d.View),
		table.Col("what", table.Bytewise, &d.What),
		table.Col("expected", table.Text, &d.Expected),
		table.Col("found", table.Text, &d.Found),
		table.Col("done", table.Bytewise, &d.Done),
		table.Col("reason", table.Text, &d.Reason),
		table.Col("by", table.Text, &d.By),
		table.Col("adopted", table.Number, &d.Adopted),
		table.Col("zones", table.Number, &d.Zones),
	}
}

// drifts only grows, so that what was known at a position are the rows up to it.
var drifts = table.Table[Drift]{Name: "drift", Key: "id", Columns: (*Drift).columns, Indexes: []string{
	"CREATE INDEX ON {schema}.drift (server_id, id)",
	"CREATE INDEX ON {schema}.drift (zone_id, id) WHERE zone_id <> 0",
}}

// DriftCount is how much drift there was on a server.
type DriftCount struct {
	ServerID        int64
	Found, Repaired int64
	// Last is when the last of it was found.
	Last time.Time
}

func (c *DriftCount) columns() []table.Column {
	return []table.Column{
		table.Col("server_id", table.Number, &c.ServerID),
		table.Col("found", table.Tally, &c.Found),
		table.Col("repaired", table.Tally, &c.Repaired),
		table.Col("last", table.Time, &c.Last),
	}
}

var driftCounts = table.Table[DriftCount]{Name: "drift_counts", Key: "server_id", Columns: (*DriftCount).columns}

// driftFound keeps what names were at that time.
func (b *batch) driftFound(e domain.Recorded, event dns.DriftFound) error {
	server, err := b.servers.Find(event.ServerID)
	if err != nil {
		return err
	}
	found := Drift{Position: e.Position, Time: e.At, DriftFound: event, Server: server.Host}
	if view, exists := b.views.Get(event.ViewID); exists {
		found.View = view.Name
	}
	b.drifts = append(b.drifts, found)
	target := serverTarget(server)
	if event.ZoneID != 0 {
		zone, err := b.zones.Find(event.ZoneID)
		if err != nil {
			return err
		}
		target = zoneTarget(zone)
	}
	return b.log(e, oplog.OperationChange, target, oplog.Changed(driftDetail(found, event.Expected), driftDetail(found, event.Found)))
}

func driftDetail(d Drift, has string) *oplog.Detail {
	text := oplog.NewDetail()
	text.Line("漂移", string(d.What))
	text.Line("Server", d.Server)
	if d.View != "" {
		text.Line("View", d.View)
	}
	text.Line("内容", has)
	text.Line("漂移处理", string(d.Done))
	return text
}

// writeDrift stores the findings, and counts them.
func (b *batch) writeDrift(ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string) error {
	counts := map[int64]DriftCount{}
	for _, d := range b.drifts {
		c := counts[d.ServerID]
		c.ServerID, c.Last, c.Found = d.ServerID, d.Time, c.Found+1
		if d.Done == dns.DriftRepaired {
			c.Repaired++
		}
		counts[d.ServerID] = c
	}
	var rows []DriftCount
	for _, c := range counts {
		rows = append(rows, c)
	}
	driftCounts.Put(out, schema, rows)
	return drifts.Insert(ctx, tx, out, schema, b.drifts)
}

// DriftFilter restricts a list of findings; what is nil or empty does not.
type DriftFilter struct {
	ServerID, ZoneID *int64
	What, Done       string
	// ViewID lets through those of one view alone.
	ViewID int64
}

// Drift lists the findings before a position, the newest first: those on servers and zones that the
// caller sees, see [access.Actor.Sees].
func (r *Reader) Drift(ctx context.Context, c rights.Caller, f DriftFilter, before int64, limit int) ([]Drift, error) {
	at := query.MomentOf(ctx)
	l := &query.List[Drift]{
		Columns: func(d *Drift) []table.Column { return table.Of("d", d.columns()) },
		From:    "dns.drift d USING (id)", IDs: "dns.drift t",
	}
	query.Equal(&l.Conditions, "t.server_id", f.ServerID)
	query.Equal(&l.Conditions, "t.zone_id", f.ZoneID)
	l.Exact("t.what", f.What)
	l.Exact("t.done", f.Done)
	if f.ViewID != 0 {
		l.Where("t.view_id = ?", f.ViewID)
	}
	if at.Past() {
		l.Where("t.id <= ?", int64(at.Position()))
	}
	if !c.SeesAll() {
		of := c.Of(&l.Conditions)
		l.And("t.server_id IN (" + of.Seen(access.KindServer) + ") AND (t.zone_id = 0 OR t.zone_id IN (" + of.Seen(access.KindZone) + "))")
	}
	return l.Before(ctx, r.pool, before, limit)
}

var selectDriftCount = "SELECT " + table.NamesOf("c", (*DriftCount).columns) + " FROM dns.drift_counts c WHERE c.server_id = $1"

// DriftCount returns how much drift there was on a server.
func (r *Reader) DriftCount(ctx context.Context, server int64) (DriftCount, error) {
	c, err := query.Only(ctx, r.pool, query.Row((*DriftCount).columns), selectDriftCount, server)
	if errors.Is(err, query.ErrNotFound) {
		return DriftCount{ServerID: server}, nil
	}
	return c, err
}
