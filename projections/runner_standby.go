package projections

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// standbyTick is how often a runner that stands by looks at the checkpoint
	// while somebody waits for it; standbyTicks of them are between two attempts
	// to lead.
	standbyTick  = 50 * time.Millisecond
	standbyTicks = 5
	// stallLimit is how long the checkpoint may stand still behind the log before
	// a runner that stands by acts beside a leader that seems frozen.
	stallLimit = 3 * time.Second
	// closeTimeout bounds the goodbye to Postgres.
	closeTimeout = time.Second
)

// The classes of the advisory locks; the second half of a key is the context's hash.
const (
	lockLead    int32 = 0x6f706c01
	lockRebuild int32 = 0x6f706c02
)

// session is a connection of a runner's or a rebuild's own. Advisory locks live
// as long as it does.
type session struct{ *pgx.Conn }

// openSession takes a connection out of the pool. All that is written on it can be
// computed again, so commits need not wait for the disk; and a process that freezes
// must not hold the checkpoint's lock for ever.
func openSession(ctx context.Context, pool *pgxpool.Pool, name string) (*session, error) {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{Conn: pooled.Hijack()}
	_, err = s.Exec(ctx, `SELECT set_config('synchronous_commit', 'off', false), set_config('application_name', $1, false),
		set_config('idle_in_transaction_session_timeout', '15s', false), set_config('jit', 'off', false)`, name)
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	// The server ends a session some time after Close has returned; whoever wants
	// the locks next should find them free.
	_, _ = s.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	_ = s.Close(ctx) // the server notices a broken connection by itself
}

// tryLock takes the advisory lock until the session's end, if it is free.
func (s *session) tryLock(ctx context.Context, class int32, c domain.Context) (bool, error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c)) // never fails
	var got bool
	err := s.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, class, int32(h.Sum32())).Scan(&got)
	return got, err
}

// standBy follows the leader's progress until its lock is free (true), or until
// it seems to be frozen (false).
func (r *Runner) standBy(ctx context.Context, s *session) (locked bool, err error) {
	var last domain.Position
	moved := time.Now()
	for tick := 0; ; tick++ {
		attempt := tick%standbyTicks == 0
		if attempt {
			if locked, err := s.tryLock(ctx, lockLead, r.context); locked || err != nil {
				return locked, err
			}
		}
		if attempt || r.Progress.waiting(r.context) {
			row, err := readCheckpoint(ctx, s, schemaOf(r.context))
			if err != nil && !errors.Is(err, errNoTables) {
				return false, err
			}
			if row.log == r.Store.LogID() {
				r.Progress.learn(r.context, row.position)
			}
			if row.position != last {
				last, moved = row.position, time.Now()
			}
		}
		if attempt && time.Since(moved) > stallLimit {
			head, err := r.Store.Head(ctx)
			if err != nil {
				return false, err
			}
			r.metrics.see(head.Position)
			if head.Position > last {
				r.Log.Warn("the leading runner does not get on, acting beside it", "position", last, "head", head.Position)
				return false, nil
			}
		}
		if !backoff.Sleep(ctx, backoff.Jitter(standbyTick)) {
			return false, ctx.Err()
		}
	}
}
