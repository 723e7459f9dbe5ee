package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
)

// loginBody is the reply to a login.
type loginBody struct {
	Token    string       `json:"token"`
	UserInfo userInfoBody `json:"user_info"`
}

// userInfoBody is who logged in and what they may create.
type userInfoBody struct {
	ID           domain.UserID `json:"id"`
	Username     string        `json:"username"`
	Email        string        `json:"email"`
	ChineseName  string        `json:"chinese_name"`
	Cellphone    string        `json:"cellphone"`
	Position     string        `json:"position"`
	Location     string        `json:"location"`
	CanAddServer bool          `json:"can_add_server"`
	CanAddView   bool          `json:"can_add_view"`
	CanAddZone   bool          `json:"can_add_zone"`
	MemberSince  string        `json:"member_since"`
}

// timeLayout is how the DNS dialect writes times.
const timeLayout = "2006-01-02 15:04:05"

// login answers both login paths: while no directory is configured,
// /auth/login_ldap takes local accounts, too.
func (s *server) login(c echo.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	name, password := b.required("username"), b.required("password")
	if b.err != nil {
		return b.err
	}
	ctx := c.Request().Context()
	user, err := s.verify(ctx, name, password)
	if err != nil {
		return err
	}
	token, err := s.tokens.issue(holder{ID: user.ID, Generation: generation(user.Credential)}, user.Username, time.Now())
	if err != nil {
		return err
	}
	info, err := s.userInfo(ctx, user)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, loginBody{Token: token, UserInfo: info})
}

// required is text for a parameter that must be there.
func (p *params) required(name string) string {
	s := p.text(name)
	if s == nil {
		p.refuse(name, "不能为空！")
		return ""
	}
	return *s
}

// verify returns the local user of that name and password, or errLoginFailed,
// whatever the cause and after the same time.
func (s *server) verify(ctx context.Context, name, password string) (projections.User, error) {
	user, err := s.Reader.UserByName(ctx, name)
	unknown := errors.Is(err, projections.ErrNotFound)
	if err != nil && !unknown {
		return user, fmt.Errorf("find user by name: %w", err)
	}
	hash := ""
	if !unknown && user.Source == access.SourceLocal {
		if hash, err = s.passwordHash(ctx, user.Credential); err != nil {
			return user, err
		}
	}
	ok, err := s.passwords.check(ctx, password, hash)
	if err != nil {
		return user, err
	}
	if !ok {
		return user, errLoginFailed
	}
	return user, nil
}

func (s *server) passwordHash(ctx context.Context, credential string) (string, error) {
	id, err := uuid.Parse(credential)
	if err != nil {
		return "", fmt.Errorf("credential id: %w", err)
	}
	hash, err := s.Vault.Get(ctx, id)
	if err != nil {
		return "", fmt.Errorf("password hash: %w", err)
	}
	return string(hash), nil
}

func (s *server) userInfo(ctx context.Context, user projections.User) (userInfoBody, error) {
	who := newCaller(user)
	info := userInfoBody{
		ID: user.ID, Username: user.Username,
		CanAddServer: who.may(access.AddServer()), CanAddView: who.may(access.AddView()), CanAddZone: who.may(access.AddZone()),
		MemberSince: user.MemberSince.In(s.Config.Location).Format(timeLayout),
	}
	for _, field := range []struct {
		plain  *string
		sealed access.Sealed
	}{
		{&info.Email, user.Mail}, {&info.ChineseName, user.Nickname}, {&info.Cellphone, user.Phone},
		{&info.Position, user.Position}, {&info.Location, user.Location},
	} {
		plain, err := s.open(ctx, user.PersonalKey, field.sealed)
		if err != nil {
			return info, fmt.Errorf("personal data of user %d: %w", user.ID, err)
		}
		*field.plain = plain
	}
	return info, nil
}

// open reads a personal field; one whose key was erased is empty.
func (s *server) open(ctx context.Context, key string, sealed access.Sealed) (string, error) {
	if sealed == "" {
		return "", nil
	}
	id, err := uuid.Parse(key)
	if err != nil {
		return "", fmt.Errorf("personal key: %w", err)
	}
	return s.Vault.OpenField(ctx, id, sealed)
}
