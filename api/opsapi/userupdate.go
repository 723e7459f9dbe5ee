package opsapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/identity"
)

// updateUser changes the named user's profile, permissions, password and ssh
// keys, all or nothing. Users may change their own, but for the permissions.
func (a *API) updateUser() api.Write {
	return api.Write{
		Right: func(w *api.Request) (access.Right, error) {
			if name := w.Text("username"); name != nil && w.Caller.Named(*name) {
				return access.Right{}, api.ErrOwn
			}
			return access.Permitted(access.CodeUpdateUser), nil
		},
		Command: func(w *api.Request) (domain.Command, error) {
			user, err := a.userToUpdate(w)
			if err != nil {
				return nil, err
			}
			operations, err := a.userChanges(w, user)
			if err != nil {
				return nil, err
			}
			return batch.NewTogether(operations, func(_ int, err error) error { return err })
		},
		Reply: says("update user ok"),
	}
}

func (a *API) userToUpdate(w *api.Request) (*identity.User, error) {
	name := must(w.Params, "username")
	switch {
	case w.Err != nil:
		return nil, w.Err
	case w.Caller.Named(name):
		return w.Caller, nil
	default:
		return a.otherUser(w, name, access.CodeUpdateUser)
	}
}

// userChanges are the commands of an update. The first is about the profile,
// changed or not, and sees to the client's version: the others come after it.
func (a *API) userChanges(w *api.Request, user *identity.User) ([]batch.Operation, error) {
	codes, keys, password := readCodes(w.Params), texts(w.Params, "ssh_keys"), w.Text("new_passwd")
	if w.Err != nil {
		return nil, w.Err
	}
	profile, err := a.profileChange(w, user)
	if err != nil {
		return nil, err
	}
	update, err := access.NewUpdateUser(user.ID, access.UserChange{Profile: profile}, w.IfMatch)
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
		cmd, err := a.passwordChange(w, user, *password)
		if err != nil {
			return nil, err
		}
		operations = append(operations, batch.Of(cmd, nil))
	}
	return operations, nil
}

// passwordChange checks the old password where the caller must know it.
func (a *API) passwordChange(w *api.Request, user *identity.User, password string) (domain.Command, error) {
	if err := access.CheckPassword(password); err != nil {
		return nil, err
	}
	verified, err := a.VerifyOld(w, "old_passwd")
	if err != nil {
		return nil, err
	}
	credential, err := a.Identity.SealPassword(w.Context(), password)
	return access.ChangePassword{ID: user.ID, Credential: credential, Verified: verified}, err
}

// profileChange reads what changes of a user's profile, by what the dialect calls its fields.
func (a *API) profileChange(w *api.Request, user *identity.User) (change access.ProfileChange, err error) {
	texts := identity.ProfileTexts{
		Mail:     identity.ProfileText{Name: "mail", Text: w.Text("mail")},
		Nickname: identity.ProfileText{Name: "nickname", Text: w.Text("nickname")},
	}
	department := w.Text("department")
	if w.Err != nil {
		return change, w.Err
	}
	if department != nil {
		if _, err := access.ParseDepartment(*department); err != nil {
			return change, err
		}
	}
	change, err = a.Identity.ChangeProfile(w.Context(), user, texts)
	change.Department = department
	return change, err
}
