package projections

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

const (
	createZones = `CREATE TABLE {schema}.zones (
		id bigint PRIMARY KEY, name text COLLATE "C" NOT NULL, zone_group bigint NOT NULL, type text COLLATE "C" NOT NULL,
		forwarders text[] NOT NULL, view_ids bigint[] NOT NULL, links bigint NOT NULL, changed bigint NOT NULL)`

	loadZones = `SELECT id, name, zone_group, type, forwarders, view_ids, links, changed FROM {schema}.zones WHERE id = ANY ($1::bigint[])`

	// unnest would flatten lists of lists, so forwarders and view ids come as texts.
	writeZones = `INSERT INTO {schema}.zones (id, name, zone_group, type, forwarders, view_ids, links, changed)
		SELECT n.id, n.name, n.zone_group, n.type, string_to_array(n.forwarders, ' '), string_to_array(n.view_ids, ' ')::bigint[], n.links, n.changed
		FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
			AS n (id, name, zone_group, type, forwarders, view_ids, links, changed)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, zone_group = excluded.zone_group, type = excluded.type,
			forwarders = excluded.forwarders, view_ids = excluded.view_ids, links = excluded.links, changed = excluded.changed`

	dropZones = `DELETE FROM {schema}.zones WHERE id = ANY ($1::bigint[])`
)

// zoneRow is a row of zones.
type zoneRow struct {
	id   int64
	data dns.ZoneData
	// links counts the links that the zone ever had; it numbers them.
	links   int64
	changed domain.Position
}

// linkedViews are the views that a zone in this state has links to. An external
// zone has one link, to view 0.
func linkedViews(z dns.ZoneData) []int64 {
	if z.Group.Rendered() {
		return z.ViewIDs
	}
	return []int64{0}
}

func (b *dnsBatch) zoneCreated(e domain.Recorded, event dns.ZoneCreated) error {
	zone := zoneRow{id: event.ID, data: event.Zone, changed: e.Position}
	if _, err := b.relink(&zone, nil, linkedViews(zone.data), e.Position); err != nil {
		return err
	}
	if err := b.zones.Add(zone.id, zone); err != nil {
		return err
	}
	b.resourceCreated(e, access.KindZone, zone.id, zone.data.Name, event.Privilege)
	b.state.zones++
	text, err := b.zoneDetail(zone)
	if err != nil {
		return err
	}
	return b.log(e, OperationAdd, TargetZone, zone.data.Name, decimal(zone.id), text)
}

func (b *dnsBatch) zoneUpdated(e domain.Recorded, event dns.ZoneUpdated) error {
	before, err := b.zone(event.ID, event.Before)
	if err != nil {
		return err
	}
	text, err := b.zoneDetail(before)
	if err != nil {
		return err
	}
	after := before
	after.data, after.changed = event.After, e.Position
	gone, err := b.relink(&after, linkedViews(before.data), linkedViews(after.data), e.Position)
	if err != nil {
		return err
	}
	if rendersOtherwise(before.data, after.data) {
		b.touchLinks(after)
	}
	b.zones.Put(after.id, after)
	if err := b.resourceNamed(e, access.KindZone, after.id, after.data.Name); err != nil {
		return err
	}
	if gone > 0 {
		text += removedRecords(gone)
	}
	return b.log(e, OperationChange, TargetZone, after.data.Name, decimal(after.id), beforeChange+text)
}

func (b *dnsBatch) zoneDeleted(e domain.Recorded, event dns.ZoneDeleted) error {
	zone, err := b.zone(event.ID, event.Zone)
	if err != nil {
		return err
	}
	text, err := b.zoneDetail(zone)
	if err != nil {
		return err
	}
	gone, err := b.relink(&zone, linkedViews(zone.data), nil, e.Position)
	if err != nil {
		return err
	}
	b.zones.Drop(zone.id)
	if err := b.resourceDeleted(e, access.KindZone, zone.id); err != nil {
		return err
	}
	b.state.zones--
	return b.log(e, OperationDelete, TargetZone, zone.data.Name, decimal(zone.id), text+removedRecords(gone))
}

// rendersOtherwise says whether a change concerns the zone in all its views.
func rendersOtherwise(before, after dns.ZoneData) bool {
	return before.Name != after.Name || before.Type != after.Type || !slices.Equal(before.Forwarders, after.Forwarders)
}

// zone returns the zone, which the event says was so.
func (b *dnsBatch) zone(id int64, was dns.ZoneData) (zoneRow, error) {
	zone, err := b.zones.Find(id)
	if err != nil {
		return zone, err
	}
	if is := zone.data; is.Group != was.Group || rendersOtherwise(is, was) || !slices.Equal(is.ViewIDs, was.ViewIDs) {
		return zone, fmt.Errorf("zone %d was not as the event says", id)
	}
	return zone, nil
}

func (b *dnsBatch) zoneDetail(z zoneRow) (string, error) {
	views, err := b.viewNames(z.data.ViewIDs)
	if err != nil {
		return "", err
	}
	var d detail
	d.number("id", z.id)
	d.line("Zone名称", z.data.Name)
	d.line("Zone归属", groupText(z.data.Group))
	d.line("Zone类型", z.data.Type)
	d.names("关联View", views)
	return d.String(), nil
}

// removedRecords says how many records went with a zone or its links.
func removedRecords(n int64) string { return "删除记录数: " + decimal(n) + "\n" }

func groupText(g dns.ZoneGroup) string {
	switch g {
	case dns.GroupExternal:
		return "外部域名"
	case dns.GroupInternal:
		return "内部域名"
	case dns.GroupHijack:
		return "劫持域名"
	default:
		return strconv.Itoa(int(g))
	}
}

func (b *dnsBatch) loadZones(out *pgx.Batch, schema string, ids []int64) {
	queueLoad(out, InSchema(schema, loadZones), ids, func(rows pgx.Rows) error {
		var z zoneRow
		err := rows.Scan(&z.id, &z.data.Name, &z.data.Group, &z.data.Type, &z.data.Forwarders, &z.data.ViewIDs, &z.links, &z.changed)
		b.zones.Loaded(z.id, z)
		return err
	})
}

func (b *dnsBatch) writeZones(out *pgx.Batch, schema string) {
	added, altered, dropped := b.zones.Writes()
	queueDrop(out, InSchema(schema, dropZones), dropped)
	rows := append(added, altered...)
	if len(rows) == 0 {
		return
	}
	out.Queue(InSchema(schema, writeZones),
		Column(rows, func(z zoneRow) int64 { return z.id }), Column(rows, func(z zoneRow) string { return z.data.Name }),
		Column(rows, func(z zoneRow) int64 { return int64(z.data.Group) }), Column(rows, func(z zoneRow) string { return z.data.Type }),
		Column(rows, func(z zoneRow) string { return strings.Join(z.data.Forwarders, " ") }),
		Column(rows, func(z zoneRow) string { return spaced(z.data.ViewIDs) }),
		Column(rows, func(z zoneRow) int64 { return z.links }), Column(rows, func(z zoneRow) int64 { return int64(z.changed) }))
}

// spaced writes numbers in the form that string_to_array reads.
func spaced(ids []int64) string { return strings.Join(Column(ids, decimal), " ") }
