package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

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
		err = w.adopt(ctx, conn)
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
	w.conn = conn
	w.extendAt = 0
	w.forget()
	return nil
}

// adopt makes a new connection the writer's.
func (w *writer) adopt(ctx context.Context, conn *pgx.Conn) error {
	if err := w.recognize(ctx, conn); err != nil {
		return err
	}
	if err := prepareStatements(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, compressFast); err != nil {
		return err
	}
	return w.replaceSession(ctx, conn)
}

// compressFast has large events compressed by LZ4 where the server was built with it: its own way takes the
// writer, and whoever reads the log, several times longer for some percent less.
const compressFast = `SELECT set_config(name, 'lz4', false) FROM pg_settings
	WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)`

// session is a connection as the server knows it. It is zero where the server does
// not let this process see it, as with a login that acts in another role.
type session struct {
	pid   int32
	since time.Time
}

const (
	ownSession = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid() AND backend_start IS NOT NULL"
	// endSession also waits, for so many milliseconds at most, until the session has ended.
	endSession      = "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
	sessionPatience = 1000
)

// replaceSession ends the session of the connection before, which may live on
// without this process: what was sent there must not be committed after its fate was
// looked up.
func (w *writer) replaceSession(ctx context.Context, conn *pgx.Conn) error {
	if w.session.pid != 0 {
		if _, err := conn.Exec(ctx, endSession, w.session.pid, w.session.since, sessionPatience); err != nil {
			return fmt.Errorf("end the session of the lost connection: %w", err)
		}
	}
	err := conn.QueryRow(ctx, ownSession).Scan(&w.session.pid, &w.session.since)
	if errors.Is(err, pgx.ErrNoRows) {
		w.session, err = session{}, nil
	}
	return err
}

// recognize refuses a database that was replaced, or fell back, while there was no connection.
func (w *writer) recognize(ctx context.Context, conn *pgx.Conn) error {
	head, err := scanHead(conn.QueryRow(ctx, selectHead))
	if err != nil {
		return err
	}
	if head.log != w.id {
		return ErrOtherLog
	}
	w.passed.Store(int64(head.Position))
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

// probe looks for a lost server while nobody appends, so that the writer finds it
// again, or finds that the database is another one.
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
