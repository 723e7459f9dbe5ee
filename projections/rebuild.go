package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// switchWithin is how many events the new tables may lack when the switch
	// begins, which applies them while the old tables stand still.
	switchWithin = 500
	// fillRounds bounds the pursuit of a log that grows as fast as it is applied;
	// then the switch takes what is missing.
	fillRounds = 30
	// dropWait bounds one attempt to drop tables that somebody may still read.
	dropWait = "2s"
)

// ErrRebuilding says that another process rebuilds the same tables at this moment.
var ErrRebuilding = errors.New("the tables are being rebuilt by another process")

// Rebuild computes a model's tables anew from the log, while the old ones are
// served and kept up to date, and replaces them in one transaction. It may run in
// any process. progress, if not nil, is told the position reached and that of the
// log's head. It returns [ErrRebuilding] when another rebuild is under way. What
// a crash leaves behind, the next rebuild removes.
func Rebuild(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store, m Model, progress func(position, head domain.Position)) error {
	err := withRebuild(ctx, pool, store, m, func(r *rebuild) error { return r.run(ctx, progress) })
	if err != nil {
		return fmt.Errorf("rebuild the %s tables: %w", m.Context(), err)
	}
	return nil
}

// rebuild is one rebuild, which holds the lock that allows one at a time.
//
// Invariants:
//  1. Readers find, under the schema's name, either the old tables or the new ones,
//     the latter with everything applied that the former had.
//  2. No event is applied to the old tables after the new ones took over: the old
//     checkpoint is locked during the switch and retired by it.
type rebuild struct {
	*session
	store *eventstore.Store
	model Model
	// row is the checkpoint of the next tables.
	row checkpoint
	// partial allows tables that end before an event that cannot be applied, when
	// there are no others that this program could serve; stopped tells that they do.
	partial, stopped bool
}

func withRebuild(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store, m Model, f func(*rebuild) error) error {
	s, err := openSession(ctx, pool, "opsledger rebuild "+string(m.Context()))
	if err != nil {
		return err
	}
	defer s.close()
	locked, err := s.tryLock(ctx, lockRebuild, m.Context())
	if err != nil {
		return err
	}
	if !locked {
		return ErrRebuilding
	}
	return f(&rebuild{session: s, store: store, model: m})
}

func (r *rebuild) run(ctx context.Context, progress func(position, head domain.Position)) error {
	if progress == nil {
		progress = func(domain.Position, domain.Position) {}
	}
	if err := r.create(ctx); err != nil {
		return err
	}
	if err := r.fill(ctx, progress); err != nil {
		return err
	}
	if err := r.analyze(ctx); err != nil {
		return err
	}
	err := r.replace(ctx)
	if r.stops(err) {
		err = r.replace(ctx)
	}
	if err != nil {
		return err
	}
	progress(r.row.position, r.row.position)
	// The new tables serve. The old ones may be read for a while; if they cannot
	// be dropped now, the next rebuild does it.
	_ = r.drop(ctx, oldSchemaOf(r.model.Context()))
	return nil
}

// create makes the empty next tables.
func (r *rebuild) create(ctx context.Context) error {
	c := r.model.Context()
	for _, left := range []string{nextSchemaOf(c), oldSchemaOf(c)} {
		if err := r.drop(ctx, left); err != nil {
			return fmt.Errorf("remove what an earlier rebuild left: %w", err)
		}
	}
	r.row = checkpoint{log: r.store.LogID(), version: r.model.Version()}
	return pgx.BeginFunc(ctx, r.Conn, func(tx pgx.Tx) error {
		next := nextSchemaOf(c)
		if _, err := tx.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{next}.Sanitize()); err != nil {
			return err
		}
		if err := createCheckpoint(ctx, tx, next, r.row.log, r.row.version); err != nil {
			return err
		}
		return r.model.Create(ctx, tx, next)
	})
}

// fill applies the log to the next tables until little is missing.
func (r *rebuild) fill(ctx context.Context, progress func(position, head domain.Position)) error {
	for range fillRounds {
		head, err := r.store.Head(ctx)
		if err != nil {
			return err
		}
		progress(r.row.position, head.Position)
		if head.Position-r.row.position <= switchWithin {
			return nil
		}
		err = r.store.Scan(ctx, r.row.position, head.Position, func(events []protocol.Envelope) error {
			err := pgx.BeginFunc(ctx, r.Conn, func(tx pgx.Tx) error { return r.apply(ctx, tx, events) })
			if err == nil {
				r.row.position = events[len(events)-1].Position
				progress(r.row.position, head.Position)
			}
			return err
		})
		if err != nil {
			if r.stops(err) {
				return nil
			}
			return err
		}
	}
	return nil
}

// stops decides whether the tables may end where they are.
func (r *rebuild) stops(err error) bool {
	r.stopped = r.stopped || r.partial && errors.Is(err, ErrPoisoned)
	return r.stopped && err != nil
}

// apply brings the next tables to the last of the given events.
func (r *rebuild) apply(ctx context.Context, tx pgx.Tx, all []protocol.Envelope) error {
	var own []protocol.Envelope
	for _, e := range all {
		if e.Context == r.model.Context() {
			own = append(own, e)
		}
	}
	next := nextSchemaOf(r.model.Context())
	ok, err := moveCheckpoint(ctx, tx, next, r.row, all[len(all)-1].Position)
	if err != nil {
		return err
	}
	if !ok {
		return errLost // somebody else works on these tables, against the lock
	}
	events, poison := decode(own, r.store)
	if poison != nil {
		return fmt.Errorf("%w: %w", ErrPoisoned, poison)
	}
	if len(events) == 0 {
		return nil
	}
	err = r.model.Apply(ctx, tx, next, events)
	if err != nil && ctx.Err() == nil && !transient(err) && !r.IsClosed() {
		return fmt.Errorf("%w: between the events %d and %d: %w", ErrPoisoned, events[0].Position, events[len(events)-1].Position, err)
	}
	return err
}

// analyze gives the planner statistics, which autovacuum would be late with.
func (r *rebuild) analyze(ctx context.Context) error {
	rows, err := r.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = $1`, nextSchemaOf(r.model.Context()))
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, t := range tables {
		if _, err := r.Exec(ctx, `ANALYZE `+pgx.Identifier{nextSchemaOf(r.model.Context()), t}.Sanitize()); err != nil {
			return fmt.Errorf("analyze: %w", err)
		}
	}
	return nil
}

// drop removes a schema, if there is one. It gives up when somebody reads the
// tables for longer than a moment, so that others need not queue behind it.
func (r *rebuild) drop(ctx context.Context, schema string) error {
	return pgx.BeginFunc(ctx, r.Conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('lock_timeout', $1, true)`, dropWait); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DROP SCHEMA IF EXISTS `+pgx.Identifier{schema}.Sanitize()+` CASCADE`)
		return err
	})
}
