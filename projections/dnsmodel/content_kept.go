package dnsmodel

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// keptRow is a record, and for one that may give the zone a PTR the name of its own zone.
type keptRow struct {
	Record
	zone, place string
}

func (k *keptRow) columns() []table.Column {
	return append(table.Of("r", k.Record.columns()),
		table.Column{Name: "r.zone_name", Place: &k.zone}, table.Column{Name: "r.at", Place: &k.place})
}

// addressesIn are the records, in the view $1, of the zones $2, whose addresses' names are from $3 until
// $4 in the order of places. Of the past they are found zone by zone.
func addressesIn(m query.Moment) string {
	columns := table.Names(table.Of("r", (&Record{}).columns()))
	rows := records.In("dns") + " r ON r.zone_id = z.id"
	if m.Past() {
		rows = "LATERAL (SELECT * FROM " + records.Where("dns", "zone_id = z.id") + " x WHERE x.zone_id = z.id OFFSET 0) r ON true"
	}
	return "SELECT " + columns + ", z.name AS zone_name, r.reverse AS at FROM " + zones.In("dns") + " z JOIN " + rows + " JOIN " + links.In("dns") +
		" l ON l.zone_id = r.zone_id AND l.view_id = r.view_id AND r.link = ANY (l.links) AND r.ends <> ALL (l.links)" +
		" WHERE r.view_id = $1 AND lower(z.name) = ANY ($2) AND z.zone_group <> 0 AND z.type = '" + dns.ZoneMaster + "'" +
		" AND r.reverse <> '' AND r.reverse >= $3 AND r.reverse < $4"
}

var keptColumns = table.Names(new(keptRow).columns())

var keptZones = "SELECT z.id, z.name FROM " + zones.In("dns") + " z WHERE lower(z.name) = ANY ($1) AND z.zone_group <> 0"

// KeptZones shows the zones whose PTRs the zone has.
func (c *Content) KeptZones(each func(id int64, name string)) error {
	var id int64
	var name string
	rows, err := query.Rows(c.ctx, c.tx, keptZones, c.Settings.KeptFrom())
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		each(id, name)
		return nil
	})
	return err
}

// placesOf are the bounds of the places of full names in a zone.
func placesOf(zone string) (from, until string) {
	from = dns.Place(dns.FoldName(zone))
	return from, from + "\x02" // behind the dot, and before any label's octet
}

// lookKept reads the PTRs that owners have of other zones.
func (c *Content) lookKept(owners []string) error {
	places := make([]string, len(owners))
	for i, owner := range owners {
		places[i] = dns.Place(dns.FullName(owner, dns.FoldName(c.Name)))
	}
	from, until := placesOf(c.Name)
	sql := "SELECT " + keptColumns + " FROM (" + addressesIn(query.MomentOf(c.ctx)) + " AND r.reverse = ANY ($5)) r ORDER BY r.id DESC"
	return visitRows(c.ctx, c.tx, sql, (*keptRow).columns, func(r keptRow) error {
		if key, ptr, is := zonedata.Kept(dns.FoldName(c.Name), r.zone, r.ID, r.RecordData); is {
			c.kept[key.Owner] = zonedata.Assemble([]zonedata.Record{ptr}) // the oldest is the last
		}
		return nil
	}, c.View, c.Settings.KeptFrom(), from, until, places)
}

// locatedWithKept goes through the zone's own records and the PTRs that it has of other zones, in the
// order of their owners, those of one owner with its own records first.
func (c *Content) locatedWithKept(each func(zonedata.Key, zonedata.Record) error) error {
	return c.walkKept(c.locating(each), each)
}

// EachKept shows the PTRs that the zone serves of other zones, with the ids of their records.
func (c *Content) EachKept(each func(zonedata.Key, zonedata.Record) error) error {
	if len(c.Settings.KeptFrom()) == 0 {
		return nil
	}
	return c.walkKept(func(Record) error { return nil }, each)
}

func (c *Content) walkKept(own func(Record) error, each func(zonedata.Key, zonedata.Record) error) error {
	ours := "SELECT " + table.Names(table.Of("r", (&Record{}).columns())) + ", '' AS zone_name, r.place AS at FROM " + records.In("dns") +
		" r WHERE r.zone_id = $5 AND r.view_id = $1 AND r.link = ANY ($6) AND r.ends <> ALL ($6)"
	kept := "SELECT " + table.Names(table.Of("r", (&Record{}).columns())) + ", r.zone_name, substr(r.at, length($3) + 2) FROM (" +
		addressesIn(query.MomentOf(c.ctx)) + ") r"
	sql := "SELECT " + keptColumns + " FROM (" + ours + " UNION ALL " + kept + `) r ORDER BY r.at COLLATE "C", r.zone_name <> '', r.type, r.id`
	from, until := placesOf(c.Name)
	last, taken := "", false
	return visitRows(c.ctx, c.tx, sql, (*keptRow).columns, func(r keptRow) error {
		if r.place != last {
			last, taken = r.place, false
		}
		if r.zone == "" {
			taken = taken || r.Type == "PTR" || r.Type == "CNAME"
			return own(r.Record)
		}
		key, ptr, is := zonedata.Kept(dns.FoldName(c.Name), r.zone, r.ID, r.RecordData)
		if taken || !is {
			return nil
		}
		taken = true
		return each(key, ptr)
	}, c.View, c.Settings.KeptFrom(), from, until, c.ZoneID, c.links)
}

// Address is a record that may give a reverse zone a PTR, with the name of its own zone.
type Address struct {
	Record
	ZoneName string
}

// Addresses lists records of zones, by name, in a view of which a reverse zone may have PTRs, by their
// addresses' names: of all of these, or of some owners of the reverse zone. Of each zone's records with one address
// they are the oldest of those apart, and the oldest of the others. Of more records than most, those of
// the first names are listed, and more says so.
func (r *Reader) Addresses(
	ctx context.Context, view int64, zones []string, reverse string, owners []string, apart []int64, most int,
) (all []Address, more bool, err error) {
	from, until := placesOf(reverse)
	places := make([]string, len(owners))
	for i, owner := range owners {
		places[i] = dns.Place(dns.FullName(owner, dns.FoldName(reverse)))
	}
	const each = "r.at, r.zone_id, r.id = ANY ($7::bigint[])"
	sql := "SELECT DISTINCT ON (" + each + ") " + keptColumns + " FROM (" + addressesIn(query.Moment{}) +
		" AND ($5 OR r.reverse = ANY ($6))) r ORDER BY " + each + ", r.id LIMIT $8"
	if apart == nil {
		apart = []int64{}
	}
	rows, err := query.All(ctx, r.pool, query.Row((*keptRow).columns), sql, view, zones, from, until, owners == nil, places, apart, most+1)
	if more = len(rows) > most; more { // the last name may not be there with all that it has
		last := rows[most].place
		rows = slices.DeleteFunc(rows, func(row keptRow) bool { return row.place == last })
	}
	for _, row := range rows {
		all = append(all, Address{Record: row.Record, ZoneName: row.zone})
	}
	return all, more, err
}

// Keeper is a reverse zone that has PTRs of other zones.
type Keeper struct {
	ID       int64
	Name     string
	Settings dns.ZoneSettings
}

var selectKeepers = "SELECT z.id, z.name, s.settings FROM dns.zone_settings s JOIN dns.zones z ON z.id = s.zone_id" +
	" WHERE s.settings->'ptr'->'from' ?| $1 AND ($2::text[] IS NULL OR lower(z.name) = ANY ($2))"

// Keepers lists the reverse zones that have PTRs of zones, which are named: those of the names that
// [dns.Reversed] returns.
func (r *Reader) Keepers(ctx context.Context, zones, reverse []string) ([]Keeper, error) {
	return query.All(ctx, r.pool, func(row pgx.CollectableRow) (k Keeper, err error) {
		return k, row.Scan(&k.ID, &k.Name, &k.Settings)
	}, selectKeepers, zones, reverse)
}

// ZoneNames are the names of zones, of those that there are.
func (r *Reader) ZoneNames(ctx context.Context, ids []int64) (map[int64]string, error) {
	names := map[int64]string{}
	_, err := query.All(ctx, r.pool, func(row pgx.CollectableRow) (id int64, err error) {
		var name string
		err = row.Scan(&id, &name)
		names[id] = name
		return id, err
	}, "SELECT id, name FROM dns.zones WHERE id = ANY ($1)", ids)
	return names, err
}
