package identity

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain/access"
)

// sessions remembers of the sessions that were shown whether their users have logged out, by what
// names them; what the memory says is no older than 50 ms, as that of [users].
type sessions map[string]bool

// alive refuses a session that was ended. The error is [ErrTokenInvalid], or what stood in the way of
// an answer. Only who has a token that this program signed gets here: nobody can have sessions looked
// up that never were.
func (k *users) alive(ctx context.Context, session string) error {
	if session == "" {
		return nil
	}
	ended, err := k.ended(ctx, session)
	if err != nil {
		return err
	}
	if ended {
		return fmt.Errorf("%w: its user has logged out", ErrTokenInvalid)
	}
	return nil
}

func (k *users) ended(ctx context.Context, session string) (bool, error) {
	if err := k.catchUp(ctx); err != nil {
		return false, err
	}
	k.mu.Lock()
	ended, known := k.sessions[session]
	k.mu.Unlock()
	if known {
		return ended, nil
	}
	state := access.NewSession(session)
	at, err := k.store.Load(ctx, state)
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if at >= k.at {
		if len(k.sessions) >= maxUsers {
			clear(k.sessions)
		}
		k.sessions[session] = state.Ended()
	}
	return state.Ended(), nil
}
