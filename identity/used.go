package identity

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
)

const (
	// usesKept is how exact the time of a credential's last use is.
	usesKept = time.Minute
	// keepUse bounds how long a request waits for it to be noted.
	keepUse = 200 * time.Millisecond
)

// uses notes when credentials are used. It is no part of the log, and what is lost of it
// harms nobody.
type uses struct {
	pool *pgxpool.Pool
	now  func() time.Time

	mu sync.Mutex
	// noted is when each credential's use was noted last, and whether it came in clear.
	noted map[domain.CredentialID]use
}

type use struct {
	at      time.Time
	inClear bool
}

// Used notes that a credential was used, and whether others on the way could read it. A
// minute of uses is noted once.
func (u *uses) Used(ctx context.Context, id domain.CredentialID, inClear bool) {
	if u.pool == nil || !u.news(id, inClear) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepUse)
	defer cancel()
	const note = `INSERT INTO cache.credential_uses AS u VALUES ($1, date_trunc('minute', $2::timestamptz), $3)
		ON CONFLICT (credential) DO UPDATE SET used_at = greatest(u.used_at, excluded.used_at), in_clear = u.in_clear OR excluded.in_clear`
	if _, err := u.pool.Exec(ctx, note, int64(id), u.now(), inClear); err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.noted, id) // the next request tries again
	}
}

// news says whether the use is to be noted.
func (u *uses) news(id domain.CredentialID, inClear bool) bool {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	last, known := u.noted[id]
	if known && now.Sub(last.at) < usesKept && (last.inClear || !inClear) {
		return false
	}
	if len(u.noted) >= maxUsers {
		clear(u.noted)
	}
	u.noted[id] = use{at: now, inClear: inClear || last.inClear}
	return true
}
