package imports

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// claims of processes on zones: an advisory lock that ends with the process.
const (
	// stay makes the session end soon after the machine of its process, and not before.
	stay = `SELECT set_config(name, value, false) FROM pg_settings JOIN (VALUES ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '3'),
		('tcp_keepalives_count', '3'), ('tcp_user_timeout', '15000'), ('idle_session_timeout', '0')) wanted (name, value) USING (name)`
	claimZone   = `SELECT pg_try_advisory_lock(hashtextextended('opsledger import ' || $1::text || ' ' || $2::bigint::text, 0))`
	releaseZone = `SELECT pg_advisory_unlock_all()`
	// goodbye bounds the end of a claim.
	goodbye = time.Second
)

// Claim makes this process the one that imports into a zone, until release is called or the process
// ends. The error is a [*domain.Error] where another one is.
//
// Invariants:
//  1. An import begins under a claim, which is kept until the import has ended or its process has:
//     so one that is under way while nobody has the claim is carried out by nobody.
func (i *Importer) Claim(ctx context.Context, zone int64) (release func(), err error) {
	pooled, err := i.cfg.Pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	conn := pooled.Hijack() // the lock is the session's
	_, err = conn.Exec(ctx, stay)
	got := false
	if err == nil {
		err = conn.QueryRow(ctx, claimZone, i.cfg.Store.LogID().String(), zone).Scan(&got)
	}
	if err == nil && !got {
		err = domain.Conflict("Zone %d正在导入！", zone)
	}
	if err != nil {
		end(conn)
		return nil, err
	}
	return func() { end(conn) }, nil
}

// end ends a session. Whoever wants the lock next should find it free.
func end(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	_, _ = conn.Exec(ctx, releaseZone)
	_ = conn.Close(ctx) // the server notices a broken connection by itself
}
