package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
)

// updateOpsUser changes the named user's profile, permissions, password and ssh
// keys, all or nothing. Users may change their own, but for the permissions.
func (s *server) updateOpsUser(c echo.Context, w *write) error {
	authority := func(w *write) (access.Right, error) {
		if name := w.text("username"); name != nil && callerOf(c).Named(*name) {
			return access.Right{}, errOwn
		}
		return access.Permitted(access.CodeUpdateUser), nil
	}
	return s.opsWrite(c, w, authority, func(w *write) (domain.Command, error) {
		name := w.must("username")
		if w.err != nil {
			return nil, w.err
		}
		user := callerOf(c)
		if !user.Named(name) {
			var err error
			if user, err = s.otherUser(c.Request().Context(), user, name, access.CodeUpdateUser); err != nil {
				return nil, err
			}
		}
		operations, err := s.userChanges(c, w, user)
		if err != nil {
			return nil, err
		}
		return newTogether(operations, func(_ int, err error) error { return err })
	}, says("update user ok"))
}

// userChanges are the commands of an update. The first is about the profile,
// changed or not, and sees to the client's version: the others come after it.
func (s *server) userChanges(c echo.Context, w *write, user *identity.User) ([]batch.Operation, error) {
	codes, keys, password := w.codes(), w.texts("ssh_keys"), w.text("new_passwd")
	if w.err != nil {
		return nil, w.err
	}
	profile, err := s.opsProfile(c.Request().Context(), w, user)
	if err != nil {
		return nil, err
	}
	update, err := access.NewUpdateUser(user.ID, access.UserChange{Profile: profile}, w.ifMatch)
	operations := []batch.Operation{batch.Of(update, err)}
	if codes != nil {
		cmd, err := access.NewChangePermissions(user.ID, *codes, nil)
		operations = append(operations, batch.Of(cmd, err))
	}
	if keys != nil {
		cmd, err := ops.NewSetUserKeys(user.Username, *keys)
		operations = append(operations, batch.Of(cmd, err))
	}
	if password != nil {
		cmd, err := s.passwordChange(c, w, user, *password)
		if err != nil {
			return nil, err
		}
		operations = append(operations, batch.Of(cmd, nil))
	}
	return operations, nil
}

// passwordChange checks the old password where the caller must know it.
func (s *server) passwordChange(c echo.Context, w *write, user *identity.User, password string) (domain.Command, error) {
	if err := access.CheckPassword(password); err != nil {
		return nil, err
	}
	verified, err := s.verifyOld(c, callerOf(c), w, "old_passwd")
	if err != nil {
		return nil, err
	}
	credential, err := s.Identity.SealPassword(c.Request().Context(), password)
	return access.ChangePassword{ID: user.ID, Credential: credential, Verified: verified}, err
}

// opsProfile reads what changes of a user's profile, by what the operations dialect
// calls its fields.
func (s *server) opsProfile(ctx context.Context, w *write, user *identity.User) (change access.ProfileChange, err error) {
	texts := identity.ProfileTexts{
		Mail: identity.ProfileText{Name: "mail", Text: w.text("mail")}, Nickname: identity.ProfileText{Name: "nickname", Text: w.text("nickname")},
	}
	department := w.text("department")
	if w.err != nil {
		return change, w.err
	}
	if department != nil {
		if _, err := access.ParseDepartment(*department); err != nil {
			return change, err
		}
	}
	change, err = s.Identity.ChangeProfile(ctx, user, texts)
	change.Department = department
	return change, err
}
