package eventstore

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
)

const (
	drawIDs = "SELECT nextval($1::regclass) FROM generate_series(1, $2::int)"

	// keepDrawn lets the transaction that draws ids wait until that is on the disk,
	// with what others drew just before it. Else a server that crashed would forget
	// it and give the same ids again, while this process goes on and uses its own.
	// Ids that others have logged in advance leave no trace in PostgreSQL's log, and a
	// commit without any is not waited for: hence the message, which nobody reads.
	keepDrawn = "SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'opsledger', '')::text"
)

func sequenceName(s domain.Sequence) string { return "log.id_" + string(s) }

// RaiseSequence makes sure that ids drawn from now on are greater than the
// given one, which an imported log has used.
func (s *Store) RaiseSequence(ctx context.Context, sequence domain.Sequence, used int64) error {
	const raise = "SELECT setval($1::regclass, greatest(nextval($1::regclass), $2::bigint))"
	s.ids.forget(sequence)
	if _, err := s.reads.Exec(ctx, raise, sequenceName(sequence), used); err != nil {
		return fmt.Errorf("raise the ids of %s: %w", sequence, translate(err))
	}
	return nil
}
