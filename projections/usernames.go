package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/protocol"
)

// Usernames returns the usernames of the given users, none of which is the
// system. A name never changes, so the answer is the same at every position
// after the user's registration. A user that the log does not know is left out.
type Usernames func(ctx context.Context, ids []domain.UserID) (map[domain.UserID]string, error)

// tagReader is what usernames are read from.
type tagReader interface {
	ReadTag(ctx context.Context, tag domain.Tag, after domain.Position, limit int) ([]protocol.Envelope, error)
	Codec() *domain.Codec
}

// NewUsernames returns Usernames that reads the log and remembers what it found.
func NewUsernames(log tagReader) Usernames {
	var known sync.Map
	return func(ctx context.Context, ids []domain.UserID) (map[domain.UserID]string, error) {
		names := make(map[domain.UserID]string, len(ids))
		for _, id := range ids {
			if name, ok := known.Load(id); ok {
				names[id] = name.(string)
				continue
			}
			name, err := registeredName(ctx, log, id)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			known.Store(id, name)
			names[id] = name
		}
		return names, nil
	}
}

// registeredName reads the user's first event.
func registeredName(ctx context.Context, log tagReader, id domain.UserID) (string, error) {
	events, err := log.ReadTag(ctx, access.TagUser(id), 0, 1)
	if err != nil {
		return "", fmt.Errorf("read the name of user %d: %w", id, err)
	}
	for _, envelope := range events {
		recorded, err := envelope.Decode(log.Codec())
		if err != nil {
			return "", err
		}
		if registered, ok := recorded.Event.(access.UserRegistered); ok {
			return registered.Username, nil
		}
	}
	return "", ErrNotFound
}
