package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// passwordFile keeps the admin's random password from before the user is made
// until the password was shown. Without the file, a first start that ended
// between the two would leave a log that nobody can log in to.
const passwordFile = "admin-password.unseen"

// seed makes the admin user on the first start.
func (a *App) seed(ctx context.Context) error {
	head, err := a.store.Head(ctx)
	if err != nil {
		return err
	}
	unseen, err := a.unseenPassword(head.Position == 0)
	if err != nil {
		return fmt.Errorf("admin user: %w", err)
	}
	password := a.cfg.AdminPassword
	if password == "" {
		password = unseen
	}
	created, _, err := identity.EnsureAdmin(ctx, a.store, a.vault, password)
	if err != nil {
		return fmt.Errorf("admin user: %w", err)
	}
	a.passwordIgnored = a.cfg.AdminPassword != "" && !created
	switch {
	case unseen == "":
	case created || head.Position > 0:
		a.newPassword = unseen
	default: // another process was faster, with another password
		if err := a.forgetPassword(); err != nil {
			return err
		}
	}
	return a.awaitUsers(ctx)
}

// renumberZones has all zones take their serials from the log alone, once in the life of a
// log. A log of a program that numbered zones otherwise has serials above those that
// follow from its events; from this event on none has.
func (a *App) renumberZones(ctx context.Context) error {
	if _, err := a.store.Execute(ctx, eventstore.Request{Command: dns.RenumberZones{}, Actor: domain.System, Door: domain.DoorSystem}); err != nil {
		return fmt.Errorf("renumber zones: %w", err)
	}
	return nil
}

// awaitUsers returns when the read models have all users that the log has, so
// that the first login finds the admin. If the read models stand still the start
// goes on, and /readyz tells the reason.
func (a *App) awaitUsers(ctx context.Context) error {
	head, err := a.store.Head(ctx)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := a.progress.Wait(wait, domain.ContextAccess, head.Last[domain.ContextAccess]); err != nil {
		a.log.Warn("the read models of users are behind", "error", err)
	}
	return ctx.Err()
}

// unseenPassword returns the password that an earlier start did not come to show.
// Without one it returns a new password on a first start without
// --admin-password, else an empty text.
func (a *App) unseenPassword(first bool) (string, error) {
	if a.cfg.AdminPassword != "" && first {
		return "", a.forgetPassword()
	}
	text, err := os.ReadFile(a.db.folder.Sub(passwordFile))
	if unseen := strings.TrimSpace(string(text)); unseen != "" {
		return unseen, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if !first {
		return "", nil
	}
	password := rand.Text()
	return password, os.WriteFile(a.db.folder.Sub(passwordFile), []byte(password+"\n"), 0o600)
}

// forgetPassword removes the file once the password was shown.
func (a *App) forgetPassword() error {
	if err := os.Remove(a.db.folder.Sub(passwordFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
