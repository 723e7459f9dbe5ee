package projections

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/projections/rowset"
)

const (
	createDNSState = `CREATE TABLE {schema}.state (
			singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
			last_event bigint NOT NULL, zones bigint NOT NULL, records bigint NOT NULL);
		INSERT INTO {schema}.state (last_event, zones, records) VALUES (0, 0, 0);
		CREATE TABLE {schema}.purges (zone_id bigint PRIMARY KEY, after_id bigint NOT NULL)`

	loadDNSState = `SELECT last_event, zones, records, EXISTS (SELECT FROM {schema}.purges) FROM {schema}.state`

	writeDNSState = `UPDATE {schema}.state SET last_event = $1, zones = $2, records = $3`

	// pinPlans makes the rest of the transaction reach its rows by their keys.
	// Freshly built tables have no statistics, and by guess alone the planner
	// reads a large table whole for the few rows of a batch.
	pinPlans = `SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),
		set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`
)

// loadDNS reads the rows of the given keys in one round trip.
func loadDNS(ctx context.Context, tx pgx.Tx, schema string, k *dnsKeys) (*dnsBatch, error) {
	b := &dnsBatch{
		servers: rowset.New[int64, Server]("server"), views: rowset.New[int64, View]("view"), zones: rowset.New[int64, zoneRow]("zone"),
		links: rowset.New[linkKey, linkRow]("link"), records: rowset.New[int64, recordRow]("record"), resources: rowset.New[resourceKey, resourceRow]("resource"),
	}
	var queries pgx.Batch
	queries.Queue(pinPlans)
	queries.Queue(InSchema(schema, loadDNSState)).QueryRow(func(row pgx.Row) error {
		return row.Scan(&b.state.lastEvent, &b.state.zones, &b.state.records, &b.purging)
	})
	b.loadServers(&queries, schema, k.servers.list)
	b.loadViews(&queries, schema, k.views.list)
	b.loadZones(&queries, schema, k.zones.list)
	b.loadLinks(&queries, schema, k.linked.list)
	b.loadRecords(&queries, schema, k.records.list)
	b.loadResources(&queries, schema, k.resources.list)
	if k.bindConf {
		b.loadBindConf(&queries, schema)
	}
	return b, tx.SendBatch(ctx, &queries).Close()
}

// write stores what the events changed, in one round trip if it is little.
func (b *dnsBatch) write(ctx context.Context, tx pgx.Tx, schema string) error {
	var writes pgx.Batch
	b.writeServers(&writes, schema)
	b.writeViews(&writes, schema)
	b.writeZones(&writes, schema)
	b.writeLinks(&writes, schema)
	b.writeResources(&writes, schema)
	b.writeEntryCounts(&writes, schema)
	if err := b.writeRecords(ctx, tx, &writes, schema); err != nil {
		return err
	}
	b.writeBindConf(&writes, schema)
	if err := writeOplogs(ctx, tx, &writes, schema, b.oplogs); err != nil {
		return err
	}
	if zones := b.abandoned.list; len(zones) > 0 {
		b.purging = true
		writes.Queue(InSchema(schema, startPurges), zones)
	}
	s := b.state
	writes.Queue(InSchema(schema, writeDNSState), int64(s.lastEvent), s.zones, s.records)
	return tx.SendBatch(ctx, &writes).Close()
}
