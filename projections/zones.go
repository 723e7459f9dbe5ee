package projections

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
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
	// Name matches as a substring, without case.
	Name  string
	Group *int
	Type  string
}

// Zones lists the zones that the caller may ACCESS.
func (r *Reader) Zones(ctx context.Context, c Caller, f ZoneFilter, page Page) ([]Zone, int, error) {
	return listZones(c, f).read(ctx, r, page)
}

func listZones(c Caller, f ZoneFilter) *listing[Zone] {
	l := &listing[Zone]{
		columns: zoneColumns + ", " + zoneViewNames + ", " + targetColumns, from: "LATERAL (SELECT * FROM dns.zones z WHERE z.id = w.id OFFSET 0) z ON true" + targetJoin(access.KindZone, "z.id"),
		ids: "dns.zones t", scan: func(z *Zone) []any { return append(scanZone(z), scanTarget(&z.Target)...) },
	}
	equal(&l.query, "t.id", f.ID)
	l.containsFolded("t.name", f.Name)
	if f.Group != nil {
		l.where("t.zone_group = ?", int64(*f.Group))
	}
	l.exact("t.type", f.Type)
	restrict(l, c, access.KindZone, "dns.zones", "SELECT zones FROM dns.state")
	return l
}

// Zone returns one zone, or [ErrNotFound].
func (r *Reader) Zone(ctx context.Context, id int64) (Zone, error) {
	return first(r.Zones(ctx, System(), ZoneFilter{ID: &id}, Page{Number: 1, Size: 1}))
}

const (
	zoneColumns   = `z.id, z.name, z.zone_group, z.type, z.forwarders, z.view_ids, z.changed`
	zoneViewNames = `ARRAY(SELECT v.name FROM unnest(z.view_ids) WITH ORDINALITY AS u (id, place) JOIN dns.views v ON v.id = u.id ORDER BY u.place) AS view_names`
)

func scanZone(z *Zone) []any {
	return []any{&z.ID, &z.Name, &z.Group, &z.Type, &z.Forwarders, &z.ViewIDs, &z.Changed, &z.ViewNames}
}
