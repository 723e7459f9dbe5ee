package eventstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// load reads what a batch of loads wants, in one round trip: first the head, then the
// commands, the ids and the tails.
func (s *Store) load(batch []*load) error {
	return s.read(context.Background(), func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, readLimit)
		defer cancel()
		var (
			b    pgx.Batch
			head storedHead
		)
		b.Queue(selectHead).QueryRow(func(row pgx.Row) (err error) { head, err = scanHead(row); return err })
		queueLookups(&b, batch)
		s.queueIDs(&b, batch)
		queueTails(&b, batch)
		if err := s.reads.SendBatch(ctx, &b).Close(); err != nil {
			return err
		}
		if head.log != s.id {
			return ErrOtherLog
		}
		for _, l := range batch {
			l.head = head.Position
		}
		return nil
	})
}

func queueLookups(b *pgx.Batch, batch []*load) {
	var ids [][16]byte
	for _, l := range batch {
		if l.lookup != nil {
			ids = append(ids, *l.lookup)
		}
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(selectCommands, ids).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scanCommand)
		for _, l := range batch {
			if i := slices.IndexFunc(found, func(c storedCommand) bool { return l.lookup != nil && c.id == *l.lookup }); i >= 0 {
				l.stored = &found[i]
			}
		}
		return err
	})
}

// queueIDs draws the ids of all loads at once, and more in advance when many are wanted.
func (s *Store) queueIDs(b *pgx.Batch, batch []*load) {
	totals := map[domain.Sequence]int{}
	for _, l := range batch {
		for sequence, n := range l.missing {
			totals[sequence] += n
		}
	}
	if len(totals) > 0 {
		b.Queue(keepDrawn)
	}
	for _, sequence := range slices.Sorted(maps.Keys(totals)) {
		n := totals[sequence]
		b.Queue(drawIDs, sequenceName(sequence), n+s.ids.more(sequence, n, time.Now())).Query(func(rows pgx.Rows) error {
			ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if err == nil {
				dealIDs(batch, sequence, ids[:n])
				s.ids.put(sequence, ids[n:], time.Now())
			}
			return err
		})
	}
}

func dealIDs(batch []*load, sequence domain.Sequence, ids []int64) {
	for _, l := range batch {
		n := l.missing[sequence]
		if n == 0 {
			continue
		}
		if l.ids == nil {
			l.ids = map[domain.Sequence][]int64{}
		}
		l.ids[sequence], ids = ids[:n:n], ids[n:]
	}
}

// queueTails reads the wanted tails, each only once, and gives each to all who want it.
func queueTails(b *pgx.Batch, batch []*load) {
	var (
		numbers       = map[wanted]int32{}
		index         []int32
		hashes, after []int64
		types         []string
	)
	for _, l := range batch {
		for _, w := range l.items {
			if _, known := numbers[w]; known {
				continue
			}
			n := int32(len(numbers))
			numbers[w] = n
			index, hashes = append(index, n), append(hashes, hashTag(w.tag))
			after, types = append(after, int64(w.after)), append(types, w.types)
		}
	}
	if len(index) == 0 {
		return
	}
	b.Queue(readTails, index, hashes, after, types).Query(func(rows pgx.Rows) error {
		tails, err := collectTails(rows, len(index))
		if err != nil {
			return err
		}
		for _, l := range batch {
			l.tails = make([][]protocol.Envelope, len(l.items))
			for i, w := range l.items {
				l.tails[i] = tails[numbers[w]]
			}
		}
		return nil
	})
}
