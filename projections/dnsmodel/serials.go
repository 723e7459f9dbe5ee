package dnsmodel

import (
	"context"
	"strings"

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

var bases = table.Table[baseRow]{Name: "serial_bases", Key: "zone, view", Columns: (*baseRow).columns}

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

// moveBases lets a view that is called otherwise take its bases along.
func (b *batch) moveBases(before, after string) {
	all := b.serialBases()
	all.Rename(before, after)
	for row := range b.bases.All() {
		if _, stays := all[row.SerialName]; !stays {
			b.bases.Drop(row.SerialName)
		}
	}
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

// presentSerials reads, for each view of a zone, what its serial follows from: when the
// zone changed there, its base, whether the zone has apex NS of its own, and how many of
// the hosts $2 have an address.
const presentSerials = `SELECT l.changed, coalesce(b.base, 0),
	EXISTS (SELECT FROM dns.records r WHERE r.zone_id = l.zone_id AND r.link = l.link AND r.host = '@' AND r.type = 'NS'),
	(SELECT count(DISTINCT lower(r.host)) FROM dns.records r WHERE r.zone_id = l.zone_id AND r.link = l.link
		AND lower(r.host) = ANY ($2) AND r.type IN ('A', 'AAAA'))
	FROM dns.zone_views l JOIN dns.zones z ON z.id = l.zone_id JOIN dns.views v ON v.id = l.view_id
	LEFT JOIN dns.serial_bases b ON b.zone = lower(z.name) AND b.view = v.name
	WHERE l.zone_id = $1 ORDER BY l.view_id`

// Serials returns the serials that a zone has in its views, in the order of their ids. Where
// a zone has apex NS of its own, whose addresses may be the fleet's, a serial may be a little
// less than the true one.
func (r *Reader) Serials(ctx context.Context, zone Zone) ([]uint32, error) {
	fleet, err := r.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	hosts := fleetHosts(zone.Name, fleet.NS)
	return query.All(ctx, r.pool, func(row pgx.CollectableRow) (uint32, error) {
		var changed domain.Position
		var base dns.SerialBase
		var own bool
		var addressed int
		err := row.Scan(&changed, &base, &own, &addressed)
		return base.Serial(fleet.Moved.Position(changed, !own, !own && addressed < len(hosts))), err
	}, presentSerials, zone.ID, hosts)
}

// fleetHosts are the generated name servers that are inside a zone, relative to it.
func fleetHosts(zone string, ns []string) []string {
	if len(ns) == 0 {
		return []string{"master"}
	}
	hosts := []string{}
	for _, name := range ns {
		if host, inside := strings.CutSuffix(dns.FoldName(name), "."+dns.FoldName(zone)); inside {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
