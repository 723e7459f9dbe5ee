package oplog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rowset"
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
			if errors.Is(err, query.ErrNotFound) {
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
	return "", query.ErrNotFound
}

// Operators are the usernames of those who made a batch of events, and of other users
// whom the events are about.
type Operators map[domain.UserID]string

// OperatorsOf looks up who made the events, and the other users.
func OperatorsOf(ctx context.Context, names Usernames, events []domain.Recorded, others ...domain.UserID) (Operators, error) {
	var users rowset.Keys[domain.UserID]
	for _, e := range events {
		if e.Actor != domain.System {
			users.Add(e.Actor)
		}
	}
	for _, id := range others {
		users.Add(id)
	}
	if len(users.List) == 0 {
		return Operators{}, nil
	}
	known, err := names(ctx, users.List)
	if err != nil {
		return nil, fmt.Errorf("look up usernames: %w", err)
	}
	return known, nil
}

// Of returns the username of the event's actor. It fails for an actor without a name:
// the log has a user's registration before whatever that user did.
func (o Operators) Of(e domain.Recorded) (string, error) {
	if e.Actor == domain.System {
		return SystemOperator, nil
	}
	name, known := o[e.Actor]
	if !known {
		return "", fmt.Errorf("its actor, user %d, is unknown", e.Actor)
	}
	return name, nil
}
