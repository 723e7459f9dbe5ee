package dnsmodel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// batch is the part of the dns state that a batch of events touches, and what it
// adds to the operation log.
type batch struct {
	state   state
	servers *rowset.Set[int64, Server]
	views   *rowset.Set[int64, View]
	zones   *rowset.Set[int64, zoneRow]
	links   *rowset.Set[linkKey, linkRow]
	records *rowset.Set[recordKey, recordRow]
	imports *rowset.Set[domain.Position, importRow]
	// resources are the servers, views and zones, as rights see them.
	resources *rowset.Set[resourceKey, rights.Resource]
	bindConf  *rowset.Set[struct{}, BindConf]
	order     *rowset.Set[struct{}, ViewOrder]
	settings  *rowset.Set[int64, ZoneSettings]
	// bases are those of the zone names, and of the views, that the events name.
	bases   *rowset.Set[dns.SerialName, baseRow]
	fleet   Fleet
	entries []oplog.Entry
	// abandoned are the zones that lost a link which records hung on, or records by an import.
	abandoned rowset.Keys[int64]
	// purging says whether any dead records wait.
	purging bool
	// fleetTouched says whether the fleet's row is to be written.
	fleetTouched bool

	operators oplog.Operators
	location  *time.Location
}

// state is what the model knows beside its rows.
type state struct {
	// lastEvent is the position of the last event applied, 0 for none.
	lastEvent domain.Position
	// zones and records count the visible rows.
	zones, records int64
}

var states = table.Table[state]{Name: "state", Key: "singleton", Columns: func(s *state) []table.Column {
	return []table.Column{
		table.Only(),
		table.Col("last_event", table.Number, &s.lastEvent),
		table.Col("zones", table.Number, &s.zones),
		table.Col("records", table.Number, &s.records),
	}
}}

// load reads the rows of the given keys in one round trip.
func load(ctx context.Context, tx pgx.Tx, schema string, k *keys) (*batch, error) {
	b := &batch{
		servers:   rowset.New("server", func(s Server) int64 { return s.ID }),
		views:     rowset.New("view", func(v View) int64 { return v.ID }),
		zones:     rowset.New("zone", func(z zoneRow) int64 { return z.ID }),
		links:     rowset.New("link", func(l linkRow) linkKey { return l.linkKey }),
		records:   rowset.New("record", recordRow.key),
		imports:   rowset.New("import", func(i importRow) domain.Position { return i.ID }),
		resources: rowset.New("resource", keyOf),
		bindConf:  rowset.New("configuration", func(BindConf) (only struct{}) { return only }),
		order:     rowset.New("order", func(ViewOrder) (only struct{}) { return only }),
		settings:  rowset.New("settings", func(s ZoneSettings) int64 { return s.ZoneID }),
		bases:     rowset.New("base", func(r baseRow) dns.SerialName { return r.SerialName }),
	}
	var queries pgx.Batch
	queries.Queue(table.PinPlans)
	states.LoadAll(&queries, schema, func(s state) { b.state = s })
	queries.Queue(table.InSchema(schema, anyPurges)).QueryRow(func(row pgx.Row) error { return row.Scan(&b.purging) })
	fleets.LoadAll(&queries, schema, func(f Fleet) { b.fleet = f })
	if b.fleetTouched = k.fleet; k.fleet { // which follows from all servers
		servers.LoadAll(&queries, schema, b.servers.Loaded)
	}
	table.Load(&queries, schema, views, "id", k.views.List, "", b.views.Loaded)
	table.Load(&queries, schema, zones, "id", k.zones.List, "", b.zones.Loaded)
	table.Load(&queries, schema, links, "zone_id", k.linked.List, "", b.links.Loaded)
	table.Load(&queries, schema, records, "id", k.records.List, "", b.records.Loaded)
	table.Load(&queries, schema, imports, "id", k.imports.List, "", b.imports.Loaded)
	b.loadResources(&queries, schema, k.resources)
	if k.bindConf {
		bindConfs.LoadAll(&queries, schema, b.bindConf.Loaded)
	}
	if k.order {
		viewOrders.LoadAll(&queries, schema, b.order.Loaded)
	}
	table.Load(&queries, schema, zoneSettings, "zone_id", k.settings.List, "", b.settings.Loaded)
	table.Load(&queries, schema, bases, "zone", k.numbered.List, "", b.bases.Loaded)
	table.Load(&queries, schema, bases, "view", k.renamed.List, "", b.bases.Loaded)
	return b, tx.SendBatch(ctx, &queries).Close()
}

// write stores what the events changed, in one round trip if it is little.
func (b *batch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	err := errors.Join(
		table.Save(ctx, tx, &writes, schema, servers, b.servers),
		table.Save(ctx, tx, &writes, schema, views, b.views),
		table.Save(ctx, tx, &writes, schema, zones, b.zones),
		table.Save(ctx, tx, &writes, schema, links, b.links),
		table.Save(ctx, tx, &writes, schema, rights.Resources, b.resources),
		table.Save(ctx, tx, &writes, schema, records, b.records),
		table.Save(ctx, tx, &writes, schema, imports, b.imports),
		table.Save(ctx, tx, &writes, schema, bindConfs, b.bindConf),
		table.Save(ctx, tx, &writes, schema, viewOrders, b.order),
		table.Save(ctx, tx, &writes, schema, zoneSettings, b.settings),
		table.Save(ctx, tx, &writes, schema, bases, b.bases),
		oplog.Write(ctx, tx, &writes, schema, b.entries),
	)
	if err != nil {
		return err
	}
	if zones := b.abandoned.List; len(zones) > 0 {
		b.purging = true
		writes.Queue(table.InSchema(schema, startPurges), zones)
	}
	states.Update(&writes, schema, []state{b.state})
	if b.fleetTouched {
		fleets.Update(&writes, schema, []Fleet{b.fleet})
	}
	return tx.SendBatch(ctx, &writes).Close()
}

// apply takes the next event.
func (b *batch) apply(e domain.Recorded) error {
	if e.Prev != b.state.lastEvent {
		return fmt.Errorf("its predecessor is %d, but the last one applied is %d", e.Prev, b.state.lastEvent)
	}
	b.state.lastEvent = e.Position
	switch event := e.Event.(type) {
	case dns.ServerCreated:
		return b.changeFleet(e, func() error { return b.serverCreated(e, event) })
	case dns.ServerUpdated:
		return b.changeFleet(e, func() error { return b.serverUpdated(e, event) })
	case dns.ServerDeleted:
		return b.changeFleet(e, func() error { return b.serverDeleted(e, event) })
	case dns.ServerEnrolled:
		return b.changeFleet(e, func() error { return b.serverEnrolled(e, event.ID, true) })
	case dns.ServerWithdrawn:
		return b.changeFleet(e, func() error { return b.serverEnrolled(e, event.ID, false) })
	case dns.FleetChanged:
		return b.changeFleet(e, func() error { return b.fleetChanged(e, event) })
	case dns.ZonesRenumbered:
		b.zonesRenumbered(e)
		return nil
	case dns.ViewsOrdered:
		return b.viewsOrdered(e, event)
	case dns.ZoneSettingsChanged:
		return b.zoneSettingsChanged(e, event)
	case dns.ViewCreated:
		return b.viewCreated(e, event)
	case dns.ViewUpdated:
		return b.viewUpdated(e, event)
	case dns.ViewDeleted:
		return b.viewDeleted(e, event)
	case dns.ZoneCreated:
		return b.zoneCreated(e, event)
	case dns.ZoneUpdated:
		return b.zoneUpdated(e, event)
	case dns.ZoneDeleted:
		return b.zoneDeleted(e, event)
	case dns.RecordAdded:
		return b.recordAdded(e, event)
	case dns.RecordUpdated:
		return b.recordUpdated(e, event)
	case dns.RecordDeleted:
		return b.recordDeleted(e, event)
	case dns.BindConfChanged:
		return b.bindConfChanged(e, event)
	default:
		return b.applyImport(e)
	}
}

func (b *batch) applyImport(e domain.Recorded) error {
	switch event := e.Event.(type) {
	case dns.ImportBegun:
		return b.importBegun(e, event)
	case dns.RecordsStaged:
		return b.recordsStaged(e, event)
	case dns.ZoneImported:
		return b.zoneImported(e, event)
	case dns.ImportVoided:
		return b.importVoided(e, event)
	default:
		return fmt.Errorf("unknown event type %T", e.Event)
	}
}

// log adds the event's entry to the operation log.
func (b *batch) log(e domain.Recorded, operation string, on oplog.Target, texts oplog.Texts) error {
	operator, err := b.operators.Of(e)
	if err != nil {
		return err
	}
	b.entries = append(b.entries, oplog.New(e, operator, operation, on, texts))
	return nil
}
