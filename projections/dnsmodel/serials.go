package dnsmodel

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// baseRow is a row of serial_bases. Rows outlive the zones and views of their names.
type baseRow struct {
	dns.SerialName
	base dns.SerialBase
}

var bases = table.Keeping(table.Table[baseRow]{Name: "serial_bases", Key: "zone, view", Columns: (*baseRow).columns})

func (r *baseRow) columns() []table.Column {
	return []table.Column{
		table.Col("zone", table.Bytewise, &r.Zone),
		table.Col("view", table.Bytewise, &r.View),
		table.Col("base", table.Number, &r.base),
	}
}

// raiseSerials lifts the bases of a zone name.
func (b *batch) raiseSerials(r dns.SerialRaise, at domain.Position) error {
	views, err := b.viewNames(r.Views)
	if err != nil {
		return err
	}
	all := b.serialBases()
	all.Raise(r, views, at)
	b.putBases(all)
	return nil
}

// moveBases lets the zones of a view go on under its next name.
func (b *batch) moveBases(before, after string, at domain.Position) {
	all := b.serialBases()
	all.Rename(before, after, at)
	b.putBases(all)
}

// serialBases are the bases that the batch has loaded.
func (b *batch) serialBases() dns.SerialBases {
	all := dns.SerialBases{}
	for row := range b.bases.All() {
		all[row.SerialName] = row.base
	}
	return all
}

func (b *batch) putBases(all dns.SerialBases) {
	for name, base := range all {
		if row, exists := b.bases.Get(name); !exists || row.base != base {
			b.bases.Put(baseRow{SerialName: name, base: base})
		}
	}
}

// ofSerials is what the serials of a zone's links follow from.
const ofSerials = ` FROM dns.zone_views l JOIN dns.zones z ON z.id = l.zone_id JOIN dns.views v ON v.id = l.view_id CROSS JOIN dns.fleet f
	LEFT JOIN dns.serial_bases b ON b.zone = lower(z.name) AND b.view = v.name WHERE l.zone_id = $1`

// presentSerials reads, for each view of a zone, what its serial follows from. What the fleet
// adds to the zone is left out.
const presentSerials = `SELECT greatest(` + linkChanged + `, f.zones_changed), coalesce(b.base, 0)` + ofSerials + ` ORDER BY l.view_id`

// Serials returns the serials that a zone has in its views, in the order of their ids, or
// somewhat less: what the fleet adds to a zone may have changed since.
func (r *Reader) Serials(ctx context.Context, zone int64) ([]uint32, error) {
	return query.All(ctx, r.pool, func(row pgx.CollectableRow) (uint32, error) {
		var changed domain.Position
		var base dns.SerialBase
		err := row.Scan(&changed, &base)
		return base.Serial(changed), err
	}, presentSerials, zone)
}

// presentSerial reads what the serial of a zone in a view follows from.
const presentSerial = `SELECT ` + linkChanged + `, coalesce(b.base, 0), f.zones_changed, f.names_changed, f.addresses_changed` +
	ofSerials + ` AND l.view_id = $2`

// Serial returns the serial that a zone has in a view, whose content may depend on the fleet's
// names and addresses, or [query.ErrNotFound].
func (r *Reader) Serial(ctx context.Context, zone, view int64, names, addresses bool) (uint32, error) {
	return query.Only(ctx, r.pool, func(row pgx.CollectableRow) (uint32, error) {
		var changed domain.Position
		var base dns.SerialBase
		var moved dns.FleetChanges
		err := row.Scan(&changed, &base, &moved.Zones, &moved.Names, &moved.Addresses)
		return base.Serial(moved.Position(changed, names, addresses)), err
	}, presentSerial, zone, view)
}
