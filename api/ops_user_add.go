package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// maxNewUsers bounds the users of one request: each has a password to hash.
const maxNewUsers = 100

// newUser is a user to be added, checked but not yet sealed.
type newUser struct {
	identity.Account
	codes []int
	keys  []string
}

// addOpsUsers adds users, all or none.
func (s *server) addOpsUsers(c echo.Context, w *write) error {
	return s.opsWrite(c, w, needs(access.CodeAddUser), func(w *write) (domain.Command, error) {
		if err := callerOf(c).Require(access.Permitted(access.CodeAddUser)); err != nil {
			return nil, err // before anything is hashed
		}
		users, err := s.newUsers(c.Request().Context(), w)
		if err != nil {
			return nil, err
		}
		return s.addition(c.Request().Context(), users)
	}, func(receipt eventstore.Receipt) any {
		locateUser(c, receipt)
		return "add user ok"
	})
}

// newUsers reads and checks the users of a request.
func (s *server) newUsers(ctx context.Context, w *write) ([]newUser, error) {
	objects := w.objects("data")
	if w.err != nil {
		return nil, w.err
	}
	if len(objects) == 0 || len(objects) > maxNewUsers {
		return nil, domain.Invalid("data", "must be 1 to %d users", maxNewUsers)
	}
	users := make([]newUser, len(objects))
	for i, p := range objects {
		var err error
		if users[i], err = p.newUser(); err == nil {
			err = s.Identity.CheckFree(ctx, users[i].Username)
		}
		if err != nil {
			return nil, about(i, len(objects), err)
		}
	}
	return users, nil
}

// newUser reads and checks one user.
func (p *params) newUser() (u newUser, err error) {
	u.Username, u.Password, u.Mail = p.must("username"), p.must("passwd"), p.must("mail")
	u.Department, u.Nickname = p.must("department"), given(p.text("nickname"))
	codes, keys := p.codes(), p.texts("ssh_keys")
	if codes == nil {
		p.refuse("permissions", "is required")
	}
	if p.err != nil {
		return u, p.err
	}
	u.codes = *codes
	if keys != nil {
		u.keys = *keys
	}
	return u, u.check()
}

// check refuses what has a bad form.
func (u *newUser) check() (err error) {
	if _, err = access.ParseUsername(u.Username); err != nil {
		return err
	}
	if err = access.CheckPassword(u.Password); err != nil {
		return err
	}
	if _, err = access.ParseMail(u.Mail); err != nil {
		return err
	}
	if err = domain.CheckText("nickname", u.Nickname, identity.MaxProfileText); err != nil {
		return err
	}
	if _, err = access.ParseDepartment(u.Department); err != nil {
		return err
	}
	_, err = ops.ParseKeys(u.keys)
	return err
}

// codes reads permissions: "1,2,3", or, so that it can be empty, a JSON list. It
// is nil where there is none.
func (p *params) codes() *[]int {
	if raw, ok := p.value("permissions"); ok && raw[0] == '[' {
		list := p.integers("permissions")
		if list == nil {
			return nil
		}
		codes := make([]int, len(*list))
		for i, code := range *list {
			codes[i] = int(code) // the command knows which there are
		}
		return &codes
	}
	text := p.text("permissions")
	if text == nil {
		return nil
	}
	codes, err := access.ParsePermissions(*text)
	if err != nil && p.err == nil {
		p.err = err
	}
	return &codes
}

// must is text for a parameter that must be there.
func (p *params) must(name string) string { return p.requiredAs(name, name) }

// addition is the command that adds the users. The passwords are hashed here,
// once everything else was looked at.
func (s *server) addition(ctx context.Context, users []newUser) (domain.Command, error) {
	operations := make([]batch.Operation, len(users))
	for i, u := range users {
		registered, err := s.Identity.Seal(ctx, u.Account)
		if err != nil {
			return nil, err
		}
		cmd, err := ops.NewAddUser(registered, u.codes, u.keys)
		if err != nil {
			return nil, about(i, len(users), err)
		}
		operations[i] = batch.Of(cmd, nil)
	}
	return newTogether(operations, func(i int, err error) error { return about(i, len(users), err) })
}

// about says which of several users an error is about.
func about(i, of int, err error) error {
	var refused *domain.Error
	if of == 1 || !errors.As(err, &refused) {
		return err
	}
	return &domain.Error{Code: refused.Code, Field: refused.Field, Message: fmt.Sprintf("data[%d]: %s", i, refused.Message)}
}

// locateUser says where the one user that was added is. Several have no Location.
func locateUser(c echo.Context, receipt eventstore.Receipt) {
	var names []string
	for _, r := range receipt.Events {
		if e, ok := r.Event.(access.UserRegistered); ok {
			names = append(names, e.Username)
		}
	}
	header := c.Response().Header()
	header.Del(echo.HeaderLocation)
	if len(names) == 1 {
		header.Set(echo.HeaderLocation, pathUser+"?username="+url.QueryEscape(names[0]))
	} else {
		header.Del(headerETag)
	}
}
