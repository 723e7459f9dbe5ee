package dnsmodel

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// ServedFilter restricts a list of zones that name servers serve records of.
type ServedFilter struct {
	// Name is that of the only zone that is wanted, whatever its views; empty stands for all.
	Name string
	// View is the one that the zones are linked to; 0 stands for zones with one view, whichever.
	View int64
}

// ServedZones lists zones of which name servers serve records, and that the caller may ACCESS: the
// newest with ids below a number, so many at most.
func (r *Reader) ServedZones(ctx context.Context, c rights.Caller, f ServedFilter, before int64, limit int) ([]Zone, error) {
	l := listZones(query.MomentOf(ctx), c, ZoneFilter{Type: dns.ZoneMaster})
	l.Where("t.zone_group <> ?", int64(dns.GroupExternal))
	switch {
	case f.Name != "":
		l.Where("lower(t.name) = ?", dns.FoldName(f.Name))
	case f.View != 0:
		l.Where("t.view_ids @> ARRAY[?::bigint]", f.View)
	default:
		l.And("cardinality(t.view_ids) = 1")
	}
	return l.Before(ctx, r.pool, before, limit)
}

// ServedIn is a zone in a view.
type ServedIn struct {
	Zone int64
	Name string
	View int64
}

// servedSerial is what the serial of a zone in a view follows from, and what its generated records do.
type servedSerial struct {
	ServedIn
	changed domain.Position
	base    dns.SerialBase
	own     zonedata.Records
}

// position is that of the last event that changed what the zone serves. The TTL of what is generated
// does not matter to it.
func (s *servedSerial) position(moved dns.FleetChanges, fleet dns.Fleet) domain.Position {
	all := moved.Position(s.changed, true, true)
	if moved.Position(s.changed, false, false) == all {
		return all
	}
	g := zonedata.Generate(zonedata.Absolute(s.Name), fleet, 0, s.own.Lookup)
	return moved.Position(s.changed, g.FleetNames, g.FleetAddresses)
}

const wantedPlaces = ` FROM unnest($1::bigint[], $2::bigint[]) AS w (zone_id, view_id)`

var (
	fromServed = wantedPlaces + ` JOIN ` + zones.In("dns") + ` z ON z.id = w.zone_id
		JOIN ` + links.In("dns") + ` l ON l.zone_id = z.id AND l.view_id = w.view_id JOIN ` + views.In("dns") + ` v ON v.id = l.view_id
		LEFT JOIN ` + bases.In("dns") + ` b ON b.zone = lower(z.name) AND b.view = v.name`

	// A look at a few names of many zones reads all records of these: no index has names.
	recordsOfServed = "SELECT " + table.Names((&Record{}).shown()) + wantedPlaces +
		" JOIN " + links.In("dns") + " l ON l.zone_id = w.zone_id AND l.view_id = w.view_id" +
		" JOIN " + records.In("dns") + " r ON r.zone_id = l.zone_id AND r.view_id = l.view_id" +
		" AND r.link = ANY (l.links) AND r.ends <> ALL (l.links)" +
		" LEFT JOIN " + namesOfViews + " v ON v.id = r.view_id WHERE r.place = ANY ($3)"
)

// SerialsOf returns the serials of zones in views, 0 for what is not served.
func (r *Reader) SerialsOf(ctx context.Context, wanted []ServedIn) (map[ServedIn]uint32, error) {
	serials, err := r.servedSerials(ctx, wanted)
	if err != nil {
		return nil, err
	}
	f, err := r.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	fleet, err := r.ResolvedFleet(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.lookAtNameServers(ctx, serials, f.Moved, fleet); err != nil {
		return nil, err
	}
	found := make(map[ServedIn]uint32, len(serials))
	for at, s := range serials {
		found[at] = s.base.Serial(s.position(f.Moved, fleet))
	}
	return found, nil
}

func (r *Reader) servedSerials(ctx context.Context, wanted []ServedIn) (map[ServedIn]*servedSerial, error) {
	zoneIDs, viewIDs := idsOf(wanted)
	changed, position := changedAt(query.MomentOf(ctx))
	names := make(map[linkKey]ServedIn, len(wanted))
	for _, at := range wanted {
		names[linkKey{at.Zone, at.View}] = at
	}
	found := map[ServedIn]*servedSerial{}
	_, err := query.All(ctx, r.pool, func(row pgx.CollectableRow) (struct{}, error) {
		s, key := servedSerial{own: zonedata.Records{}}, linkKey{}
		err := row.Scan(&key.zone, &key.view, &s.changed, &s.base)
		s.ServedIn = names[key]
		found[s.ServedIn] = &s
		return struct{}{}, err
	}, "SELECT l.zone_id, l.view_id, "+changed+", coalesce(b.base, 0)"+fromServed, append([]any{zoneIDs, viewIDs}, position...)...)
	return found, err
}

func idsOf(wanted []ServedIn) (zoneIDs, viewIDs []int64) {
	for _, at := range wanted {
		zoneIDs, viewIDs = append(zoneIDs, at.Zone), append(viewIDs, at.View)
	}
	return zoneIDs, viewIDs
}

// lookAtNameServers reads the records on which it depends what is generated, of the zones whose serial
// depends on that: first those at the names that are looked at in most zones, then all others.
func (r *Reader) lookAtNameServers(ctx context.Context, serials map[ServedIn]*servedSerial, moved dns.FleetChanges, fleet dns.Fleet) error {
	var wanted []ServedIn
	for at, s := range serials {
		if moved.Position(s.changed, true, true) != moved.Position(s.changed, false, false) {
			wanted = append(wanted, at)
		}
	}
	known := map[string]bool{}
	for _, owner := range zonedata.Asked(".", dns.Fleet{}, nil) {
		known[owner] = true
	}
	if err := r.readOwners(ctx, serials, wanted, known); err != nil {
		return err
	}
	var inside []ServedIn
	more := map[string]bool{}
	for _, at := range wanted {
		looks := false
		for _, owner := range zonedata.Asked(zonedata.Absolute(at.Name), fleet, serials[at].own.Lookup(zonedata.ApexNS)) {
			if !known[owner] {
				more[owner], looks = true, true
			}
		}
		if looks {
			inside = append(inside, at)
		}
	}
	return r.readOwners(ctx, serials, inside, more)
}

func (r *Reader) readOwners(ctx context.Context, serials map[ServedIn]*servedSerial, of []ServedIn, owners map[string]bool) error {
	if len(of) == 0 || len(owners) == 0 {
		return nil
	}
	var places []string
	for owner := range owners {
		places = append(places, dns.Place(owner))
	}
	names := make(map[linkKey]*servedSerial, len(of))
	for _, at := range of {
		names[linkKey{at.Zone, at.View}] = serials[at]
	}
	zoneIDs, viewIDs := idsOf(of)
	rows, err := query.All(ctx, r.pool, query.Row((*Record).shown), recordsOfServed, zoneIDs, viewIDs, places)
	for _, row := range rows {
		s := names[linkKey{row.ZoneID, row.ViewID}]
		if s == nil {
			continue
		}
		key, data, err := zonedata.Locate(dns.FoldName(s.Name), row.RecordData)
		if err != nil {
			return err
		}
		s.own[key] = append(s.own[key], zonedata.Record{ID: row.ID, TTL: row.TTL, Data: data})
	}
	return err
}
