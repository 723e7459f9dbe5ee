package eventstore

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// expireEvery is how often expired commands are looked for.
	expireEvery = time.Minute
	// expirePage bounds one deletion, expirePause is the rest after each: a week's
	// commands that expire together must not be felt by who appends.
	expirePage  = 1_000
	expirePause = 20 * time.Millisecond
)

// deleteExpired removes the commands that expired first. Rows that another process
// is removing are passed over. A writer that writes a row's command again waits for
// the end of this one statement.
const deleteExpired = `DELETE FROM cache.commands WHERE ctid = ANY(ARRAY(
		SELECT ctid FROM cache.commands WHERE expires_at < now()
		ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))`

// ExpireCommands removes commands that are remembered long enough, until ctx ends.
// Any number of processes may do so at the same time, and be killed doing it.
func (s *Store) ExpireCommands(ctx context.Context) error {
	for {
		wait := expireEvery
		switch n, err := s.expirePage(ctx); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.log.Warn("expired commands are not removed, trying again", "error", err)
		case n == expirePage:
			wait = expirePause
		}
		if !backoff.Sleep(ctx, backoff.Jitter(wait)) {
			return nil
		}
	}
}

// expirePage removes one page, and returns its length.
func (s *Store) expirePage(ctx context.Context) (n int64, err error) {
	tag, err := s.reads.Exec(ctx, deleteExpired, expirePage)
	return tag.RowsAffected(), err
}
