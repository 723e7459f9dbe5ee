package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// ErrNotLocal says that the directory checks a user's password.
var ErrNotLocal = errors.New("the user is one of the directory, which alone has their password")

// ResetPassword gives the local user of that name, compared without case, another
// password, for whoever has the database and the key of its vault. All tokens of the
// user end. The errors are [ErrNoUser], [ErrNotLocal], a [domain.Error] for a password that
// nobody may have, or what stood in the way.
func ResetPassword(ctx context.Context, store *eventstore.Store, v *vault.Vault, name, password string) (domain.UserID, error) {
	named := access.NewUserNamed(name)
	if _, err := store.Load(ctx, named); err != nil {
		return 0, fmt.Errorf("find user by name: %w", err)
	}
	user := access.NewUser(named.ID())
	if _, err := store.Load(ctx, user); err != nil {
		return 0, fmt.Errorf("read user %d: %w", named.ID(), err)
	}
	switch {
	case !user.Exists:
		return 0, ErrNoUser
	case user.Source != access.SourceLocal:
		return 0, ErrNotLocal
	}
	if err := access.CheckPassword(password); err != nil {
		return 0, err
	}
	hashID, err := sealPassword(ctx, v, newPasswords(), password)
	if err != nil {
		return 0, err
	}
	// The command checks again what may have changed meanwhile.
	_, err = store.Execute(ctx, eventstore.Request{
		Command: access.ChangePassword{ID: named.ID(), PasswordHash: hashID, EndCredentials: true},
		Actor:   domain.System, Door: domain.DoorCommandLine,
	})
	return named.ID(), err
}
