package sessions

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/protocol"
)

// forgetAfter is how long a process that does not ask any more is remembered.
const forgetAfter = 10 * time.Minute

const (
	renew = `UPDATE control.sessions SET seen_at = now(), address = $4 WHERE kind = $1 AND agent = $2 AND boot = $3 AND holds`

	lockAgent = `SELECT pg_advisory_xact_lock(hashtextextended('opsledger session ' || $1::text || ' ' || $2::bigint::text, 0))`

	columns = `boot, instance, enrolment, host, address, started_at, seen_at, holds, replaced_at`

	readAgent = `SELECT ` + columns + ` FROM control.sessions WHERE kind = $1 AND agent = $2`

	// A process that another one of its instance took the place of, and that has not asked
	// since, is the one before a restart.
	readLive = `SELECT agent, ` + columns + ` FROM control.sessions WHERE kind = $1 AND seen_at > now() - $2::interval
		AND (holds OR replaced_at IS NULL OR seen_at > replaced_at + $3::interval) ORDER BY agent, holds DESC, started_at`

	put = `INSERT INTO control.sessions (kind, agent, boot, instance, enrolment, host, address, started_at, seen_at, holds, replaced_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (kind, agent, boot) DO UPDATE SET instance = excluded.instance, enrolment = excluded.enrolment, host = excluded.host,
			address = excluded.address, seen_at = excluded.seen_at, holds = excluded.holds, replaced_at = excluded.replaced_at`

	endOne = `DELETE FROM control.sessions WHERE kind = $1 AND agent = $2 AND boot = $3`

	forget = `DELETE FROM control.sessions WHERE kind = $1 AND agent = $2 AND seen_at < now() - $3::interval`
)

// store keeps the processes in PostgreSQL.
type store struct {
	pool *pgxpool.Pool
	kind string
}

// renew says whether the process has the session, and notes that it lives.
func (s store) renew(ctx context.Context, agent int64, boot uuid.UUID, address string) (bool, error) {
	done, err := s.pool.Exec(ctx, renew, s.kind, agent, boot, address)
	return done.RowsAffected() > 0, err
}

// ask decides whether a process gets the session, with all others of the agent held off
// meanwhile. Where it does not, holder has it.
func (s store) ask(ctx context.Context, agent int64, asks Process, hears time.Duration) (granted bool, holder *Process, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		all, now, err := s.lock(ctx, tx, agent)
		if err != nil {
			return err
		}
		var changed []Process
		granted, changed = decide(all, asks, now, hears)
		for i := range all {
			if all[i].Holds && !granted {
				holder = &all[i]
			}
		}
		var writes pgx.Batch
		for _, p := range changed {
			writes.Queue(put, s.kind, agent, p.Boot, p.Instance, int64(p.Enrolment), p.Host, p.Address, p.Started, p.Seen, p.Holds, orNull(p.Replaced))
		}
		writes.Queue(forget, s.kind, agent, forgetAfter)
		return tx.SendBatch(ctx, &writes).Close()
	})
	if err != nil {
		return false, nil, fmt.Errorf("session of %s %d: %w", s.kind, agent, err)
	}
	return granted, holder, nil
}

func (s store) lock(ctx context.Context, tx pgx.Tx, agent int64) (all []Process, now time.Time, err error) {
	// The lock is a statement of its own: what is read must be of after it.
	if _, err := tx.Exec(ctx, lockAgent, s.kind, agent); err != nil {
		return nil, now, err
	}
	if err := tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return nil, now, err
	}
	rows, err := tx.Query(ctx, readAgent, s.kind, agent)
	if err != nil {
		return nil, now, err
	}
	all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Process, err error) { return p, row.Scan(p.places()...) })
	return all, now, err
}

func (p *Process) places() []any {
	return []any{&p.Boot, &p.Instance, &p.Enrolment, &p.Host, &p.Address, &p.Started, &p.Seen, &p.Holds, optional{&p.Replaced}}
}

// live returns the processes that asked within a lease, by agent, the one with the session
// first.
func (s store) live(ctx context.Context) (map[int64][]Process, error) {
	rows, err := s.pool.Query(ctx, readLive, s.kind, protocol.SessionLease, lateAfter)
	if err != nil {
		return nil, err
	}
	var agent int64
	var p Process
	all := map[int64][]Process{}
	_, err = pgx.ForEachRow(rows, append([]any{&agent}, p.places()...), func() error {
		all[agent] = append(all[agent], p)
		return nil
	})
	return all, err
}

func (s store) end(ctx context.Context, agent int64, boot uuid.UUID) error {
	_, err := s.pool.Exec(ctx, endOne, s.kind, agent, boot)
	return err
}

// optional is the place of a time; the zero time is null.
type optional struct{ at *time.Time }

// Scan implements [sql.Scanner].
func (o optional) Scan(value any) error {
	*o.at = time.Time{}
	if at, ok := value.(time.Time); ok {
		*o.at = at
	}
	return nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
