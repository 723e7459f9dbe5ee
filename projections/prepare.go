package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
)

// prepareWait is the time between two looks at another process's rebuild.
const prepareWait = 200 * time.Millisecond

// Prepare makes the models' tables where they are missing, and rebuilds those of
// another log or an older version. While another process does so it waits.
// Tables of a newer version are an error: this program must not touch them. An
// event that cannot be applied is none: the tables then end before it, and the
// runner says so.
func Prepare(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store, models ...Model) error {
	for _, m := range models {
		for {
			err := prepare(ctx, pool, store, m)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrRebuilding) {
				return fmt.Errorf("prepare the %s tables: %w", m.Context(), err)
			}
			if !backoff.Sleep(ctx, backoff.Jitter(prepareWait)) {
				return ctx.Err()
			}
		}
	}
	return nil
}

func prepare(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store, m Model) error {
	fits := func(q querier) (bool, error) {
		row, err := readCheckpoint(ctx, q, schemaOf(m.Context()))
		switch {
		case errors.Is(err, errNoTables):
			return false, nil
		case err != nil:
			return false, err
		case row.log == store.LogID() && row.version > m.Version():
			return false, fmt.Errorf("they are of version %d, made by a newer program; this one knows version %d", row.version, m.Version())
		}
		return row.log == store.LogID() && row.version == m.Version(), nil
	}
	if ok, err := fits(pool); ok || err != nil {
		return err
	}
	return withRebuild(ctx, pool, store, m, func(r *rebuild) error {
		// Another process may have been faster.
		if ok, err := fits(r); ok || err != nil {
			return err
		}
		r.partial = true
		return r.run(ctx, nil)
	})
}
