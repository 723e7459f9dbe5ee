package api

import (
	"context"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections"
)

// callers remembers users between requests.
//
// Invariant: a user is remembered only while the access read model stands at
// the position that it had when the user was read, so a right that was taken
// away is gone with the reply to the request that took it.
type callers struct {
	reader  *projections.Reader
	applied func() domain.Position

	mu    sync.Mutex
	at    domain.Position
	known map[domain.UserID]projections.User
}

func newCallers(reader *projections.Reader, progress *projections.Progress) *callers {
	return &callers{
		reader:  reader,
		applied: func() domain.Position { return progress.Applied(domain.ContextAccess) },
		known:   map[domain.UserID]projections.User{},
	}
}

// user returns the user as the access read model has them now, or [projections.ErrNotFound].
func (k *callers) user(ctx context.Context, id domain.UserID) (projections.User, error) {
	// The position is taken first: what is read afterwards is at least that new.
	at := k.applied()
	if u, ok := k.recall(id, at); ok {
		return u, nil
	}
	u, err := k.reader.User(ctx, id)
	if err == nil {
		k.remember(u, at)
	}
	return u, err
}

func (k *callers) recall(id domain.UserID, at domain.Position) (projections.User, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at > k.at {
		k.at = at
		clear(k.known)
	}
	u, ok := k.known[id]
	return u, ok && at == k.at
}

func (k *callers) remember(u projections.User, at domain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at == k.at {
		k.known[u.ID] = u
	}
}
