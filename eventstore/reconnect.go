package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// connect makes sure of a connection to the log that this process knows.
func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil && !w.conn.IsClosed() {
		return nil
	}
	caller := ctx
	ctx, cancel := context.WithTimeout(caller, 2*connectLimit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, w.config)
	if err == nil {
		acceptEncoded(conn)
		err = w.recognize(ctx, conn)
	}
	if err != nil {
		if conn != nil {
			_ = conn.Close(ctx) // useless in any case
		}
		if caller.Err() == nil && !w.down.Swap(true) {
			w.log.Error("the database is not available", "error", err)
		}
		if errors.Is(err, ErrOtherLog) {
			return err
		}
		//nolint:errorlint // not an answer to any statement of the batch, so it must not look like one
		return fmt.Errorf("connect: %v", err)
	}
	if w.down.Swap(false) {
		w.log.Info("the database is available again")
	}
	w.conn, w.extendAt, w.head, w.own = conn, 0, storedHead{}, window{}
	return nil
}

// recognize refuses a database that was replaced or fell back while we were away.
func (w *writer) recognize(ctx context.Context, conn *pgx.Conn) error {
	head, err := scanHead(conn.QueryRow(ctx, selectHead))
	if err != nil {
		return err
	}
	if head.log != w.id {
		return ErrOtherLog
	}
	if w.last == 0 {
		return nil
	}
	var id uuid.UUID
	err = conn.QueryRow(ctx, findEvent, w.last).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && id != w.lastID {
		return fmt.Errorf("event %d is gone: %w", w.last, ErrOtherLog)
	}
	return err
}

// probe looks for a lost server, so that it is found again, or is found to be
// another, while nobody appends.
func (w *writer) probe(ctx context.Context) error {
	if w.conn != nil && !w.conn.IsClosed() && disturbed(w.conn.PgConn().Conn()) {
		w.disconnect()
	}
	if err := w.connect(ctx); errors.Is(err, ErrOtherLog) {
		return err
	}
	return nil // logged by connect, and tried again
}

func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectLimit)
	defer cancel()
	_ = w.conn.Close(ctx) // a broken connection cannot say goodbye
	w.conn = nil
}
