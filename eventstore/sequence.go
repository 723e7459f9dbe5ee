package eventstore

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
)

const (
	drawIDs = "SELECT nextval($1::regclass) FROM generate_series(1, $2::int)"

	// keepDrawn lets the transaction that draws ids wait until the draw is on the disk,
	// with those that others made just before. Otherwise a server that crashed would
	// forget the draw and give the same ids again, while this process goes on and uses
	// them. PostgreSQL logs sequences some ids ahead, so a draw may write nothing to
	// its log, and then a commit waits for nothing: hence the message, which nobody reads.
	keepDrawn = "SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'opsledger', '')::text"
)

func sequenceName(s domain.Sequence) string { return "log.id_" + string(s) }

const raiseSequence = "SELECT setval($1::regclass, greatest(nextval($1::regclass), $2::bigint))"

// RaiseSequence makes sure that ids drawn from now on are greater than the
// given one, which an imported log has used.
func (s *Store) RaiseSequence(ctx context.Context, sequence domain.Sequence, used int64) error {
	s.ids.forget(sequence)
	if _, err := s.reads.Exec(ctx, raiseSequence, sequenceName(sequence), used); err != nil {
		return fmt.Errorf("raise the ids of %s: %w", sequence, translate(err))
	}
	return nil
}
