package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
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

// verifier returns the user of that name and password. The error is a
// [refusedLogin] where they are wrong; any other means that nobody can tell.
type verifier func(ctx context.Context, name, password string) (*caller, error)

func (s *server) loginLocal(c echo.Context) error { return s.login(c, s.verifyLocal) }

func (s *server) loginLDAP(c echo.Context) error { return s.login(c, s.verifyDirectory) }

func (s *server) login(c echo.Context, verify verifier) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	name, password := b.required("username"), b.required("password")
	if b.err != nil {
		return b.err
	}
	user, token, err := s.admit(c, name, password, verify)
	if err != nil {
		return err
	}
	info, err := s.userInfo(c.Request().Context(), user)
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

// admit carries a login through: it is throttled, verified and put on record.
// It returns the user and a token for them, or errLoginFailed whatever the cause,
// a [throttledError], or what stood in the way of an answer.
func (s *server) admit(c echo.Context, name, password string, verify verifier) (*caller, string, error) {
	ctx := c.Request().Context()
	try, err := s.logins.begin(name, s.clientAddress(c.Request()))
	if err != nil {
		return nil, "", err
	}
	user, err := verify(ctx, name, password)
	var refused *refusedLogin
	switch {
	case errors.As(err, &refused):
		try.failed()
		return nil, "", s.recordFailure(c, refused, name)
	case err != nil:
		try.undecided()
		return nil, "", err
	}
	try.succeeded()
	if err := s.record(c, user.ID, access.RecordLogin{ID: user.ID}); err != nil {
		return nil, "", err
	}
	token, err := s.tokens.issue(ctx, holder{ID: user.ID, Generation: user.generation()}, user.Username, time.Now())
	return user, token, err
}

// refusedLogin says why a login was refused, for the log alone.
type refusedLogin struct {
	// user is whose name was given, 0 for nobody's.
	user   domain.UserID
	reason string
}

func (e *refusedLogin) Error() string {
	return fmt.Sprintf("%v: %s (user %d)", errLoginFailed, e.reason, e.user)
}

func (*refusedLogin) Unwrap() error { return errLoginFailed }

// recordFailure puts a refused login on record and returns what to answer. A name
// that nobody has may be a password in the wrong field: only its digest is kept.
func (s *server) recordFailure(c echo.Context, refused *refusedLogin, name string) error {
	failure := access.LoginFailed{ID: refused.user, Reason: refused.reason}
	if refused.user == 0 {
		failure.NameDigest = keyedDigest(s.loginKey, strings.ToLower(name))
	}
	if err := s.record(c, domain.System, access.RecordFailedLogin{Failed: failure}); err != nil {
		return err
	}
	return refused
}

// record appends what became of a login, without waiting for the read models.
func (s *server) record(c echo.Context, actor domain.UserID, cmd domain.Command) error {
	_, err := s.Store.Execute(patient(c), eventstore.Request{Command: cmd, Actor: actor, Correlation: correlation(c)})
	if err != nil {
		return fmt.Errorf("record login: %w", err)
	}
	return nil
}

// verifyLocal checks a local user's password. Whatever the cause, a refusal
// takes the time of a password hash.
func (s *server) verifyLocal(ctx context.Context, name, password string) (*caller, error) {
	user, err := s.callers.named(ctx, name)
	unknown := errors.Is(err, errNoUser)
	if err != nil && !unknown {
		return nil, err
	}
	hash := ""
	if !unknown && user.source == access.SourceLocal {
		if hash, err = s.passwordHash(ctx, user.credential); err != nil {
			return nil, err
		}
	}
	ok, err := s.passwords.check(ctx, password, hash)
	switch {
	case err != nil:
		return nil, err
	case unknown:
		return nil, &refusedLogin{reason: access.FailedUnknown}
	case !ok:
		return nil, &refusedLogin{user.ID, access.FailedSecret}
	}
	return user, nil
}

// passwordHash returns the hash, or that of nobody when it was destroyed meanwhile.
func (s *server) passwordHash(ctx context.Context, credential string) (string, error) {
	id, err := uuid.Parse(credential)
	if err != nil {
		return "", fmt.Errorf("credential id: %w", err)
	}
	hash, err := s.Vault.Get(ctx, id)
	if errors.Is(err, vault.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("password hash: %w", err)
	}
	return string(hash), nil
}

func (s *server) userInfo(ctx context.Context, user *caller) (userInfoBody, error) {
	p, err := s.person(ctx, user.user())
	if err != nil {
		return userInfoBody{}, err
	}
	return userInfoBody{
		ID: p.ID, Username: p.Username, Email: p.mail, ChineseName: p.nickname,
		Cellphone: p.phone, Position: p.position, Location: p.location,
		CanAddServer: user.may(access.AddServer()), CanAddView: user.may(access.AddView()), CanAddZone: user.may(access.AddZone()),
		MemberSince: p.MemberSince.In(s.Config.Location).Format(timeLayout),
	}, nil
}
