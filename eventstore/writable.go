package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// refusal is why the database refused the last batch, and when.
type refusal struct {
	err error
	at  time.Time
}

const (
	// refusalCounts is how long a refusal counts where no trial can tell whether it holds.
	refusalCounts = 10 * time.Second
	// trialLimit bounds one trial.
	trialLimit = 5 * time.Second
	// trialWrite makes files grow, as an append does, and leaves nothing: about 4 MiB in a
	// table that ends with its transaction.
	trialWrite = `CREATE TEMPORARY TABLE opsledger_trial ON COMMIT DROP AS SELECT repeat('x', 1900) FROM generate_series(1, 2000)`
)

// Writable returns nil while the database takes what is appended, as far as is known. After
// it has refused a batch for a reason of its own, such as a full disk, Writable tries
// whether it still would, and returns the reason until it does not.
func (s *Store) Writable(ctx context.Context) error {
	last := s.writer.refused.Load()
	if last == nil {
		return nil
	}
	err := s.tryWrite(ctx)
	switch {
	case err == nil, !ofStorage(err) && time.Since(last.at) > refusalCounts:
		s.writer.refused.CompareAndSwap(last, nil)
		return nil
	case !ofStorage(err):
		err = last.err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

func (s *Store) tryWrite(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, trialLimit)
	defer cancel()
	tx, err := s.reads.Begin(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, trialWrite)
	return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
}

// ofStorage says that the server cannot write: its resources are used up (class 53), the
// system around it fails (class 58), or it takes no writes at all (25006).
func ofStorage(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code[:2] == "53" || pg.Code[:2] == "58" || pg.Code == "25006"
}
