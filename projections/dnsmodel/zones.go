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

// Zone is a zone without its records.
type Zone struct {
	ID int64
	dns.ZoneData
	// ViewNames are the current names of the linked views, in the order of ViewIDs.
	ViewNames []string
	// Target is the zone as rights see it; lists and Reader.Zone fill it in.
	Target access.Target
	// Changed is the position of the zone's last event; it does not move with the records.
	Changed domain.Position
}

// ZoneFilter restricts a list of zones; what is nil or empty does not.
type ZoneFilter struct {
	ID *int64
	// Name matches as a substring, without case: of the name as it is kept or as it is typed.
	Name  string
	Group *int
	Type  string
}

func (z *Zone) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &z.ID),
		table.Col("name", table.Bytewise, &z.Name),
		table.Col("zone_group", table.Number, &z.Group),
		table.Col("type", table.Bytewise, &z.Type),
		table.Col("forwarders", table.Words, &z.Forwarders),
		table.Col("view_ids", table.Numbers, &z.ViewIDs),
		table.Col("changed", table.Number, &z.Changed),
	}
}

// listed are the columns of the row z, with those of the zone's views.
func (z *Zone) listed() []table.Column {
	return append(table.Of("z", z.columns()), table.Column{Name: zoneViewNames, Place: &z.ViewNames})
}

// shown are those of listed, with what rights on the zone follow from.
func (z *Zone) shown() []table.Column { return append(z.listed(), rights.TargetColumns(&z.Target)...) }

// shownThen are those of shown in the past. By the name that the zone had it is in the bounds of
// a credential, or not.
func (z *Zone) shownThen() []table.Column {
	return append(z.shown(), table.Column{Name: "z.name", Place: &z.Target.Name})
}

var zoneViewNames = `ARRAY(SELECT v.name FROM unnest(z.view_ids) WITH ORDINALITY AS u (id, place)
	JOIN ` + namesOfViews + ` v ON v.id = u.id ORDER BY u.place)`

// namesOfZones are the zones by their names.
var namesOfZones = table.At("dns.zones", "id, name")

// namesOfViews are the views by their names.
var namesOfViews = table.At("dns.views", "id, name")

// zoneRow is a row of zones.
type zoneRow struct {
	Zone
	// links counts the links that the zone ever had; it numbers them.
	links int64
	// typed is the zone's [dns.TypedName].
	typed string
}

var zones = table.Keeping(table.Table[zoneRow]{Name: "zones", Key: "id", Columns: func(z *zoneRow) []table.Column {
	return append(z.columns(), table.Col("links", table.Number, &z.links), table.Col("typed", table.Bytewise, &z.typed))
}}).ListedWhole()

// sameZone says that what is numbered for a zone is no other state of it.
func sameZone(was, is zoneRow) bool { return was.Changed == is.Changed }

// Zones lists the zones that the caller may ACCESS.
func (r *Reader) Zones(ctx context.Context, c rights.Caller, f ZoneFilter, page query.Page) ([]Zone, int, error) {
	return listZones(query.MomentOf(ctx), c, f).Read(ctx, r.pool, page)
}

func listZones(at query.Moment, c rights.Caller, f ZoneFilter) *query.List[Zone] {
	l := &query.List[Zone]{
		At:      at,
		Columns: (*Zone).shown,
		From: "LATERAL (SELECT * FROM " + zones.In("dns") + " z WHERE z.id = w.id OFFSET 0) z ON true" +
			rights.JoinTarget(access.KindZone, "z.id"),
		IDs: zones.In("dns") + " t",
	}
	if at.Past() {
		l.Columns = (*Zone).shownThen
	}
	query.Equal(&l.Conditions, "t.id", f.ID)
	l.ContainsName("t.name", "t.typed", f.Name, dns.MapTyped)
	if f.Group != nil {
		l.Where("t.zone_group = ?", int64(*f.Group))
	}
	l.Exact("t.type", f.Type)
	bounded := c.BoundZones(&l.Conditions, "t.name")
	rights.Restrict(l, c, access.KindZone, "SELECT zones FROM dns.state")
	if bounded {
		l.Total = ""
	}
	return l
}

// Zone returns one zone, or [query.ErrNotFound].
func (r *Reader) Zone(ctx context.Context, id int64) (Zone, error) {
	return query.First(r.Zones(ctx, rights.System(), ZoneFilter{ID: &id}, query.One()))
}
