package eventstore

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// Each statement at READ COMMITTED has its own snapshot. Conditions and commands
// are therefore looked up in statements after the one that got the lock: everything
// committed before is visible to those, and nobody can append until the
// transaction ends.
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

// inspect opens the transaction, takes the head's lock, and looks at what the
// batch depends on, in one round trip. sent is an earlier attempt whose outcome is
// unknown. Events after upTo are not searched: the caller makes sure that there are none.
func inspect(ctx context.Context, conn *pgx.Conn, batch []*entry, sent *plan, upTo domain.Position) (inspection, error) {
	seen := inspection{known: map[uuid.UUID]storedCommand{}, conflicts: map[int32]bool{}, places: map[uuid.UUID]place{}}
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
	queueDoubtful(&b, batch, seen.places)
	queueKnown(&b, batch, seen.known)
	queueConditions(&b, batch, seen.conflicts, upTo)
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
func queueConditions(b *pgx.Batch, batch []*entry, conflicts map[int32]bool, upTo domain.Position) {
	l := lookupsOf(batch, nil)
	if len(l.index) == 0 {
		return
	}
	b.Queue(lastMatches, l.index, l.hashes, l.after, l.types, int64(upTo)).Query(func(rows pgx.Rows) error {
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
