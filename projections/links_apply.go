package projections

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

const (
	createZoneViews = `CREATE TABLE {schema}.zone_views (
		zone_id bigint NOT NULL, view_id bigint NOT NULL, link bigint NOT NULL, changed bigint NOT NULL, records bigint NOT NULL,
		PRIMARY KEY (zone_id, view_id))`

	loadZoneViews = `SELECT zone_id, view_id, link, changed, records FROM {schema}.zone_views WHERE zone_id = ANY ($1::bigint[])`

	writeZoneViews = `INSERT INTO {schema}.zone_views (zone_id, view_id, link, changed, records)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (zone_id, view_id) DO UPDATE SET link = excluded.link, changed = excluded.changed, records = excluded.records`

	dropZoneViews = `DELETE FROM {schema}.zone_views l USING unnest($1::bigint[], $2::bigint[]) AS k (zone_id, view_id)
		WHERE l.zone_id = k.zone_id AND l.view_id = k.view_id`
)

// linkKey names a zone in a view; view 0 stands for the provider of an external zone.
type linkKey struct{ zone, view int64 }

// linkRow is a row of zone_views.
type linkRow struct {
	linkKey
	// link numbers the zone's links: a view that is linked again gets a new
	// number, so that records of the old link stay dead.
	link int64
	// changed is the position of the last event that changed the zone in the view.
	changed domain.Position
	// records counts the records of the link.
	records int64
}

// link links the zone to a view, at the position of the zone's last event.
func (b *dnsBatch) link(zone *zoneRow, view int64) error {
	if _, err := b.views.Find(view); err != nil && view != 0 {
		return err
	}
	zone.links++
	key := linkKey{zone.id, view}
	b.links.Put(key, linkRow{linkKey: key, link: zone.links, changed: zone.changed})
	return nil
}

// relink brings the zone's links from one set of views to another, at a position.
// It returns how many records went with the links that are gone.
func (b *dnsBatch) relink(zone *zoneRow, from, to []int64, at domain.Position) (gone int64, err error) {
	for _, view := range from {
		if slices.Contains(to, view) {
			continue
		}
		link, err := b.linkOf(zone.id, view)
		if err != nil {
			return 0, err
		}
		b.links.Drop(link.linkKey)
		b.endedLinks = append(b.endedLinks, endedLink{zone.id, link.link, at})
		gone += link.records
	}
	for _, view := range to {
		if !slices.Contains(from, view) {
			if err := b.link(zone, view); err != nil {
				return 0, err
			}
		}
	}
	if gone > 0 {
		b.abandoned.add(zone.id)
		b.state.records -= gone
	}
	return gone, nil
}

// touchLinks marks the zone as changed in all its views.
func (b *dnsBatch) touchLinks(zone zoneRow) {
	for _, view := range linkedViews(zone.data) {
		if link, exists := b.links.Get(linkKey{zone.id, view}); exists {
			link.changed = zone.changed
			b.links.Put(link.linkKey, link)
		}
	}
}

func (b *dnsBatch) linkOf(zone, view int64) (linkRow, error) {
	link, exists := b.links.Get(linkKey{zone, view})
	if !exists {
		return link, fmt.Errorf("zone %d is not linked to view %d", zone, view)
	}
	return link, nil
}

func (b *dnsBatch) loadLinks(out *pgx.Batch, schema string, zones []int64) {
	queueLoad(out, InSchema(schema, loadZoneViews), zones, func(rows pgx.Rows) error {
		var l linkRow
		err := rows.Scan(&l.zone, &l.view, &l.link, &l.changed, &l.records)
		b.links.Loaded(l.linkKey, l)
		return err
	})
}

func (b *dnsBatch) writeLinks(out *pgx.Batch, schema string) {
	added, altered, dropped := b.links.Writes()
	if len(dropped) > 0 {
		out.Queue(InSchema(schema, dropZoneViews),
			Column(dropped, func(k linkKey) int64 { return k.zone }), Column(dropped, func(k linkKey) int64 { return k.view }))
	}
	rows := append(added, altered...)
	if len(rows) == 0 {
		return
	}
	out.Queue(InSchema(schema, writeZoneViews),
		Column(rows, func(l linkRow) int64 { return l.zone }), Column(rows, func(l linkRow) int64 { return l.view }),
		Column(rows, func(l linkRow) int64 { return l.link }), Column(rows, func(l linkRow) int64 { return int64(l.changed) }),
		Column(rows, func(l linkRow) int64 { return l.records }))
}
