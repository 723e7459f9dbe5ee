package eventstore

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// Each statement at READ COMMITTED has its own snapshot. What is looked up is
// therefore looked up in statements after the one that got the lock: everything
// committed before is visible then, and nothing can be added until we end.
const (
	begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

	findEvent = "SELECT id FROM log.events WHERE position = $1"

	// The upper bound keeps the search out of the partitions that are still empty.
	lastMatches = `SELECT i.idx, c.position
	FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::text[]) AS i(idx, hash, after, types)
	CROSS JOIN LATERAL (
		SELECT t.position FROM log.event_tags t
		WHERE t.tag_hash = i.hash AND t.position > i.after AND t.position <= $5
			AND (i.types = '' OR t.type_hash = ANY(i.types::int[]))
		ORDER BY t.position DESC LIMIT 1) c`

	extendLog = "SELECT log.extend($1, $2)"
)

// What a batch is written with.
var (
	beginBatch = statement{"opsledger_begin", begin}
	takeHead   = statement{"opsledger_head", lockHead}
	putEvents  = statement{"opsledger_events", `INSERT INTO log.events (position, prev, id, type, context, schema, key, tags, data,
		actor, command_id, causation, correlation, recorded_at)
	SELECT position, prev, id, type, context, schema, key, tags, data::json,
		actor, command_id, causation, correlation, $14::timestamptz
	FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::int2[], $7::bigint[], $8::text[], $9::text[],
		$10::bigint[], $11::uuid[], $12::bigint[], $13::uuid[])
		AS e(position, prev, id, type, context, schema, key, tags, data, actor, command_id, causation, correlation)`}
	putTags = statement{"opsledger_tags", `INSERT INTO log.event_tags (tag_hash, position, type_hash)
	SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[])`}
	putCommands = statement{"opsledger_commands", `INSERT INTO log.commands (command_id, fingerprint, first, last, status, body, recorded_at)
	SELECT command_id, fingerprint, first, last, status, body::json, $7::timestamptz
	FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::bigint[], $5::int[], $6::text[])
		AS c(command_id, fingerprint, first, last, status, body)`}
	putHead  = statement{"opsledger_move", `UPDATE log.head SET position = $1, recorded_at = $2, last_access = $3, last_dns = $4, last_ops = $5`}
	endBatch = statement{"opsledger_end", "COMMIT"}
)

// inspect opens the transaction, takes the head's lock, and looks at what the
// batch depends on, in one round trip. sent is an earlier attempt whose outcome is
// unknown. Events after reach are not looked at: the caller makes sure that there are none.
func inspect(ctx context.Context, conn *pgx.Conn, batch []*entry, sent *plan, reach domain.Position) (inspection, error) {
	seen := inspection{known: map[uuid.UUID]storedCommand{}, conflicts: map[int32]bool{}}
	var b pgx.Batch
	b.Queue(begin)
	b.Queue(lockHead).QueryRow(func(row pgx.Row) (err error) { seen.head, err = scanHead(row); return err })
	if sent != nil && len(sent.events) > 0 {
		b.Queue(findEvent, sent.events[0].Position).Query(func(rows pgx.Rows) error {
			ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			if len(ids) == 1 {
				seen.first = ids[0]
			}
			return err
		})
	}
	queueKnown(&b, batch, seen.known)
	queueConditions(&b, batch, seen.conflicts, reach)
	return seen, conn.SendBatch(ctx, &b).Close()
}

func queueKnown(b *pgx.Batch, batch []*entry, known map[uuid.UUID]storedCommand) {
	ids := keyedIDs(batch)
	if len(ids) == 0 {
		return
	}
	b.Queue(selectCommands, ids).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scanCommand)
		for _, c := range found {
			known[c.id] = c
		}
		return err
	})
}

func keyedIDs(batch []*entry) [][16]byte {
	ids := make([][16]byte, 0, len(batch))
	for _, e := range batch {
		if e.keyed {
			ids = append(ids, e.commandID)
		}
	}
	return ids
}

// queueConditions finds the last event that matches each condition.
func queueConditions(b *pgx.Batch, batch []*entry, conflicts map[int32]bool, reach domain.Position) {
	l := lookupsOf(batch, nil)
	if len(l.index) == 0 {
		return
	}
	b.Queue(lastMatches, l.index, l.hashes, l.after, l.types, int64(reach)).Query(func(rows pgx.Rows) error {
		var n int32
		var last domain.Position
		_, err := pgx.ForEachRow(rows, []any{&n, &last}, func() error {
			for _, a := range l.asked[n] {
				if last > a.after {
					conflicts[a.entry] = true
				}
			}
			return nil
		})
		return err
	})
}

// addPlan adds the plan's rows and the end of the transaction. The commands come
// first: one that is known already fails by its key before anything else is written.
func (w *wire) addPlan(p *plan) {
	if len(p.keyed) > 0 {
		w.addCommands(p)
	}
	if len(p.events) > 0 {
		w.addEvents(p)
		w.addTags(p.tags)
		last := p.head.Last
		w.add(putHead, int8Of(int64(p.head.Position)), timeOf(p.head.RecordedAt),
			int8Of(int64(last[domain.ContextAccess])), int8Of(int64(last[domain.ContextDNS])), int8Of(int64(last[domain.ContextOps])))
	}
	w.add(endBatch)
	w.end()
}

// commit writes the plan and ends the transaction, in one round trip, on a
// connection with prepared statements.
func commit(conn *pgx.Conn, p *plan) error {
	var m wire
	m.addPlan(p)
	f := fly(conn.PgConn(), p, m, nil)
	<-f.landed
	return f.err
}
