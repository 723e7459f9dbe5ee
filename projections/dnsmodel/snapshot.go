package dnsmodel

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// Visitor receives all state that name servers render, in the order of its
// methods: Begin, the servers, the fleet, the views, their order if one was set, the
// configuration if one was set, the rollout if one is under way, the bases of serials, the zones, and the records ordered by
// zone and id. External zones and their
// records are left out. An error ends the visit.
type Visitor interface {
	// Begin names the position that the state is of, and that of the last dns
	// event at or before it (0: none).
	Begin(position, lastDNS domain.Position) error
	Server(Server) error
	ServerSettings(ServerSettings) error
	Fleet(Fleet) error
	View(View) error
	Order(ViewOrder) error
	BindConf(BindConf) error
	Rollout(Rollout) error
	Base(dns.SerialName, dns.SerialBase) error
	// Zone gets, by view id, the position of the last event about the zone, or about the
	// view's name, that changed what it serves in that view.
	Zone(z Zone, settings dns.ZoneSettings, changed map[int64]domain.Position) error
	Record(Record) error
}

const (
	// keepOrder makes rows come in the order of an index, not sorted on the
	// server after all of them were read.
	keepOrder = `SELECT set_config('jit', 'off', true), set_config('enable_sort', 'off', true),
		set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`

	snapshotPosition = `SELECT c.position, s.last_event, c.tableoid::bigint FROM dns.checkpoint c, dns.state s`
	snapshotTables   = `SELECT tableoid::bigint FROM dns.checkpoint`
)

var (
	snapshotServers = "SELECT " + table.NamesOf("s", (*Server).columns) + " FROM " + servers.In("dns") + " s ORDER BY s.id"
	snapshotBases   = "SELECT " + table.NamesOf("b", (*baseRow).columns) + " FROM dns.serial_bases b ORDER BY b.zone, b.view"
	snapshotViews   = "SELECT " + table.NamesOf("v", (*View).columns) + " FROM dns.views v ORDER BY v.id"
	snapshotZones   = "SELECT " + table.Names((&snapshotZone{}).columns()) + " FROM dns.zones z" +
		" LEFT JOIN dns.zone_settings s ON s.zone_id = z.id WHERE z.zone_group <> 0 ORDER BY z.id"

	// Records of external zones are in no view.
	snapshotRecords = "SELECT " + table.Names((&Record{}).shown()) + " FROM dns.records r LEFT JOIN dns.views v ON v.id = r.view_id" +
		" WHERE r.view_id <> 0 AND " + rights.RecordLives("r") + " ORDER BY r.zone_id, r.id"
)

// ErrReplaced says that a rebuild exchanged the tables while a snapshot was
// read: it may be of two positions, and is to be read again.
var ErrReplaced = errors.New("the tables were replaced by a rebuild")

// Snapshot shows the visitor the state at one position. It holds one read
// transaction while it lasts, and no more than one row in memory. What the
// visitor has seen is worth nothing after an error, [ErrReplaced] among them:
// names are looked up afresh by every statement, whatever the transaction sees.
func (r *Reader) Snapshot(ctx context.Context, visitor Visitor) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, r.pool, options, func(tx pgx.Tx) error { return visit(ctx, tx, visitor) })
	if err != nil {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	return nil
}

func visit(ctx context.Context, tx pgx.Tx, visitor Visitor) error {
	if _, err := tx.Exec(ctx, keepOrder); err != nil {
		return err
	}
	var position, lastDNS domain.Position
	var before, after int64
	if err := tx.QueryRow(ctx, snapshotPosition).Scan(&position, &lastDNS, &before); err != nil {
		return err
	}
	if err := visitor.Begin(position, lastDNS); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, snapshotServers, (*Server).columns, visitor.Server); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, snapshotServerSettings, (*ServerSettings).columns, visitor.ServerSettings); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, selectFleet, (*Fleet).columns, visitor.Fleet); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, snapshotViews, (*View).columns, visitor.View); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, selectViewOrder, (*ViewOrder).columns, visitor.Order); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, selectBindConf, (*BindConf).columns, visitor.BindConf); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, runningRollout, (*Rollout).columns, visitor.Rollout); err != nil {
		return err
	}
	base := func(r baseRow) error { return visitor.Base(r.SerialName, r.base) }
	if err := visitRows(ctx, tx, snapshotBases, (*baseRow).columns, base); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, snapshotZones, (*snapshotZone).columns, visitZone(visitor)); err != nil {
		return err
	}
	if err := visitRows(ctx, tx, snapshotRecords, (*Record).shown, visitor.Record); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, snapshotTables).Scan(&after); err != nil {
		return err
	}
	if before != after {
		return ErrReplaced
	}
	return nil
}

// visitRows streams the rows of a query on the moment of the context.
func visitRows[T any](
	ctx context.Context, tx pgx.Tx, sql string, columns func(*T) []table.Column, each func(T) error, args ...any,
) error {
	rows, err := query.Rows(ctx, tx, sql, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, columns, each)
}

// eachRow goes through rows, and closes them.
func eachRow[T any](rows pgx.Rows, columns func(*T) []table.Column, each func(T) error) error {
	defer rows.Close()
	var row, empty T
	places := table.Places(columns(&row)) // once: there may be a million rows
	for rows.Next() {
		row = empty
		if err := rows.Scan(places...); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// snapshotZone is a zone with the views it is linked to and when it changed there.
type snapshotZone struct {
	Zone
	settings dns.ZoneSettings
	views    []int64
	changed  []domain.Position
}

func (z *snapshotZone) columns() []table.Column {
	return append(z.listed(),
		table.Column{Name: "coalesce(s.settings, '{}')", Place: &z.settings},
		table.Column{Name: "ARRAY(SELECT l.view_id FROM dns.zone_views l WHERE l.zone_id = z.id ORDER BY l.view_id)", Place: &z.views},
		table.Column{Name: "ARRAY(SELECT " + linkChanged + " FROM dns.zone_views l JOIN dns.views v ON v.id = l.view_id" +
			" WHERE l.zone_id = z.id ORDER BY l.view_id)", Place: &z.changed})
}

func visitZone(visitor Visitor) func(snapshotZone) error {
	return func(z snapshotZone) error {
		changed := make(map[int64]domain.Position, len(z.views))
		for i, view := range z.views {
			changed[view] = z.changed[i]
		}
		return visitor.Zone(z.Zone, z.settings, changed)
	}
}
