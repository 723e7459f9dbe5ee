package dnsmodel

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// Content is what a zone serves in a view, see [Reader.Content]. Its records are read when they
// are asked for, and are all of one position.
type Content struct {
	zonedata.Zone
	// ZoneID and View are those that were asked for, ViewName is the view's name at the moment.
	ZoneID, View int64
	ViewName     string
	// Records is how many records of the log the zone has in the view. It is known of the
	// present alone, as is Written.
	Records int64
	// Written is the position of the last event that changed one of them, or the zone, served or not.
	Written domain.Position

	ctx   context.Context
	tx    pgx.Tx
	links []int64
	// known are the records at the owners that were looked up.
	known  zonedata.Records
	looked map[string]bool
	// kept are the PTRs that other zones' records give these owners, whatever stands in their place.
	kept map[string]*zonedata.RRset
	err  error
}

// contentHead is a row of what a zone's content follows from beside records.
type contentHead struct {
	name, view       string
	settings         dns.ZoneSettings
	links            []int64
	records, changed int64
	written          domain.Position
	base             dns.SerialBase
}

func (h *contentHead) columns(changed string) []table.Column {
	return []table.Column{
		{Name: "z.name", Place: &h.name}, {Name: "v.name", Place: &h.view}, {Name: "coalesce(s.settings, '{}')", Place: &h.settings},
		{Name: "l.links", Place: &h.links}, {Name: "l.written", Place: &h.written},
		{Name: "l.records", Place: &h.records}, {Name: changed, Place: &h.changed},
		{Name: "coalesce(b.base, 0)", Place: &h.base},
	}
}

var (
	fromContent = ` FROM ` + zones.In("dns") + ` z
		JOIN ` + links.In("dns") + ` l ON l.zone_id = z.id JOIN ` + views.In("dns") + ` v ON v.id = l.view_id
		LEFT JOIN ` + zoneSettings.In("dns") + ` s ON s.zone_id = z.id
		LEFT JOIN ` + bases.In("dns") + ` b ON b.zone = lower(z.name) AND b.view = v.name WHERE z.id = $1 AND l.view_id = $2`

	contentRecords = "SELECT " + table.Names((&Record{}).shown()) + " FROM " + records.In("dns") + " r" +
		" LEFT JOIN " + namesOfViews + " v ON v.id = r.view_id" + ofContent
	servedRecords = "SELECT " + table.Names((&Record{}).served()) + " FROM " + records.In("dns") + " r" + ofContent
)

const (
	// A view's records are those of the links that the zone has to it.
	ofContent = " WHERE r.zone_id = $1 AND r.view_id = $2 AND r.link = ANY ($3) AND r.ends <> ALL ($3)"

	inOrder  = " ORDER BY r.place, r.type"
	atPlaces = " AND r.place = ANY ($4)"
)

// Content has f read what a zone of a group that name servers serve, and that has records,
// serves in a view that the zone is linked to, at the moment of the context; for any other the error is [query.ErrNotFound].
// One read transaction is held meanwhile, and one row in memory. What f has read is worth
// nothing after an error, [ErrReplaced] among them.
func (r *Reader) Content(ctx context.Context, zone, view int64, f func(*Content) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, r.pool, options, func(tx pgx.Tx) error {
		c := &Content{ZoneID: zone, View: view, ctx: ctx, tx: tx, known: zonedata.Records{}, looked: map[string]bool{}, kept: map[string]*zonedata.RRset{}}
		before, err := c.open()
		if err != nil {
			return err
		}
		var after int64
		if err := errors.Join(f(c), c.err); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, snapshotTables).Scan(&after); err != nil {
			return err
		}
		if before != after {
			return ErrReplaced
		}
		return nil
	})
}

// open reads all but the records, and those that generated ones depend on: in one round trip, since a
// question, or an IXFR, costs hardly more than that. It returns which tables it has read.
func (c *Content) open() (tables int64, err error) {
	var h contentHead
	var fleet Fleet
	var all []dns.FleetServer
	out := &pgx.Batch{}
	out.Queue("SELECT set_config('jit', 'off', true)")
	out.Queue(snapshotTables).QueryRow(func(row pgx.Row) error { return row.Scan(&tables) })
	changed, position := changedAt(query.MomentOf(c.ctx))
	columns := h.columns(changed)
	c.only(out, "SELECT "+table.Names(columns)+fromContent, columns, append([]any{c.ZoneID, c.View}, position...)...)
	c.only(out, selectFleet, fleet.columns())
	sql, args := query.MomentOf(c.ctx).Of(snapshotServers)
	out.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		return eachRow(rows, (*Server).columns, func(s Server) error {
			all = append(all, s.InFleet())
			return nil
		})
	})
	if err := c.tx.SendBatch(c.ctx, out).Close(); err != nil {
		return 0, err
	}
	c.ViewName, c.Records, c.links, c.Written = h.view, h.records, h.links, h.written
	c.Name, c.Settings, c.Fleet = zonedata.Absolute(h.name), h.settings, dns.ResolveFleet(fleet.FleetData, all)
	if err := c.Look(zonedata.Asked(c.Name, c.Fleet, c.Own(zonedata.ApexNS))...); err != nil {
		return 0, err
	}
	c.Generated = zonedata.Generate(c.Name, c.Fleet, c.Settings.TTL(), c.Own)
	c.Position = fleet.Moved.Position(domain.Position(h.changed), c.FleetNames, c.FleetAddresses)
	c.Serial = h.base.Serial(c.Position)
	return tables, c.err
}

// only reads the only row of a statement of the batch; the error of the batch is [query.ErrNotFound] if
// there is none.
func (c *Content) only(out *pgx.Batch, sql string, columns []table.Column, args ...any) {
	sql, args = query.MomentOf(c.ctx).Of(sql, args...)
	out.Queue(sql, args...).QueryRow(func(row pgx.Row) error {
		err := row.Scan(table.Places(columns)...)
		if errors.Is(err, pgx.ErrNoRows) {
			return query.ErrNotFound
		}
		return err
	})
}

// All goes through the records of the log in canonical order: by owner (RFC 4034, section 6.1),
// and then by the text of their type.
func (c *Content) All(each func(Record) error) error {
	return visitRows(c.ctx, c.tx, contentRecords+inOrder, (*Record).shown, each, c.ZoneID, c.View, c.links)
}

// AllAt is [Content.All] of one owner.
func (c *Content) AllAt(owner string, each func(Record) error) error {
	return visitRows(c.ctx, c.tx, contentRecords+atPlaces+inOrder, (*Record).shown, each, c.ZoneID, c.View, c.links, []string{dns.Place(owner)})
}

// Located is [Content.All] with each record's RRset, and its data in canonical wire form, and with
// the PTRs that the zone has of other zones. Nothing else of the records is read.
func (c *Content) Located(each func(zonedata.Key, zonedata.Record) error) error {
	if len(c.Settings.KeptFrom()) > 0 {
		return c.locatedWithKept(each)
	}
	return visitRows(c.ctx, c.tx, servedRecords+inOrder, (*Record).served, c.locating(each), c.ZoneID, c.View, c.links)
}

// Served is an RRset as it is served.
func (c *Content) Served(key zonedata.Key) *zonedata.RRset {
	set := c.Set(key, c.Own)
	if set != nil || key.Type != mdns.TypePTR || c.Own(zonedata.Key{Owner: key.Owner, Type: mdns.TypeCNAME}) != nil {
		return set
	}
	return c.kept[key.Owner]
}

// locating locates records before it shows them.
func (c *Content) locating(each func(zonedata.Key, zonedata.Record) error) func(Record) error {
	zone := dns.FoldName(c.Name)
	return func(r Record) error {
		key, data, err := zonedata.Locate(zone, r.RecordData)
		if err != nil {
			return fmt.Errorf("record %d: %w", r.ID, err)
		}
		return each(key, zonedata.Record{ID: r.ID, TTL: r.TTL, Data: data})
	}
}

// Kept are the PTRs that other zones' records give owners, whatever stands in their place.
func (c *Content) Kept(owners ...string) (map[string]*zonedata.RRset, error) {
	err := c.Look(owners...)
	return c.kept, err
}

// Own is a [zonedata.Lookup] of the zone's own records.
func (c *Content) Own(key zonedata.Key) *zonedata.RRset { return zonedata.Assemble(c.At(key)) }

// At returns the zone's own records of an RRset. It reads what was not looked up yet; the error
// of that is [Reader.Content]'s.
func (c *Content) At(key zonedata.Key) []zonedata.Record {
	if !c.looked[key.Owner] && c.err == nil {
		c.err = c.Look(key.Owner)
	}
	return c.known[key]
}

// Look reads the records at some owners.
func (c *Content) Look(owners ...string) error {
	var places []string
	for _, owner := range owners {
		if !c.looked[owner] {
			c.looked[owner] = true
			places = append(places, dns.Place(owner))
		}
	}
	if len(places) == 0 {
		return nil
	}
	err := visitRows(c.ctx, c.tx, servedRecords+atPlaces, (*Record).served, c.locating(func(key zonedata.Key, r zonedata.Record) error {
		c.known[key] = append(c.known[key], r)
		return nil
	}), c.ZoneID, c.View, c.links, places)
	if err != nil || len(c.Settings.KeptFrom()) == 0 {
		return err
	}
	return c.lookKept(owners)
}
