package projections

import (
	"context"
	"fmt"
	"time"
)

// persistEvery bounds how far the checkpoint's row lags behind when only events
// of other contexts come.
const persistEvery = time.Second

// load reads where the tables are.
func (l *leadership) load(ctx context.Context) error {
	row, err := readCheckpoint(ctx, l, schemaOf(l.context))
	if err != nil {
		return err
	}
	if row.log != l.Store.LogID() || row.version != l.Model.Version() {
		return fmt.Errorf("the tables are of log %s and version %d, this program needs log %s and version %d",
			row.log, row.version, l.Store.LogID(), l.Model.Version())
	}
	l.row, l.applied, l.persisted, l.garbage = row, row.position, time.Now(), true
	l.metrics.see(row.position)
	l.Progress.restart(l.context, row.position)
	return nil
}

// persist writes how far events of other contexts have brought the checkpoint.
func (l *leadership) persist(ctx context.Context) error {
	if l.applied == l.row.position {
		return nil
	}
	ok, err := moveCheckpoint(ctx, l, schemaOf(l.context), l.row, l.applied)
	if err != nil {
		return err
	}
	if !ok {
		return l.lost(ctx)
	}
	l.row.position, l.persisted = l.applied, time.Now()
	return nil
}

// persistInTime keeps the checkpoint's row from lagging behind for long.
func (l *leadership) persistInTime(ctx context.Context) error {
	if l.applied > l.row.position && time.Since(l.persisted) > persistEvery {
		return l.persist(ctx)
	}
	return nil
}

// finish persists at the end of the runner's life; it is only a convenience.
func (l *leadership) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := l.persist(ctx); err != nil {
		l.Log.Debug("the checkpoint's last idle steps were not written", "error", err)
	}
}

// lost is what to do when the checkpoint is not where it was left: a leader goes
// on from where it is now, in the new tables if they were replaced.
func (l *leadership) lost(ctx context.Context) error {
	if !l.locked {
		return errLost
	}
	if err := l.load(ctx); err != nil {
		return err
	}
	return l.catchUp(ctx)
}
