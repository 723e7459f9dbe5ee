package bench

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// fillChunk is the number of events that one transaction of fill adds.
const fillChunk = 100_000

// insertFill adds record creations, past the store but in its form: events,
// their tags by the hashes of package eventstore, and commands, all of which a
// grown log has. $1 is the head, $2 the number of events, $3 the zones, $4 the
// view, $5 the first record's id, $6 the last position in the context.
const insertFill = `WITH n AS MATERIALIZED (
		SELECT $1::bigint + i AS position, $5::bigint + i - 1 AS id, ($3::bigint[])[1 + i % cardinality($3::bigint[])] AS zone,
			gen_random_uuid() AS command, CASE WHEN i = 1 THEN $6::bigint ELSE $1 + i - 1 END AS prev
		FROM generate_series(1, $2::bigint) AS i),
	tagged AS MATERIALIZED (
		SELECT n.*, ARRAY['record:' || id, 'node:' || zone || '/fill-' || id, 'records:' || zone] AS tags FROM n),
	events AS (
		INSERT INTO log.events (position, prev, id, type, context, schema, key, tags, data, actor, command_id, causation, correlation, recorded_at)
		SELECT position, prev, gen_random_uuid(), 'RecordAdded', 'dns', 1, zone, array_to_string(tags, E'\n'),
			format('{"id":%s,"zone_id":%s,"record":{"view_id":%s,"host":"fill-%s","type":"A","ttl":600,"value":"10.%s.%s.%s","comment":"filled by bench"}}',
				id, zone, $4::bigint, id, id >> 16 & 255, id >> 8 & 255, id & 255)::json,
			1, command, 0, gen_random_uuid(), $7::timestamptz
		FROM tagged ORDER BY position),
	commands AS (
		INSERT INTO log.commands (command_id, fingerprint, first, last, recorded_at)
		SELECT command, sha256(command::text::bytea), position, position, $7::timestamptz FROM tagged)
	INSERT INTO log.event_tags (tag_hash, position, type_hash)
	SELECT ('x' || encode(substring(sha256(tag::bytea), 1, 8), 'hex'))::bit(64)::bigint, position,
		('x' || encode(substring(sha256('RecordAdded'), 1, 4), 'hex'))::bit(32)::int
	FROM tagged CROSS JOIN LATERAL unnest(tags) AS tag ORDER BY 1, 2`

// fill makes the log so many events longer.
func (s *estate) fill(ctx context.Context, e *Env, events int) error {
	for done := 0; done < events; {
		chunk := min(fillChunk, events-done)
		if err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.fillOnce(ctx, tx, chunk) }); err != nil {
			return fmt.Errorf("fill the log: %w", err)
		}
		done += chunk
		e.Progress("fill: %d of %d events", done, events)
	}
	if events == 0 {
		return nil
	}
	// As autovacuum does in time: the visibility map, and hint bits.
	for _, table := range []string{"log.events", "log.event_tags", "log.commands"} {
		if _, err := s.pool.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
			return err
		}
	}
	return s.checkFill(ctx)
}

func (s *estate) fillOnce(ctx context.Context, tx pgx.Tx, n int) error {
	var head, prev, first int64
	var at any
	if err := tx.QueryRow(ctx, "SELECT position, last_dns, now() FROM log.head FOR UPDATE").Scan(&head, &prev, &at); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, "SELECT nextval('log.id_record')").Scan(&first); err != nil {
		return err
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"SELECT setval('log.id_record', $1)", []any{first + int64(n) - 1}},
		{"SELECT log.extend($1, $2)", []any{head + int64(n), eventstore.DefaultPartitionSize}},
		{insertFill, []any{head, n, s.zones, s.view, first, prev, at}},
		{"UPDATE log.head SET position = $1, last_dns = $1, recorded_at = greatest(recorded_at, $2)", []any{head + int64(n), at}},
	} {
		if _, err := tx.Exec(ctx, step.sql, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// checkFill makes sure that the last event is one that the store finds and reads.
func (s *estate) checkFill(ctx context.Context) error {
	head, err := s.store.Head(ctx)
	if err != nil {
		return err
	}
	list, err := s.store.Read(ctx, head.Position-1, 1)
	if err != nil || len(list) != 1 {
		return fmt.Errorf("the filled log ends with %d events: %w", len(list), err)
	}
	recorded, err := list[0].Decode(s.store.Codec())
	if err != nil {
		return err
	}
	added, ok := recorded.Event.(dns.RecordAdded)
	if !ok {
		return fmt.Errorf("the filled log ends with %T", recorded.Event)
	}
	for _, tag := range added.Tags() {
		found, err := s.store.ReadTag(ctx, tag, head.Position-1, 1)
		if err != nil || len(found) != 1 {
			return fmt.Errorf("tag %s of the filled log: %d events, %w", tag, len(found), err)
		}
	}
	return nil
}
