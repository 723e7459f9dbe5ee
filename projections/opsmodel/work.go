package opsmodel

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// Work is what a machine is to do, as of a position.
type Work struct {
	Position domain.Position
	// Open are the tasks with an open attempt, by attempt.
	Open []Task
	// Accounts are the sets of keys of all accounts that ever had one.
	Accounts []AccountKeys
}

const workPosition = `SELECT position FROM ops.checkpoint`

// Work returns a machine's work, all of it at one position. It costs what the
// machine has open, whatever else there is.
func (r *Reader) Work(ctx context.Context, machine int64) (w Work, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, r.pool, options, func(tx pgx.Tx) error {
		var queries pgx.Batch
		queries.Queue(workPosition).QueryRow(func(row pgx.Row) error { return row.Scan(&w.Position) })
		queries.Queue(openTasks, machine).Query(func(rows pgx.Rows) (err error) {
			w.Open, err = pgx.CollectRows(rows, scanTask)
			return err
		})
		queries.Queue(keysOfMachine, machine).Query(func(rows pgx.Rows) (err error) {
			w.Accounts, err = pgx.CollectRows(rows, scanAccountKeys)
			return err
		})
		return tx.SendBatch(ctx, &queries).Close()
	})
	if err != nil {
		return Work{}, fmt.Errorf("read a machine's work: %w", err)
	}
	return w, nil
}
