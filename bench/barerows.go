package bench

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// bareSample is the number of appended events that the baseline's rows are copied from.
const bareSample = 5000

// bareRows inserts rows like the log's, as fast as the server takes them in
// batches: the limit of any log that keeps these rows.
type bareRows struct {
	conn   *pgx.Conn
	next   int64 // position
	sample []protocol.Envelope
	// tags are those of each event of the sample, as the log indexes them.
	tags [][]bareTag
}

type bareTag struct {
	hash int64
	typ  int32
}

const createBare = `CREATE SCHEMA bare;
	CREATE TABLE bare.events (LIKE log.events INCLUDING ALL);
	CREATE TABLE bare.event_tags (LIKE log.event_tags INCLUDING ALL);
	CREATE TABLE bare.commands (LIKE cache.commands INCLUDING ALL)`

const insertBareEvents = `INSERT INTO bare.events (position, prev, id, type, context, schema, key, tags, data,
		actor, command_id, causation, correlation, recorded_at)
	SELECT position, prev, id, type, context, schema, key, tags, data::json, actor, command_id, causation, correlation, $14::timestamptz
	FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::int2[], $7::bigint[], $8::text[], $9::text[],
		$10::bigint[], $11::uuid[], $12::bigint[], $13::uuid[])
		AS e(position, prev, id, type, context, schema, key, tags, data, actor, command_id, causation, correlation)`

const insertBareTags = `INSERT INTO bare.event_tags (tag_hash, position, type_hash) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[])`

const insertBareCommands = `INSERT INTO bare.commands (command_id, fingerprint, first, last, recorded_at)
	SELECT *, $5::timestamptz FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::bigint[])`

// newBareRows takes a sample of what was appended last to the log, which is in the pool's database.
func newBareRows(ctx context.Context, e *Env, store *eventstore.Store, pool *pgxpool.Pool) (*bareRows, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return nil, err
	}
	b := &bareRows{next: 1}
	first := max(head.Position-bareSample, 0)
	if b.sample, err = store.Read(ctx, first, bareSample); err != nil {
		return nil, err
	}
	if b.conn, err = pgx.ConnectConfig(ctx, pool.Config().ConnConfig); err != nil {
		return nil, err
	}
	e.Defer(func() error { return b.conn.Close(context.Background()) })
	if _, err := b.conn.Exec(ctx, createBare); err != nil {
		return nil, err
	}
	b.tags = make([][]bareTag, len(b.sample))
	rows, err := b.conn.Query(ctx, "SELECT position, tag_hash, type_hash FROM log.event_tags WHERE position > $1 AND position <= $2", first, head.Position)
	if err != nil {
		return nil, err
	}
	var position int64
	var tag bareTag
	_, err = pgx.ForEachRow(rows, []any{&position, &tag.hash, &tag.typ}, func() error {
		i := position - int64(first) - 1
		b.tags[i] = append(b.tags[i], tag)
		return nil
	})
	return b, err
}

// insert commits batches of the given size for a while.
func (b *bareRows) insert(ctx context.Context, size int, during time.Duration, took *Latencies) (Work, error) {
	size = max(size, 1)
	return timed(func() (n int, err error) {
		end := time.Now().Add(during)
		for start := time.Now(); start.Before(end); n += size {
			if err := b.commit(ctx, size); err != nil {
				return n, err
			}
			now := time.Now()
			took.Add(now.Sub(start))
			start = now
		}
		return n, nil
	})
}

// commit inserts one batch in one round trip.
func (b *bareRows) commit(ctx context.Context, n int) error {
	var batch pgx.Batch
	batch.Queue("BEGIN")
	b.queueEvents(&batch, n)
	b.queueTags(&batch, n)
	b.queueCommands(&batch, n)
	batch.Queue("COMMIT")
	b.next += int64(n)
	return b.conn.SendBatch(ctx, &batch).Close()
}

func (b *bareRows) at(i int) int { return (int(b.next) + i) % len(b.sample) }

func (b *bareRows) queueEvents(batch *pgx.Batch, n int) {
	var (
		position, prev, key = make([]int64, n), make([]int64, n), make([]int64, n)
		actor, causation    = make([]int64, n), make([]int64, n)
		id, command, story  = make([][16]byte, n), make([][16]byte, n), make([][16]byte, n)
		types, contexts     = make([]string, n), make([]string, n)
		tags, data          = make([]string, n), make([]string, n)
		schema              = make([]int16, n)
	)
	for i := range n {
		e := &b.sample[b.at(i)]
		position[i], prev[i], key[i] = b.next+int64(i), b.next+int64(i)-1, e.Key
		actor[i], causation[i] = int64(e.Actor), int64(e.Causation)
		id[i], command[i], story[i] = e.ID, e.CommandID, e.Correlation
		types[i], contexts[i], schema[i] = e.Type, string(e.Context), int16(e.Schema)
		data[i] = string(e.Data)
		for j, t := range e.Tags {
			if j > 0 {
				tags[i] += "\n"
			}
			tags[i] += string(t)
		}
	}
	batch.Queue(insertBareEvents, position, prev, id, types, contexts, schema, key, tags, data, actor, command, causation, story, time.Now())
}

// queueTags sorts the rows as the log's writer does, which suits the index.
func (b *bareRows) queueTags(batch *pgx.Batch, n int) {
	type row struct {
		bareTag
		position int64
	}
	var rows []row
	for i := range n {
		for _, t := range b.tags[b.at(i)] {
			rows = append(rows, row{t, b.next + int64(i)})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.position, b.position)) })
	hashes, positions, types := make([]int64, len(rows)), make([]int64, len(rows)), make([]int32, len(rows))
	for i, r := range rows {
		hashes[i], positions[i], types[i] = r.hash, r.position, r.typ
	}
	batch.Queue(insertBareTags, hashes, positions, types)
}

func (b *bareRows) queueCommands(batch *pgx.Batch, n int) {
	ids, prints, positions := make([][16]byte, n), make([][]byte, n), make([]int64, n)
	for i := range n {
		ids[i], prints[i], positions[i] = uuid.New(), make([]byte, 32), b.next+int64(i)
	}
	batch.Queue(insertBareCommands, ids, prints, positions, positions, time.Now())
}
