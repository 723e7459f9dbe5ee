package projections

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// fencedTx is a transaction that begins, and moves the checkpoint, in the same
// round trip as the first statements of the model.
//
// Invariant: nothing is read or written before the checkpoint was moved. A model
// whose transaction lost the race for it gets errLost.
type fencedTx struct {
	// Tx is nil: a model neither begins, commits nor rolls back.
	pgx.Tx
	conn *pgx.Conn
	// fence queues the statements that come first; nil once they were sent.
	fence func(*pgx.Batch)
}

// fenced runs f in a transaction that begins with the fence, and commits it
// unless there is an error.
func fenced(ctx context.Context, conn *pgx.Conn, fence func(*pgx.Batch), f func(pgx.Tx) error) (err error) {
	tx := &fencedTx{conn: conn, fence: fence}
	defer func() {
		if err == nil || conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if _, failed := conn.Exec(ctx, "ROLLBACK"); failed != nil {
			_ = conn.Close(ctx) // it must not be used with a transaction open
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.first(ctx); err != nil {
		return err
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// open returns a batch that begins as the transaction must; it is empty once it has.
func (t *fencedTx) open() *pgx.Batch {
	b := &pgx.Batch{}
	if t.fence != nil {
		b.Queue("BEGIN")
		t.fence(b)
		t.fence = nil
	}
	return b
}

// first sends what must come first, for statements that travel alone.
func (t *fencedTx) first(ctx context.Context) error {
	if t.fence == nil {
		return nil
	}
	return t.conn.SendBatch(ctx, t.open()).Close()
}

// SendBatch implements [pgx.Tx].
func (t *fencedTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	all := t.open()
	all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...)
	return t.conn.SendBatch(ctx, all)
}

// CopyFrom implements [pgx.Tx].
func (t *fencedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := t.first(ctx); err != nil {
		return 0, err
	}
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

// Exec implements [pgx.Tx].
func (t *fencedTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := t.first(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.conn.Exec(ctx, sql, args...)
}

// Query implements [pgx.Tx].
func (t *fencedTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.first(ctx); err != nil {
		return nil, err
	}
	return t.conn.Query(ctx, sql, args...)
}

// QueryRow implements [pgx.Tx].
func (t *fencedTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := t.first(ctx); err != nil {
		return failedRow{err}
	}
	return t.conn.QueryRow(ctx, sql, args...)
}

// Conn implements [pgx.Tx].
func (t *fencedTx) Conn() *pgx.Conn { return t.conn }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
