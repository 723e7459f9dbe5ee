package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// switchPage is how many events the switch reads at once.
const switchPage = 1_000

// replace puts the next tables in the place of the old ones in one transaction.
// While the old checkpoint is locked no runner can apply, so what the new tables
// lack is little and grows no more. The old tables are only moved away: dropping
// them here would wait for their readers, and for the runner that waits for us.
func (r *rebuild) replace(ctx context.Context) error {
	row := r.row
	err := pgx.BeginFunc(ctx, r.Conn, func(tx pgx.Tx) error {
		old, exists, err := r.lockOld(ctx, tx)
		if err != nil {
			return err
		}
		if !r.stopped {
			if err := r.applyRest(ctx, tx); err != nil {
				return err
			}
			if exists && old.log == r.row.log && old.position > r.row.position {
				return fmt.Errorf("the old tables are at position %d, the log's head at %d", old.position, r.row.position)
			}
		}
		return r.rename(ctx, tx, exists)
	})
	if err != nil {
		r.row = row
		return fmt.Errorf("switch: %w", err)
	}
	return nil
}

// lockOld locks the old tables' checkpoint, if there are any. They cannot appear
// meanwhile: only who holds the rebuild's lock makes tables.
func (r *rebuild) lockOld(ctx context.Context, tx pgx.Tx) (old checkpoint, exists bool, err error) {
	schema := schemaOf(r.model.Context())
	err = tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, checkpointTable(schema)).Scan(&exists)
	if err != nil || !exists {
		return old, false, err
	}
	old, err = lockCheckpoint(ctx, tx, schema)
	if errors.Is(err, errNoTables) {
		return old, false, nil // a table without its row
	}
	return old, true, err
}

// applyRest applies what was appended since fill. Events that come meanwhile
// are left to the runner.
func (r *rebuild) applyRest(ctx context.Context, tx pgx.Tx) error {
	head, err := r.store.Head(ctx)
	if err != nil {
		return err
	}
	for r.row.position < head.Position {
		events, err := r.store.Read(ctx, r.row.position, min(switchPage, int(head.Position-r.row.position)))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return fmt.Errorf("the log ends at %d, its head is %d", r.row.position, head.Position)
		}
		if err := r.apply(ctx, tx, events); err != nil {
			return err
		}
		r.row.position = events[len(events)-1].Position
	}
	return nil
}

func (r *rebuild) rename(ctx context.Context, tx pgx.Tx, exists bool) error {
	c := r.model.Context()
	if exists {
		if err := retireCheckpoint(ctx, tx, schemaOf(c)); err != nil {
			return err
		}
	}
	// A schema without a checkpoint is not a whole read model; it goes the same way.
	var present bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, schemaOf(c)).Scan(&present); err != nil {
		return err
	}
	if present {
		if err := renameSchema(ctx, tx, schemaOf(c), oldSchemaOf(c)); err != nil {
			return err
		}
	}
	return renameSchema(ctx, tx, nextSchemaOf(c), schemaOf(c))
}

func renameSchema(ctx context.Context, tx pgx.Tx, from, to string) error {
	_, err := tx.Exec(ctx, `ALTER SCHEMA `+pgx.Identifier{from}.Sanitize()+` RENAME TO `+pgx.Identifier{to}.Sanitize())
	return err
}
