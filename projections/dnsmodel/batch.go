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
	// contentChanges are those of the batch. openChanges has one for each position that the present
	// change of the log has noted.
	contentChanges map[contentChangeKey]*contentChange
	openChanges    []*contentChange
	records        *rowset.Set[recordKey, recordRow]
	// returning are the records that come back, births those of them; alive are those of them that
	// the present change has put.
	returning map[int64]bool
	alive     map[int64]recordKey
	births    map[int64]birth
	// unpurged are the endings that the table has of zones with such records.
	unpurged []ending
	imports  *rowset.Set[domain.Position, importRow]
	// resources are the servers, views and zones, as rights see them.
	resources *rowset.Set[resourceKey, rights.Resource]
	bindConf  *rowset.Set[struct{}, BindConf]
	order     *rowset.Set[struct{}, ViewOrder]
	// rolloutPlan and rollouts are those that the events name.
	rolloutPlan *rowset.Set[struct{}, RolloutPlan]
	rollouts    *rowset.Set[domain.Position, Rollout]
	settings    *rowset.Set[int64, ZoneSettings]
	// keepersByName are the reverse zones that have PTRs of others, nil while that is to be found out.
	keepersByName map[string][]ZoneSettings
	// serverSettings are those of the servers that the events change.
	serverSettings *rowset.Set[int64, ServerSettings]
	// drifts are the findings of the batch.
	drifts []Drift
	// bases are those of the zone names, and of the views, that the events name.
	bases *rowset.Set[dns.SerialName, baseRow]
	fleet *rowset.Set[struct{}, Fleet]
	// sets are all of these.
	sets    []versioned
	entries []oplog.Entry
	// begun is the position of the first event of the present change.
	begun domain.Position
	// endings are those of the present change, by zone, and ended those before.
	endings map[int64]*ending
	ended   []ending
	// endedLinks are those of zones that are restored, and of the batch. endedNow has the latter,
	// linksEnded those of the present change, and reopened the links that are open again, by zone.
	endedLinks, endedNow map[linkKey]endedLink
	linksEnded           []linkKey
	reopened             map[int64][]int64
	// purging says whether any dead records wait.
	purging bool

	operators oplog.Operators
	location  *time.Location
}

// versioned is a set of rows with versions.
type versioned interface{ EndChange(domain.Position) }

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
		servers:     rowset.NewVersioned("server", func(s Server) int64 { return s.ID }, nil),
		views:       rowset.NewVersioned("view", func(v View) int64 { return v.ID }, nil),
		zones:       rowset.NewVersioned("zone", func(z zoneRow) int64 { return z.ID }, sameZone),
		links:       rowset.NewVersioned("link", func(l linkRow) linkKey { return l.linkKey }, sameLink),
		records:     rowset.NewVersioned("record", recordRow.key, sameRecord),
		imports:     rowset.NewVersioned("import", func(i importRow) domain.Position { return i.ID }, nil),
		resources:   rowset.NewVersioned("resource", keyOf, nil),
		bindConf:    rowset.NewVersioned("configuration", func(BindConf) (only struct{}) { return only }, nil),
		order:       rowset.NewVersioned("order", func(ViewOrder) (only struct{}) { return only }, nil),
		rolloutPlan: rowset.NewVersioned("plan", func(RolloutPlan) (only struct{}) { return only }, nil),
		rollouts:    rowset.NewVersioned("rollout", func(r Rollout) domain.Position { return r.ID }, nil),

		settings: rowset.NewVersioned("settings", func(s ZoneSettings) int64 { return s.ZoneID }, nil),
		fleet:    rowset.NewVersioned("fleet", func(Fleet) (only struct{}) { return only }, nil),
		endings:  map[int64]*ending{},

		serverSettings: rowset.NewVersioned("server settings", func(s ServerSettings) int64 { return s.ServerID }, nil),

		returning: map[int64]bool{}, alive: map[int64]recordKey{}, births: map[int64]birth{},
		reopened: map[int64][]int64{},

		endedLinks: map[linkKey]endedLink{}, endedNow: map[linkKey]endedLink{},

		contentChanges: map[contentChangeKey]*contentChange{},
		bases:          rowset.NewVersioned("base", func(r baseRow) dns.SerialName { return r.SerialName }, nil),
	}
	b.sets = []versioned{
		b.servers, b.views, b.zones, b.links, b.records, b.imports, b.resources, b.bindConf, b.order, b.settings, b.bases, b.fleet,
		b.serverSettings, b.rolloutPlan, b.rollouts,
	}
	if err := b.loadEndedLinks(ctx, tx, schema, k.restored.List, k.reopened); err != nil {
		return nil, err
	}
	var queries pgx.Batch
	queries.Queue(table.PinPlans)
	states.LoadAll(&queries, schema, func(s state) { b.state = s })
	queries.Queue(table.InSchema(schema, anyEndings)).QueryRow(func(row pgx.Row) error { return row.Scan(&b.purging) })
	fleets.Now().LoadAll(&queries, schema, b.fleet.LoadedVersion)
	if k.fleet { // which follows from all servers
		servers.Now().LoadAll(&queries, schema, b.servers.LoadedVersion)
	}
	table.Load(&queries, schema, views.Now(), "id", k.views.List, "", b.views.LoadedVersion)
	table.Load(&queries, schema, zones.Now(), "id", k.zones.List, "", b.zones.LoadedVersion)
	table.Load(&queries, schema, links.Now(), "zone_id", k.linked.List, "", b.links.LoadedVersion)
	table.Load(&queries, schema, records.Now(), "id", k.records.List, "", b.records.LoadedVersion)
	table.Load(&queries, schema, imports.Now(), "id", k.imports.List, "", b.imports.LoadedVersion)
	for _, id := range k.returning.List {
		b.returning[id] = true
	}
	b.loadBirths(&queries, schema, k.returning.List)
	b.loadUnpurged(&queries, schema, k.returnedTo.List)
	b.loadResources(&queries, schema, k.resources)
	if k.bindConf {
		bindConfs.Now().LoadAll(&queries, schema, b.bindConf.LoadedVersion)
	}
	if k.order {
		viewOrders.Now().LoadAll(&queries, schema, b.order.LoadedVersion)
	}
	if k.rolloutPlan {
		rolloutPlans.Now().LoadAll(&queries, schema, b.rolloutPlan.LoadedVersion)
	}
	table.Load(&queries, schema, rollouts.Now(), "id", k.rollouts.List, "", b.rollouts.LoadedVersion)
	table.Load(&queries, schema, zoneSettings.Now(), "zone_id", k.settings.List, "", b.settings.LoadedVersion)
	table.Load(&queries, schema, serverSettings.Now(), "server_id", k.serverSettings.List, "", b.serverSettings.LoadedVersion)
	table.Load(&queries, schema, bases.Now(), "zone", k.numbered.List, "", b.bases.LoadedVersion)
	table.Load(&queries, schema, bases.Now(), "view", k.renamed.List, "", b.bases.LoadedVersion)
	b.loadKeepers(&queries, schema, k)
	return b, tx.SendBatch(ctx, &queries).Close()
}

// write stores what the events changed, in one round trip if it is little.
func (b *batch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	err := errors.Join(
		table.SaveVersions(ctx, tx, &writes, schema, servers, b.servers),
		table.SaveVersions(ctx, tx, &writes, schema, views, b.views),
		table.SaveVersions(ctx, tx, &writes, schema, zones, b.zones),
		table.SaveVersions(ctx, tx, &writes, schema, links, b.links),
		table.SaveVersions(ctx, tx, &writes, schema, rights.Resources, b.resources),
		table.SaveVersions(ctx, tx, &writes, schema, records, b.records),
		table.SaveVersions(ctx, tx, &writes, schema, imports, b.imports),
		table.SaveVersions(ctx, tx, &writes, schema, bindConfs, b.bindConf),
		table.SaveVersions(ctx, tx, &writes, schema, viewOrders, b.order),
		table.SaveVersions(ctx, tx, &writes, schema, rolloutPlans, b.rolloutPlan),
		table.SaveVersions(ctx, tx, &writes, schema, rollouts, b.rollouts),
		table.SaveVersions(ctx, tx, &writes, schema, zoneSettings, b.settings),
		table.SaveVersions(ctx, tx, &writes, schema, serverSettings, b.serverSettings),
		b.writeDrift(ctx, tx, &writes, schema),
		table.SaveVersions(ctx, tx, &writes, schema, bases, b.bases),
		table.SaveVersions(ctx, tx, &writes, schema, fleets, b.fleet),
		oplog.Write(ctx, tx, &writes, schema, b.entries),
	)
	if err != nil {
		return err
	}
	b.writeContentChanges(&writes, schema)
	b.writeEndedLinks(&writes, schema)
	endings.Put(&writes, schema, b.ended)
	b.purging = b.purging || len(b.ended) > 0
	states.Update(&writes, schema, []state{b.state})
	return tx.SendBatch(ctx, &writes).Close()
}

// endChange ends the change that the last events were of.
func (b *batch) endChange(at domain.Position) {
	b.endContentChanges(at)
	b.noteBirths()
	for _, set := range b.sets {
		set.EndChange(at)
	}
	b.endEndings(at)
	b.endLinks(at)
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
		return b.changeFleet(e, func() error { return b.agentOf(e, event.ID, true, !event.Unproved) })
	case dns.ServerProved:
		return b.changeFleet(e, func() error { return b.agentOf(e, event.ID, true, true) })
	case dns.ServerWithdrawn:
		return b.changeFleet(e, func() error { return b.agentOf(e, event.ID, false, false) })
	case dns.FleetChanged:
		return b.changeFleet(e, func() error { return b.fleetChanged(e, event) })
	case dns.ZonesRenumbered:
		b.zonesRenumbered(e)
		return nil
	case dns.ServerSettingsChanged:
		return b.serverSettingsChanged(e, event)
	case dns.DriftFound:
		return b.driftFound(e, event)
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
	case dns.ZoneRestored:
		return b.zoneRestored(e, event)
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
		return b.applyRollout(e)
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
