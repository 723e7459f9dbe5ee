package feed

import (
	"context"
	"fmt"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/oplog"
)

// names knows what users and credentials are called, also those that are gone: neither name
// ever changes.
type names struct {
	store       *eventstore.Store
	users       oplog.Usernames
	credentials sync.Map // domain.CredentialID → string
}

func newNames(store *eventstore.Store) *names {
	return &names{store: store, users: oplog.NewUsernames(store)}
}

// user returns nil for a user that the log does not know.
func (n *names) user(ctx context.Context, id domain.UserID) (*string, error) {
	if id == domain.System {
		return new(oplog.SystemOperator), nil
	}
	known, err := n.users(ctx, []domain.UserID{id})
	if name, ok := known[id]; ok {
		return &name, err
	}
	return nil, err
}

// credential returns nil for one that the log does not know.
func (n *names) credential(ctx context.Context, id domain.CredentialID) (*string, error) {
	if name, ok := n.credentials.Load(id); ok {
		return new(name.(string)), nil
	}
	events, err := n.store.ReadTag(ctx, access.TagCredential(id), 0, 1)
	if err != nil {
		return nil, fmt.Errorf("read the name of credential %d: %w", id, err)
	}
	for _, e := range events {
		recorded, err := e.Decode(n.store.Codec())
		if err != nil {
			return nil, err
		}
		if added, ok := recorded.Event.(access.CredentialAdded); ok {
			n.credentials.Store(id, added.Name)
			return &added.Name, nil
		}
	}
	return nil, nil
}
