package opsapi

import (
	"cmp"
	"context"

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
		Keys: api.Reads(readUserChange),
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
		NoDryRun: func(w *api.Request) error {
			if w.Text("new_passwd") == nil && w.Text(oldPassword) == nil {
				return nil
			}
			if asked := readUserChange(w.Params); asked.password != nil { // whose form comes before the old one
				if err := cmp.Or(w.Err, access.CheckPassword(*asked.password)); err != nil {
					return err
				}
			}
			return cmp.Or(a.CountOld(w, oldPassword), api.NoDryRun(w))
		},
		Reply: says("update user ok"),
	}
}

// userChange is what a request wants to change of a user, and whose.
type userChange struct {
	username, department *string
	profile              identity.ProfileTexts
	codes                *[]int
	keys                 *[]string
	password, old        *string
	// endCredentials: with the password all credentials of the user's programs end.
	endCredentials bool
}

func readUserChange(p *api.Params) userChange {
	return userChange{
		username: username(p), department: p.Text("department"),
		profile: identity.ProfileTexts{
			Mail:     identity.ProfileText{Name: "mail", Text: p.Text("mail")},
			Nickname: identity.ProfileText{Name: "nickname", Text: p.Text("nickname")},
		},
		codes: readCodes(p), keys: texts(p, "ssh_keys"), password: p.Text("new_passwd"), old: p.Text(oldPassword),
		endCredentials: p.Flag("revoke_credentials"),
	}
}

// oldPassword is what a request calls the password that is to be replaced.
const oldPassword = "old_passwd"

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
	asked := readUserChange(w.Params)
	if asked.endCredentials && asked.password == nil {
		w.Refuse("revoke_credentials", "goes with a new password alone")
	}
	if w.Err != nil {
		return nil, w.Err
	}
	profile, err := a.profileChange(w.Context(), user, asked)
	if err != nil {
		return nil, err
	}
	update, err := access.NewUpdateUser(user.ID, access.UserChange{Profile: profile}, w.IfMatch)
	operations := []batch.Operation{batch.Of(update, err)}
	if codes := asked.codes; codes != nil {
		cmd, err := access.NewChangePermissions(user.ID, *codes, nil)
		operations = append(operations, batch.Of(cmd, err))
	}
	if keys := asked.keys; keys != nil {
		cmd, err := ops.NewSetUserKeys(user.Username, *keys)
		operations = append(operations, batch.Of(cmd, err))
	}
	if asked.password != nil {
		cmd, err := a.passwordChange(w, user, asked)
		if err != nil {
			return nil, err
		}
		operations = append(operations, batch.Of(cmd, nil))
	}
	return operations, nil
}

// passwordChange checks the old password where the caller must know it.
func (a *API) passwordChange(w *api.Request, user *identity.User, asked userChange) (domain.Command, error) {
	if err := access.CheckPassword(*asked.password); err != nil {
		return nil, err
	}
	verified, err := a.VerifyOld(w, oldPassword)
	if err != nil {
		return nil, err
	}
	hashID, err := a.Identity.SealPassword(w.Context(), *asked.password)
	return access.ChangePassword{ID: user.ID, PasswordHash: hashID, Verified: verified, EndCredentials: asked.endCredentials}, err
}

// profileChange is what changes of a user's profile.
func (a *API) profileChange(ctx context.Context, user *identity.User, asked userChange) (change access.ProfileChange, err error) {
	if asked.department != nil {
		if _, err := access.ParseDepartment(*asked.department); err != nil {
			return change, err
		}
	}
	change, err = a.Identity.ChangeProfile(ctx, user, asked.profile)
	change.Department = asked.department
	return change, err
}
