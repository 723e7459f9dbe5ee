package dnsmodel

import (
	"context"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// Fleet is what zones have in common that say nothing of their own.
type Fleet struct {
	dns.FleetData
	// Moved is what zones' positions follow from.
	Moved dns.FleetChanges
	// Changed is the position of the last [dns.FleetChanged], 0 before the first.
	Changed domain.Position
}

func (f *Fleet) columns() []table.Column {
	return []table.Column{
		table.Only(),
		table.Col("ns", table.Words, &f.NS),
		table.Col("addresses", table.Words, &f.Addresses),
		table.Col("zones_changed", table.Number, &f.Moved.Zones),
		table.Col("names_changed", table.Number, &f.Moved.Names),
		table.Col("addresses_changed", table.Number, &f.Moved.Addresses),
		table.Col("changed", table.Number, &f.Changed),
	}
}

// fleets has one row, always.
var fleets = table.Keeping(table.Table[Fleet]{Name: "fleet", Key: "singleton", Columns: (*Fleet).columns})

var selectFleet = "SELECT " + table.NamesOf("f", (*Fleet).columns) + " FROM " + fleets.In("dns") + " f"

// Fleet returns what zones have in common.
func (r *Reader) Fleet(ctx context.Context) (Fleet, error) {
	return query.Only(ctx, r.pool, query.Row((*Fleet).columns), selectFleet)
}

// resolved is what follows from the rows for zones that say nothing of their own.
func (b *batch) resolved() dns.Fleet {
	var all []dns.FleetServer
	for s := range b.servers.All() {
		all = append(all, s.InFleet())
	}
	return dns.ResolveFleet(b.theFleet().FleetData, all)
}

// theFleet is what zones have in common after the events so far.
func (b *batch) theFleet() Fleet {
	f, _ := b.fleet.Get(struct{}{})
	return f
}

// changeFleet lets an event change the servers or the fleet, and notes whether zones have
// other content because of it.
func (b *batch) changeFleet(e domain.Recorded, change func() error) error {
	before := b.resolved()
	if err := change(); err != nil {
		return err
	}
	f := b.theFleet()
	f.Moved.Note(before, b.resolved(), e.Position)
	if f.Moved != b.theFleet().Moved {
		b.fleet.Put(f)
	}
	return nil
}

func (b *batch) zonesRenumbered(e domain.Recorded) {
	f := b.theFleet()
	f.Moved.Zones = e.Position
	b.fleet.Put(f)
}

func (b *batch) fleetChanged(e domain.Recorded, event dns.FleetChanged) error {
	f := b.theFleet()
	was := f.FleetData
	f.FleetData, f.Changed = event.After, e.Position
	b.fleet.Put(f)
	texts := oplog.Changed(fleetDetail(was), fleetDetail(event.After))
	return b.log(e, oplog.OperationChange, oplog.Target{Type: oplog.TargetBindConf, Name: "fleet"}, texts)
}

func fleetDetail(f dns.FleetData) *oplog.Detail {
	d := oplog.NewDetail()
	d.Line("NS", strings.Join(f.NS, " "))
	d.Line("IP地址", strings.Join(f.Addresses, " "))
	return d
}

// ResolvedFleet is what follows from the rows for zones that say nothing of their own.
func (r *Reader) ResolvedFleet(ctx context.Context) (dns.Fleet, error) {
	f, err := r.Fleet(ctx)
	if err != nil {
		return dns.Fleet{}, err
	}
	servers, _, err := r.Servers(ctx, rights.System(), ServerFilter{}, query.Everything())
	all := make([]dns.FleetServer, len(servers))
	for i, s := range servers {
		all[i] = s.InFleet()
	}
	return dns.ResolveFleet(f.FleetData, all), err
}
