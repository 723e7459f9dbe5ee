package eventstore

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// OFFSET 0 and the nested loop keep each item a walk along (tag_hash, position)
// from its own position on, however many items and partitions there are.
const readTails = "SELECT i.idx, " + columns + `
	FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::text[]) AS i(idx, hash, after, types)
	CROSS JOIN LATERAL (
		SELECT e.* FROM log.event_tags t
		CROSS JOIN LATERAL (SELECT * FROM log.events e WHERE e.position = t.position OFFSET 0) e
		WHERE t.tag_hash = i.hash AND t.position > i.after
			AND (i.types = '' OR t.type_hash = ANY(i.types::int[]))
		ORDER BY t.position OFFSET 0) e`

// collectTails sorts the rows of readTails by item.
func collectTails(rows pgx.Rows, items int) ([][]protocol.Envelope, error) {
	tails := make([][]protocol.Envelope, items)
	var i int32
	err := scanEnvelopes(rows, []any{&i}, func(e *protocol.Envelope) bool {
		tails[i] = append(tails[i], *e)
		return true
	})
	byPosition := func(a, b protocol.Envelope) int { return cmp.Compare(a.Position, b.Position) }
	for _, tail := range tails {
		if !slices.IsSortedFunc(tail, byPosition) {
			slices.SortFunc(tail, byPosition) // SQL promises no order across the join
		}
	}
	return tails, err
}

// tail is a fold with the state that it has: a cached one or none, and once it was read
// the one at the head.
type tail struct {
	fold domain.Fold
	item domain.Item
	key  foldKey
	// hash stands for the item's tag in the tag index.
	hash  int64
	types *itemTypes
	from  foldState
	// cached is the place of from in the cache, nil if from is not there.
	cached *cached
}

func (s *Store) tailOf(f domain.Fold) tail {
	item := f.Item()
	t := tail{fold: f, item: item, hash: hashTag(item.Tag), types: s.types.of(reflect.TypeOf(f), item)}
	t.key = foldKey{item.Tag, t.types}
	t.from, t.cached = s.cache.get(t.key)
	return t
}

// wants says which events bring the fold up to date.
func (t *tail) wants() wanted {
	return wanted{tag: t.item.Tag, types: t.types.all.text, after: t.from.at}
}

// fold brings the tail's fold to the head, with the events that it wants, and keeps its state.
func (s *Store) fold(t *tail, events []protocol.Envelope, head domain.Position) error {
	if t.from.at > head {
		// The database fell back behind what this process has seen.
		s.cache.drop(t.key)
		return ErrOtherLog
	}
	if t.from.snapshot != nil {
		t.fold.Restore(t.from.snapshot)
	}
	folded := 0
	for i := range events {
		e := &events[i]
		if e.Position > head || !selects(t.item.Tag, t.item.Types, e) {
			continue
		}
		recorded, err := e.Decode(s.codec)
		if err != nil {
			return fmt.Errorf("load %T: %w", t.fold, err)
		}
		t.fold.Apply(recorded)
		folded++
	}
	s.remember(t, head, folded)
	return nil
}

// remember keeps the state at the head. Without new events the old snapshot
// serves on, and an empty state is not worth keeping.
func (s *Store) remember(t *tail, head domain.Position, folded int) {
	t.from.at, t.from.holds, t.from.stale = head, t.from.holds+folded, false
	if t.from.holds == 0 {
		return
	}
	if folded > 0 {
		t.from.snapshot = t.fold.Snapshot()
	}
	if sized, is := t.from.snapshot.(domain.Sized); is {
		t.from.holds = max(1, sized.Size())
	}
	s.cache.put(t.key, t.cached, t.from)
}
