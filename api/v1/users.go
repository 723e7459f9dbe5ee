package v1

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// changePassword sets a user's password: one's own with the old one, or anyone's
// as admin. It ends every token of the user.
func (a *API) changePassword() api.Write {
	return api.Write{
		Kind: api.User,
		Right: func(w *api.Request) (access.Right, error) {
			if domain.UserID(w.ID) == w.Caller.ID {
				return access.Right{}, api.ErrOwn
			}
			return a.administerUser(w)
		},
		Command: func(w *api.Request) (domain.Command, error) {
			password, err := newPassword(w.Params)
			if err != nil {
				return nil, err
			}
			verified, err := a.VerifyOld(w, "old_password")
			if err != nil {
				return nil, err
			}
			credential, err := a.Identity.SealPassword(w.Context(), password)
			if err != nil {
				return nil, err
			}
			return access.ChangePassword{ID: domain.UserID(w.ID), Credential: credential, Verified: verified, IfMatch: w.IfMatch}, nil
		},
	}
}

// newPassword reads a new password and, where it is given, its repetition.
func newPassword(p *api.Params) (string, error) {
	password, again := p.Required("password"), p.Text("password2")
	if p.Err != nil {
		return "", p.Err
	}
	if again == nil {
		again = &password
	}
	return password, access.CheckPasswords(password, *again)
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
