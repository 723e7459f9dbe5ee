package webhooks

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// holdEvery is how often it is proved that the lock is still held, and holdWithin how long a proof
	// may take: together less than the 15 s after which the server may end the session. closeWithin
	// bounds the session's end.
	holdEvery, holdWithin, closeWithin = 3 * time.Second, 10 * time.Second, time.Second
	// The lock ends with its session: that of a process that has frozen when it is idle for long, and
	// that of a machine that is gone when it does not answer.
	openSession = `SELECT set_config(name, value, false) FROM pg_settings JOIN (VALUES ('application_name', 'opsledger webhooks'),
		('idle_session_timeout', '15000'), ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '3'), ('tcp_keepalives_count', '3'),
		('tcp_user_timeout', '15000')) wanted (name, value) USING (name)`
	tryLock = `SELECT pg_try_advisory_lock(hashtextextended('opsledger webhooks ' || $1::text, 0))`
)

// takeTurn delivers while this process has the lock. It returns at once where another process has it,
// and nil, too, when there are no webhooks any more.
func (w *Worker) takeTurn(ctx context.Context) error {
	conn, got, err := w.lock(ctx)
	if err != nil || !got {
		return err
	}
	defer unlock(conn)
	ctx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	held := make(chan struct{})
	go func() {
		defer close(held)
		hold(ctx, conn, lose)
	}()
	defer func() { lose(nil); <-held }() // the session is one goroutine's at a time
	return w.deliver(ctx)
}

func (w *Worker) lock(ctx context.Context) (conn *pgx.Conn, got bool, err error) {
	pooled, err := w.cfg.Pool.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	if err = pooled.QueryRow(ctx, tryLock, w.cfg.Store.LogID().String()).Scan(&got); err == nil && !got {
		pooled.Release()
		return nil, false, nil
	}
	conn = pooled.Hijack() // the lock is the session's; after an error nobody knows whether there is one
	if err == nil {
		_, err = conn.Exec(ctx, openSession)
	}
	if err != nil {
		unlock(conn)
	}
	return conn, got, err
}

// unlock ends a session. Whoever wants the lock next should find it free.
func unlock(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	_ = conn.Close(ctx) // the server notices a broken connection by itself
}

// hold ends ctx when the lock may be another's.
func hold(ctx context.Context, conn *pgx.Conn, lose context.CancelCauseFunc) {
	for backoff.Sleep(ctx, holdEvery) {
		within, cancel := context.WithTimeout(ctx, holdWithin)
		_, err := conn.Exec(within, "SELECT")
		cancel()
		if err != nil {
			lose(fmt.Errorf("the lock of those who deliver: %w", err))
			return
		}
	}
}
