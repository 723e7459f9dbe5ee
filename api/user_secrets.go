package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// errOwn: a write is about the caller themselves, and needs no right.
var errOwn = errors.New("the caller's own")

// changePassword sets a user's password: one's own with the old one, or anyone's
// as admin. It ends every token of the user.
func (s *server) changePassword(c echo.Context) error {
	id, err := selfOrAdmin(c)
	if err != nil {
		return err
	}
	who, ctx := callerOf(c), c.Request().Context()
	authority := func(*write) (access.Right, error) {
		if id == who.ID {
			return access.Right{}, errOwn
		}
		return access.Administer(), found(resourceUser, int64(id), s.userThere(ctx, int64(id)))
	}
	return s.write(c, authority, func(w *write) (domain.Command, error) {
		password, err := w.newPassword()
		if err != nil {
			return nil, err
		}
		verified, err := s.verifyOld(c, who, w, "old_password")
		if err != nil {
			return nil, err
		}
		credential, err := s.sealPassword(ctx, password)
		if err != nil {
			return nil, err
		}
		return access.ChangePassword{ID: id, Credential: credential, Verified: verified, IfMatch: w.ifMatch}, nil
	})
}

// newPassword reads a new password and, where it is given, its repetition.
func (w *write) newPassword() (string, error) {
	password, again := w.required("password"), w.text("password2")
	if w.err != nil {
		return "", w.err
	}
	if again == nil {
		again = &password
	}
	return password, access.CheckPasswords(password, *again)
}

// verifyOld checks the old password of a caller who needs to know it, and
// returns the credential that it fits. A wrong one counts as a failed login:
// else whoever got hold of a token could guess here.
func (s *server) verifyOld(c echo.Context, who *caller, w *write, name string) (verified string, err error) {
	if who.may(access.Permitted(access.CodeUpdateUser)) || who.source != access.SourceLocal {
		return "", nil // the command knows better
	}
	old := w.required(name)
	if w.err != nil {
		return "", w.err
	}
	ctx := c.Request().Context()
	try, err := s.logins.begin(who.Username, s.clientAddress(c.Request()))
	if err != nil {
		return "", err
	}
	fits, err := s.fits(ctx, who.credential, old)
	switch {
	case err != nil:
		try.undecided()
		return "", err
	case !fits:
		try.failed()
		failure := access.LoginFailed{ID: who.ID, Reason: access.FailedSecret}
		if err := s.record(c, domain.System, access.RecordFailedLogin{Failed: failure}); err != nil {
			return "", err
		}
		return "", domain.Refused("原密码错误！")
	}
	try.succeeded()
	return who.credential, nil
}

// fits says whether the password is the one of the credential.
func (s *server) fits(ctx context.Context, credential, password string) (bool, error) {
	hash, err := s.passwordHash(ctx, credential)
	if err != nil {
		return false, err
	}
	return s.passwords.check(ctx, password, hash)
}

// sealPassword puts a password's hash into the vault and returns its id there.
func (s *server) sealPassword(ctx context.Context, password string) (credential string, err error) {
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return "", err
	}
	id, err := s.Vault.Put(ctx, kindPassword, []byte(hash))
	if err != nil {
		return "", fmt.Errorf("keep password hash: %w", err)
	}
	return id.String(), nil
}

// linkUser makes a local user one of the directory, who logs in with its
// password from then on.
func (s *server) linkUser(c echo.Context) error {
	return s.administer(c, resourceUser, s.userThere, func(id int64, w *write) (domain.Command, error) {
		if err := s.checkLinkable(c.Request().Context(), domain.UserID(id)); err != nil {
			return nil, err
		}
		return access.LinkUser{ID: domain.UserID(id), IfMatch: w.ifMatch}, nil
	})
}
