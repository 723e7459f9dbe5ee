package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// fillChunk is the number of events that one transaction of fill adds.
const fillChunk int64 = 100_000

// insertRecords adds record creations, past the store but in its form. $1 is the
// head, $2 the number of events, $3 the zones, $4 the view, $5 the first record's
// id, $6 the last position in the context, $7 the time.
const insertRecords = `WITH n AS MATERIALIZED (
		SELECT $1::bigint + i AS position, $5::bigint + i - 1 AS id, ($3::bigint[])[1 + i % cardinality($3::bigint[])] AS zone,
			gen_random_uuid() AS command, CASE WHEN i = 1 THEN $6::bigint ELSE $1 + i - 1 END AS prev
		FROM generate_series(1, $2::bigint) AS i),
	tagged AS MATERIALIZED (
		SELECT position, prev, command, 'RecordAdded' AS type, 'dns' AS context, zone AS key, $7::timestamptz AS at,
			ARRAY['record:' || id, 'node:' || zone || '/fill-' || id, 'records:' || zone] AS tags,
			format('{"id":%s,"zone_id":%s,"record":{"view_id":%s,"host":"fill-%s","type":"A","ttl":600,"value":"10.%s.%s.%s","comment":"filled by bench"}}',
				id, zone, $4::bigint, id, id >> 16 & 255, id >> 8 & 255, id & 255)::json AS data
		FROM n),` + insertTagged

// insertTagged puts the rows of tagged where appends put events, their tags by the
// hashes of package eventstore, and commands: all that a grown log has.
const insertTagged = `
	events AS (
		INSERT INTO log.events (position, prev, id, type, context, schema, key, tags, data, actor, command_id, causation, correlation, recorded_at)
		SELECT position, prev, gen_random_uuid(), type, context, 1, key, array_to_string(tags, E'\n'), data, 1, command, 0, gen_random_uuid(), at
		FROM tagged ORDER BY position),
	commands AS (
		INSERT INTO cache.commands (command_id, fingerprint, first, last, recorded_at)
		SELECT command, sha256(command::text::bytea), position, position, at FROM tagged ORDER BY command)
	INSERT INTO log.event_tags (tag_hash, position, type_hash)
	SELECT ('x' || encode(substring(sha256(tag::bytea), 1, 8), 'hex'))::bit(64)::bigint, position,
		('x' || encode(substring(sha256(type::bytea), 1, 4), 'hex'))::bit(32)::int
	FROM tagged CROSS JOIN LATERAL unnest(tags) AS tag ORDER BY 1, 2`

// fill makes the log so many events longer. Nobody may append meanwhile: the head
// moves at the end, when all chunks, two at a time, are in their places.
func (s *estate) fill(ctx context.Context, e *Env, events int) error {
	if events == 0 {
		return nil
	}
	f := filling{estate: s, events: int64(events)}
	if err := f.begin(ctx); err != nil {
		return fmt.Errorf("fill the log: %w", err)
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for done := int64(0); done < f.events; done += fillChunk {
		group.Go(func() error { return f.chunk(inner, done, min(fillChunk, f.events-done)) })
		e.Progress("fill: %d of %d events", done, events)
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("fill the log: %w", err)
	}
	const move = "UPDATE log.head SET position = $1, last_dns = $1, recorded_at = greatest(recorded_at, $2)"
	if _, err := s.pool.Exec(ctx, move, f.head+f.events, f.at); err != nil {
		return fmt.Errorf("move the filled log's head: %w", err)
	}
	return endFill[dns.RecordAdded](ctx, s.pool, s.store)
}

// filling is one fill of a log.
type filling struct {
	*estate
	events int64
	// head is where the log ended, last its last position in the context, first
	// the first record's id.
	head, last, first int64
	at                time.Time
}

func (f *filling) begin(ctx context.Context) error {
	if err := f.pool.QueryRow(ctx, "SELECT position, last_dns, now() FROM log.head").Scan(&f.head, &f.last, &f.at); err != nil {
		return err
	}
	if err := f.pool.QueryRow(ctx, "SELECT nextval('log.id_record')").Scan(&f.first); err != nil {
		return err
	}
	if _, err := f.pool.Exec(ctx, "SELECT setval('log.id_record', $1)", f.first+f.events-1); err != nil {
		return err
	}
	_, err := f.pool.Exec(ctx, "SELECT log.extend($1, $2)", f.head+f.events, eventstore.DefaultPartitionSize)
	return err
}

// chunk adds n events, after the first so many.
func (f *filling) chunk(ctx context.Context, done, n int64) error {
	prev := f.head + done
	if done == 0 {
		prev = f.last
	}
	return pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		// Sorted in memory: each page of an index is then touched once.
		if _, err := tx.Exec(ctx, "SET LOCAL work_mem = '256MB'"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertRecords, f.head+done, n, f.zones, f.view, f.first+done, prev, f.at)
		return err
	})
}

// endFill does what autovacuum does in time (the visibility map, and hint bits),
// and makes sure that the log ends with an E that the store finds and reads.
func endFill[E domain.Event](ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store) error {
	for _, table := range []string{"log.events", "log.event_tags", "cache.commands"} {
		if _, err := pool.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
			return err
		}
	}
	head, err := store.Head(ctx)
	if err != nil {
		return err
	}
	list, err := store.Read(ctx, head.Position-1, 1)
	if err != nil || len(list) != 1 {
		return fmt.Errorf("the filled log ends with %d events: %w", len(list), err)
	}
	recorded, err := list[0].Decode(store.Codec())
	if err != nil {
		return err
	}
	if _, ok := recorded.Event.(E); !ok {
		return fmt.Errorf("the filled log ends with %T", recorded.Event)
	}
	for _, tag := range recorded.Event.Tags() {
		found, err := store.ReadTag(ctx, tag, head.Position-1, 1)
		if err != nil || len(found) != 1 {
			return fmt.Errorf("tag %s of the filled log: %d events, %w", tag, len(found), err)
		}
	}
	return nil
}
