package identity

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// adminName is the username of the first user.
const adminName = "admin"

// EnsureAdmin makes the first user, admin with the role admin, unless the log
// has one. An empty password stands for a random one. It returns whether the
// user was created now and, if so, the password to log in with.
//
// It may be called again, and by several processes at once; call it before
// anybody can register, so that the user's id is 1.
func EnsureAdmin(ctx context.Context, store *eventstore.Store, v *vault.Vault, password string) (created bool, used string, err error) {
	there, err := store.ReadTag(ctx, access.TagUsername(adminName), 0, 1)
	if err != nil {
		return false, "", fmt.Errorf("look for the first user: %w", err)
	}
	if len(there) > 0 {
		return false, "", nil
	}
	if password == "" {
		password = rand.Text()
	}
	if err := access.CheckPassword(password); err != nil {
		return false, "", fmt.Errorf("password of the first user: %w", err)
	}
	user, err := Registration{Username: adminName, Password: password}.seal(ctx, v, newPasswords())
	if err != nil {
		return false, "", err
	}
	receipt, err := store.Execute(ctx, eventstore.Request{
		Command: access.RegisterUser{User: user, Roles: []int64{access.RoleAdmin}, First: true},
		Actor:   domain.System, Door: domain.DoorSystem,
	})
	if err != nil {
		return false, "", fmt.Errorf("create the first user: %w", err)
	}
	if len(receipt.Events) == 0 {
		return false, "", nil // another process was faster
	}
	return true, password, nil
}
