package v1

import (
	"cmp"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// changePassword sets a user's password: one's own with the old one, or anyone's
// as admin. It ends every token of the user.
func (a *API) changePassword() api.Write {
	return api.Write{
		Kind: api.User,
		Keys: api.Reads(readPasswords),
		NoDryRun: func(w *api.Request) error {
			if err := checkPasswords(w); err != nil { // for which nobody looks at the old one
				return err
			}
			return cmp.Or(a.CountOld(w, oldPassword), api.NoDryRun(w))
		},
		Right: func(w *api.Request) (access.Right, error) {
			if domain.UserID(w.ID) == w.Caller.ID {
				return access.Right{}, api.ErrOwn
			}
			return a.administerUser(w)
		},
		Command: func(w *api.Request) (domain.Command, error) {
			if err := checkPasswords(w); err != nil {
				return nil, err
			}
			asked := readPasswords(w.Params)
			verified, err := a.VerifyOld(w, oldPassword)
			if err != nil {
				return nil, err
			}
			hashID, err := a.Identity.SealPassword(w.Context(), asked.password)
			if err != nil {
				return nil, err
			}
			return access.ChangePassword{
				ID: domain.UserID(w.ID), PasswordHash: hashID, Verified: verified, IfMatch: w.IfMatch, EndCredentials: asked.endCredentials,
			}, nil
		},
	}
}

// oldPassword is what a request calls the password that is to be replaced.
const oldPassword = "old_password"

// passwords are a new one with its repetition, where that is given, and the old one.
type passwords struct {
	password, again string
	old             *string
	endCredentials  bool
}

// checkPasswords checks the form of the new password.
func checkPasswords(w *api.Request) error {
	asked := readPasswords(w.Params)
	return cmp.Or(w.Err, access.CheckPasswords(asked.password, asked.again))
}

func readPasswords(p *api.Params) passwords {
	asked := passwords{password: p.Required("password"), old: p.Text(oldPassword)}
	asked.endCredentials = p.Flag("revoke_credentials")
	asked.again = asked.password
	if again := p.Text("password2"); again != nil {
		asked.again = *again
	}
	return asked
}

// linkUser makes a local user one of the directory, who logs in with its
// password from then on.
func (a *API) linkUser() api.Write {
	return api.Write{Kind: api.User, Right: a.administerUser, Command: func(w *api.Request) (domain.Command, error) {
		if err := a.Identity.CheckLinkable(w.Context(), domain.UserID(w.ID)); err != nil {
			return nil, err
		}
		return access.LinkUser{ID: domain.UserID(w.ID), IfMatch: w.IfMatch}, nil
	}}
}

func (a *API) administerUser(w *api.Request) (access.Right, error) {
	_, err := a.Access.User(w.Context(), domain.UserID(w.ID))
	return access.Administer(), api.Found(api.User, w.ID, err)
}
