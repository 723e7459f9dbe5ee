package translog

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
)

// ErrPublishing says that a process signs checkpoints at this moment.
var ErrPublishing = errors.New("a process signs checkpoints of this log: end it first")

// Mend makes the tiles of the published tree anew, up to its newest checkpoint, and returns how many
// events they are of. What was signed decides: if the log's events do not have the checkpoint's
// root, that is an error, and nothing is changed. progress, if not nil, is told how far it is. Behind
// the checkpoint a Publisher goes on.
func Mend(ctx context.Context, pool *pgxpool.Pool, progress func(done, all int64)) (size int64, err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := lockOut(ctx, tx); err != nil {
			return err
		}
		s, err := readPublished(ctx, tx)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && s.signed.Size == 0 {
			return ErrNotPublished
		}
		if err != nil {
			return err
		}
		size = s.signed.Size
		return mend(ctx, tx, s.signed, progress)
	})
	if err != nil {
		return 0, fmt.Errorf("make the tiles of the log's tree anew: %w", err)
	}
	return size, nil
}

// lockOut takes the lock of who signs. The session of a process that has just ended holds it for a
// moment longer; one that signs holds it all the time.
func lockOut(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock("+lockKey+"); SET LOCAL lock_timeout = 0")
	if refused, is := errors.AsType[*pgconn.PgError](err); is && refused.Code == lockNotAvailable {
		return ErrPublishing
	}
	return err
}

// lockNotAvailable is the code of a lock that was waited for in vain.
const lockNotAvailable = "55P03"

func mend(ctx context.Context, tx pgx.Tx, c Checkpoint, progress func(done, all int64)) error {
	if _, err := tx.Exec(ctx, "DELETE FROM translog.tiles WHERE origin = $1", c.Origin); err != nil {
		return err
	}
	r := NewRegrowth(tx, c.Origin)
	for r.tree.Size() < c.Size {
		leaves, from := make([]tlog.Hash, 0, readPage), r.tree.Size()
		end := min(from+readPage, c.Size)
		err := eventstore.AuditEvents(ctx, tx.Conn(), domain.Position(from+1), domain.Position(end+1), nil, func(e eventstore.AuditedEvent) error {
			if e.Position != domain.Position(from)+domain.Position(len(leaves))+1 {
				return fmt.Errorf("the events before position %d are not all there", int64(e.Position))
			}
			leaves = append(leaves, e.Leaf)
			return nil
		})
		if err == nil && from+int64(len(leaves)) < end {
			err = fmt.Errorf("event %d is not in the log", from+int64(len(leaves))+1)
		}
		if err != nil {
			return err
		}
		for _, leaf := range leaves {
			if err := r.Add(ctx, leaf); err != nil {
				return err
			}
		}
		progress(end, c.Size)
	}
	if err := r.check(c); err != nil {
		return err
	}
	maps.Copy(r.fresh, r.tree.Edge())
	if err := r.flush(ctx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE translog.tree SET size = $1 WHERE origin = $2", c.Size, c.Origin)
	return err
}
