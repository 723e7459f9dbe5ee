package adminapi

import (
	"cmp"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
)

// register makes a local user without roles. It logs nobody in.
func (a *API) register() api.Write {
	if !a.AllowRegister {
		return api.Write{Choose: func(*api.Request) (w api.Write, err error) {
			return w, domain.Forbidden("无权限！用户注册已关闭")
		}}
	}
	return api.Write{Kind: api.User, Command: func(w *api.Request) (domain.Command, error) {
		registration, err := readRegistration(w.Params)
		if err != nil {
			return nil, err
		}
		if err := a.Identity.AdmitRegistration(a.ClientAddress(w.HTTP())); err != nil {
			return nil, err
		}
		if err := a.Identity.CheckFree(w.Context(), registration.Username); err != nil {
			return nil, err
		}
		user, err := a.Identity.Seal(w.Context(), registration)
		return access.RegisterUser{User: user}, err
	}}
}

// readRegistration reads and checks a registration.
func readRegistration(p *api.Params) (identity.Registration, error) {
	r := identity.Registration{Username: p.Required("username"), Password: p.Required("password")}
	again := p.Required("password2")
	r.Mail = p.Required("email")
	if p.Err != nil {
		return r, p.Err
	}
	_, badName := access.ParseUsername(r.Username)
	_, badMail := access.ParseMail(r.Mail)
	return r, cmp.Or(badName, access.CheckPasswords(r.Password, again), badMail)
}
