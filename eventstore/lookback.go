package eventstore

import (
	"context"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// Each step goes along prev to one position: the events between belong to other
// contexts and cost nothing.
const readBack = `WITH RECURSIVE back AS (
		SELECT e.* FROM log.events e WHERE e.position = $1
		UNION ALL
		SELECT e.* FROM back b
		CROSS JOIN LATERAL (SELECT * FROM log.events e WHERE e.position = b.prev OFFSET 0) e
		WHERE b.prev > $2)
	SELECT ` + columns + " FROM back e LIMIT $3"

// ReadBack returns events of one context, the latest first, limit of them at most.
// They are the event at last, which must be one of the context's (see [Head]), and
// those before it whose position is greater than after.
func (s *Store) ReadBack(ctx context.Context, last, after domain.Position, limit int) ([]protocol.Envelope, error) {
	if last <= after {
		return nil, nil
	}
	return s.page(ctx, readBack, last, after, limit)
}

// Load brings folds to the state of the head as of now, which it returns. It serves
// queries; a decision reads through its history.
func (s *Store) Load(ctx context.Context, folds ...domain.Fold) (domain.Position, error) {
	tails, l := make([]tail, len(folds)), &load{items: make([]wanted, len(folds))}
	for i, f := range folds {
		tails[i] = s.tailOf(f)
		l.items[i] = tails[i].wants()
	}
	if err := s.loader.do(ctx, l); err != nil {
		return 0, err
	}
	for i := range tails {
		if err := s.fold(&tails[i], l.tails[i], l.head); err != nil {
			return 0, err
		}
	}
	return l.head, nil
}
