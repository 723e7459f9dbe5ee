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
	keys := api.Reads(readRegistration)
	noDryRun := func(w *api.Request) error {
		in := readRegistration(w.Params)
		if err := cmp.Or(w.Err, in.check()); err != nil {
			return err
		}
		return cmp.Or(a.Identity.AdmitRegistration(a.ClientAddress(w.HTTP())), api.NoDryRun(w))
	}
	return api.Write{Kind: api.User, Keys: keys, Unversioned: true, NoDryRun: noDryRun, Command: func(w *api.Request) (domain.Command, error) {
		in := readRegistration(w.Params)
		if err := cmp.Or(w.Err, in.check()); err != nil {
			return nil, err
		}
		if err := a.Identity.AdmitRegistration(a.ClientAddress(w.HTTP())); err != nil {
			return nil, err
		}
		if err := a.Identity.CheckFree(w.Context(), in.Username); err != nil {
			return nil, err
		}
		user, err := a.Identity.Seal(w.Context(), in.Registration)
		return access.RegisterUser{User: user}, err
	}}
}

// registrationInput is a registration with the repeated password.
type registrationInput struct {
	identity.Registration
	again string
}

func readRegistration(p *api.Params) (in registrationInput) {
	in.Username, in.Password, in.again = p.Required("username"), p.Required("password"), p.Required("password2")
	in.Mail = p.Required("email")
	return in
}

func (in registrationInput) check() error {
	_, badName := access.ParseUsername(in.Username)
	_, badMail := access.ParseMail(in.Mail)
	return cmp.Or(badName, access.CheckPasswords(in.Password, in.again), badMail)
}
