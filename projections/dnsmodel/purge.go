package dnsmodel

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/projections/table"
)

// purgeChunk is how many records a small Apply looks at for dead ones; it costs
// a few milliseconds.
const purgeChunk = 500

const (
	// createPurges makes the table of the zones that are purged, and how far.
	createPurges = `CREATE TABLE {schema}.purges (zone_id bigint PRIMARY KEY, after_id bigint NOT NULL)`

	anyPurges = `SELECT EXISTS (SELECT FROM {schema}.purges)`

	// A zone that is purged already is walked again from its start.
	startPurges = `INSERT INTO {schema}.purges (zone_id, after_id) SELECT id, 0 FROM unnest($1::bigint[]) AS k (id)
		ON CONFLICT (zone_id) DO UPDATE SET after_id = 0`

	nextPurge = `SELECT zone_id, after_id FROM {schema}.purges ORDER BY zone_id LIMIT 1`

	// An import that is under way has records that nobody sees yet. Ties are rows of one record.
	purgeRecords = `WITH open AS MATERIALIZED (SELECT unnest(links) AS link FROM {schema}.zone_views WHERE zone_id = $1),
		kept AS MATERIALIZED (
			SELECT link FROM open UNION ALL SELECT link FROM {schema}.imports WHERE zone_id = $1 AND state = 'running'),
		chunk AS MATERIALIZED (
			SELECT id, link, ends FROM {schema}.records WHERE zone_id = $1 AND id > $2
			ORDER BY id FETCH FIRST ($3) ROWS WITH TIES),
		gone AS (
			DELETE FROM {schema}.records r USING chunk c WHERE (r.id, r.link) = (c.id, c.link) AND (
				c.link <> ALL (ARRAY(SELECT link FROM kept)) OR c.ends = ANY (ARRAY(SELECT link FROM open))))
		SELECT count(*), coalesce(max(id), 0) FROM chunk`

	advancePurge = `UPDATE {schema}.purges SET after_id = $2 WHERE zone_id = $1`
	endPurge     = `DELETE FROM {schema}.purges WHERE zone_id = $1`
)

// Purge looks at no more than limit records of zones that lost a link and
// deletes the dead ones, which nobody can see any more. It reports whether some
// may be left. Apply calls it; a runner may, too, while it has nothing to apply.
func (m *Model) Purge(ctx context.Context, tx pgx.Tx, schema string, limit int) (more bool, err error) {
	var zone, after, seen int64
	err = tx.QueryRow(ctx, table.InSchema(schema, nextPurge)).Scan(&zone, &after)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find dead records: %w", err)
	}
	if err := tx.QueryRow(ctx, table.InSchema(schema, purgeRecords), zone, after, limit).Scan(&seen, &after); err != nil {
		return false, fmt.Errorf("purge dead records: %w", err)
	}
	if seen < int64(limit) {
		_, err = tx.Exec(ctx, table.InSchema(schema, endPurge), zone)
	} else {
		_, err = tx.Exec(ctx, table.InSchema(schema, advancePurge), zone, after)
	}
	if err != nil {
		return false, fmt.Errorf("keep the place of the purge: %w", err)
	}
	return true, nil
}
