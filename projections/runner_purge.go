package projections

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// purgeLimit is how many rows one idle purge looks at.
const purgeLimit = 2_000

// purger is a [Model] that leaves rows behind which no list of the present shows.
type purger interface {
	// Purge looks at up to limit of them and tells whether more may be left.
	Purge(ctx context.Context, tx pgx.Tx, schema string, limit int) (more bool, err error)
}

// errNothingPurged rolls a needless transaction back.
var errNothingPurged = errors.New("nothing to purge")

// purge cleans up a little. The checkpoint keeps its place, but is locked: the
// tables may only be changed by who could apply to them.
func (l *leadership) purge(ctx context.Context) error {
	p, ok := l.Model.(purger)
	if !ok || !l.garbage {
		return nil
	}
	err := pgx.BeginFunc(ctx, l.Conn, func(tx pgx.Tx) error {
		row, err := lockCheckpoint(ctx, tx, schemaOf(l.context))
		if err != nil {
			return err
		}
		if row != l.row {
			return errLost
		}
		more, err := p.Purge(ctx, tx, schemaOf(l.context), purgeLimit)
		if err == nil && !more {
			err = errNothingPurged
		}
		return err
	})
	switch {
	case errors.Is(err, errNothingPurged):
		l.garbage = false
		return nil
	case errors.Is(err, errLost):
		return l.lost(ctx)
	}
	return err
}
