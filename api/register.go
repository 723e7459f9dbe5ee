package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
)

// register makes a local user without roles. It logs nobody in.
func (s *server) register(c echo.Context) error {
	if !s.AllowRegister {
		return domain.Forbidden("无权限！用户注册已关闭")
	}
	// The new user has no id yet: keys for repeats are those of the system.
	w, err := s.beginWrite(c, domain.System)
	if err != nil {
		return err
	}
	receipt, err := s.execute(c, w, func(w *write) (domain.Command, error) {
		a, err := w.account()
		if err != nil {
			return nil, err
		}
		if err := s.Identity.CheckFree(c.Request().Context(), a.Username); err != nil {
			return nil, err
		}
		user, err := s.Identity.Seal(c.Request().Context(), a)
		return access.RegisterUser{User: user}, err
	})
	if err != nil {
		return err
	}
	return s.reply(c, receipt, sayOK)
}

// account reads and checks a registration.
func (w *write) account() (identity.Account, error) {
	a := identity.Account{Username: w.required("username"), Password: w.required("password")}
	again, mail := w.required("password2"), w.required("email")
	if w.err != nil {
		return a, w.err
	}
	var err error
	if a.Username, err = access.ParseUsername(a.Username); err != nil {
		return a, err
	}
	if err := access.CheckPasswords(a.Password, again); err != nil {
		return a, err
	}
	a.Mail, err = access.ParseMail(mail)
	return a, err
}
