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
		err = w.begin(ctx, conn)
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

// begin makes a new connection the writer's.
func (w *writer) begin(ctx context.Context, conn *pgx.Conn) error {
	if err := w.recognize(ctx, conn); err != nil {
		return err
	}
	if err := prepareStatements(ctx, conn); err != nil {
		return err
	}
	return w.succeed(ctx, conn)
}

// session is a connection as the server knows it, the zero value one that it does
// not let us see, such as that of a login which acts in another role.
type session struct {
	pid   int32
	since time.Time
}

const (
	ownSession = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid() AND backend_start IS NOT NULL"
	// endSession also waits, for so many milliseconds at most, until it has ended.
	endSession      = "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
	sessionPatience = 1000
)

// succeed ends the session of the connection before, which may live on without
// us: what flies there must not be committed after its fate was looked up.
func (w *writer) succeed(ctx context.Context, conn *pgx.Conn) error {
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
