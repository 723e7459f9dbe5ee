package opsapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
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
	identity.Registration
	codes []int
	keys  []string
}

// addUsers adds users, all or none.
func (a *API) addUsers() api.Write {
	return api.Write{
		Right: needs(access.CodeAddUser), Unversioned: true, NoDryRun: api.NoDryRun,
		Command: func(w *api.Request) (domain.Command, error) {
			if err := w.Caller.Require(access.Permitted(access.CodeAddUser)); err != nil {
				return nil, err // before anything is hashed
			}
			if err := w.Caller.RequireLogin(); err != nil {
				return nil, err
			}
			users, err := a.newUsers(w)
			if err != nil {
				return nil, err
			}
			return a.addition(w.Context(), users)
		},
		Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
			locateUsers(w.Header(), receipt)
			return "add user ok", nil
		},
	}
}

// newUsers reads and checks the users of a request.
func (a *API) newUsers(w *api.Request) ([]newUser, error) {
	objects := objects(w.Params, "data")
	if w.Err != nil {
		return nil, w.Err
	}
	if len(objects) == 0 || len(objects) > maxNewUsers {
		return nil, domain.Invalid("data", "must be 1 to %d users", maxNewUsers)
	}
	users, known := make([]newUser, len(objects)), api.Reads(readUser)
	for i, p := range objects {
		if err := w.Inspect(p, known, partOf(i, len(objects))); err != nil {
			return nil, err
		}
		users[i] = readUser(p)
		err := cmp.Or(p.Err, users[i].check())
		if err == nil {
			err = a.Identity.CheckFree(w.Context(), users[i].Username)
		}
		if err != nil {
			return nil, about(i, len(objects), err)
		}
	}
	return users, nil
}

// partOf is what the body calls one of several users, who stand in a list, or a single one.
func partOf(i, of int) string {
	if of == 1 {
		return "data"
	}
	return fmt.Sprintf("data[%d]", i)
}

// readUser reads one user.
func readUser(p *api.Params) (u newUser) {
	u.Username, u.Password, u.Mail = must(p, "username"), must(p, "passwd"), must(p, "mail")
	u.Department, u.Nickname = must(p, "department"), api.Given(p.Text("nickname"))
	codes, keys := readCodes(p), texts(p, "ssh_keys")
	if codes == nil {
		p.Refuse("permissions", "is required")
	}
	if codes != nil {
		u.codes = *codes
	}
	if keys != nil {
		u.keys = *keys
	}
	return u
}

// check refuses what has a bad form.
func (u *newUser) check() error {
	_, badName := access.ParseUsername(u.Username)
	_, badMail := access.ParseMail(u.Mail)
	_, badDepartment := access.ParseDepartment(u.Department)
	_, badKeys := ops.ParseKeys(u.keys)
	badNickname := domain.CheckText("nickname", u.Nickname, identity.MaxProfileText)
	return cmp.Or(badName, access.CheckPassword(u.Password), badMail, badNickname, badDepartment, badKeys)
}

// readCodes reads permissions: "1,2,3", or, so that it can be empty, a JSON list. It
// is nil where there is none.
func readCodes(p *api.Params) *[]int {
	if raw, ok := p.Value("permissions"); ok && raw[0] == '[' {
		list := p.Integers("permissions")
		if list == nil {
			return nil
		}
		codes := make([]int, len(*list))
		for i, code := range *list {
			codes[i] = int(code) // the command knows which there are
		}
		return &codes
	}
	text := p.Text("permissions")
	if text == nil {
		return nil
	}
	codes, err := access.ParsePermissions(*text)
	if err != nil && p.Err == nil {
		p.Err = err
	}
	return &codes
}

// addition is the command that adds the users. The passwords are hashed here,
// once everything else was looked at.
func (a *API) addition(ctx context.Context, users []newUser) (domain.Command, error) {
	operations := make([]batch.Operation, len(users))
	for i, u := range users {
		registered, err := a.Identity.Seal(ctx, u.Registration)
		if err != nil {
			return nil, err
		}
		cmd, err := ops.NewAddUser(registered, u.codes, u.keys)
		if err != nil {
			return nil, about(i, len(users), err)
		}
		operations[i] = batch.Of(cmd, nil)
	}
	return batch.NewTogether(operations, func(i int, err error) error { return about(i, len(users), err) })
}

// about says which of several users an error is about.
func about(i, of int, err error) error {
	var refused *domain.Error
	if of == 1 || !errors.As(err, &refused) {
		return err
	}
	return refused.Within(fmt.Sprintf("data[%d]", i))
}

// locateUsers leaves out where the users that were added are if they are several:
// the headers are about one.
func locateUsers(header http.Header, receipt eventstore.Receipt) {
	added := 0
	for _, r := range receipt.Events {
		if _, ok := r.Event.(access.UserRegistered); ok {
			added++
		}
	}
	if added != 1 {
		header.Del(echo.HeaderLocation)
		header.Del(api.HeaderID)
		header.Del(api.HeaderETag)
	}
}
