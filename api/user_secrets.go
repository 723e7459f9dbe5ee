package api

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
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
		credential, err := s.Identity.SealPassword(ctx, password)
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
// returns the credential that it fits.
func (s *server) verifyOld(c echo.Context, who *identity.User, w *write, name string) (verified string, err error) {
	if !who.NeedsOldPassword() {
		return "", nil
	}
	old := w.required(name)
	if w.err != nil {
		return "", w.err
	}
	return s.Identity.VerifyOld(c.Request().Context(), who, old, s.clientAddress(c.Request()), s.recorder(c))
}

// linkUser makes a local user one of the directory, who logs in with its
// password from then on.
func (s *server) linkUser(c echo.Context) error {
	return s.administer(c, resourceUser, s.userThere, func(id int64, w *write) (domain.Command, error) {
		if err := s.Identity.CheckLinkable(c.Request().Context(), domain.UserID(id)); err != nil {
			return nil, err
		}
		return access.LinkUser{ID: domain.UserID(id), IfMatch: w.ifMatch}, nil
	})
}
