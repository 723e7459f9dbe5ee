package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/network"
)

// ErrLoginFailed is what every refused login wraps, whatever the cause.
var ErrLoginFailed = errors.New("login failed")

// Login is a name and a password as somebody gave them.
type Login struct {
	Name, Password string
	// From is the address that the login came from.
	From netip.Addr
	// Record puts what became of the login on record, and the user that a first login of
	// somebody of the directory makes.
	Record Record
}

// Record appends a command, without waiting for the read models. The caller of
// this package supplies it, since the caller knows the request that the command
// belongs to.
type Record func(actor domain.UserID, cmd domain.Command) error

// verifier returns the user of that name and password. The error is a
// [refusedLogin] where they are wrong; any other means that nobody can tell.
type verifier func(ctx context.Context, name, password string) (*User, error)

// LoginLocal lets a local user in. It returns the user and a token for them. The
// error is [ErrLoginFailed] whatever the cause, a [ThrottledError], or what stood
// in the way of an answer.
func (s *Service) LoginLocal(ctx context.Context, l Login) (*User, string, error) {
	return s.admit(ctx, l, s.verifyLocal)
}

// LoginDirectory is [Service.LoginLocal] for a user of the directory, or, where the
// directory does not know the name, for a local one.
func (s *Service) LoginDirectory(ctx context.Context, l Login) (*User, string, error) {
	return s.admit(ctx, l, func(ctx context.Context, name, password string) (*User, error) {
		return s.verifyDirectory(ctx, l.Record, name, password)
	})
}

// admit lets in whom the verifier knows.
func (s *Service) admit(ctx context.Context, l Login, verify verifier) (*User, string, error) {
	user, err := s.check(ctx, l, verify)
	if err != nil {
		return nil, "", err
	}
	if err := l.Record(user.ID, access.RecordLogin{ID: user.ID}); err != nil {
		return nil, "", err
	}
	token, err := s.tokens.issue(ctx, holder{ID: user.ID, Generation: user.Generation()}, user.Username, time.Now())
	return user, token, err
}

// check verifies a name and a password, no faster than the throttle lets it, and
// puts a refusal on record.
func (s *Service) check(ctx context.Context, l Login, verify verifier) (*User, error) {
	try, err := s.logins.begin(access.FoldUsername(l.Name), l.From)
	if err != nil {
		return nil, err
	}
	user, err := verify(standIn(ctx, forLogin, network.Of(l.From)), l.Name, l.Password)
	var refused *refusedLogin
	switch {
	case errors.As(err, &refused):
		try.failed()
		return nil, s.recordFailure(l, refused)
	case err != nil:
		// Whoever goes away before the answer has tried all the same. When the database
		// went away, nobody has.
		if ctx.Err() == nil || s.store.Reachable().Err() != nil {
			try.undecided()
		}
		return nil, err
	default:
		try.succeeded()
		return user, nil
	}
}

// Count counts a try under a name that nobody looks at, as one that failed. The error is a
// [ThrottledError].
func (s *Service) Count(name string, from netip.Addr) error {
	try, err := s.logins.begin(access.FoldUsername(name), from)
	if err == nil {
		try.failed()
	}
	return err
}

// refusedLogin says why a login was refused, for the log alone.
type refusedLogin struct {
	// user is whose name was given, 0 for nobody's.
	user   domain.UserID
	reason string
}

func (e *refusedLogin) Error() string {
	return fmt.Sprintf("%v: %s (user %d)", ErrLoginFailed, e.reason, e.user)
}

func (*refusedLogin) Unwrap() error { return ErrLoginFailed }

// recordFailure puts a refused login on record and returns what to answer. A name
// that nobody has may be a password in the wrong field: only its digest is kept. Of
// failures without end only some are recorded.
func (s *Service) recordFailure(l Login, refused *refusedLogin) error {
	if s.logins.failures.take(l.From) > 0 {
		return refused
	}
	failure := access.LoginFailed{ID: refused.user, Reason: refused.reason}
	if refused.user == 0 {
		failure.NameDigest = keyedDigest(s.loginKey, strings.ToLower(l.Name))
	}
	if err := l.Record(domain.System, access.RecordFailedLogin{Failed: failure}); err != nil {
		return err
	}
	return refused
}

// verifyLocal checks a local user's password. Whatever the cause, a refusal
// takes the time of a password hash.
func (s *Service) verifyLocal(ctx context.Context, name, password string) (*User, error) {
	user, err := s.UserNamed(ctx, name)
	unknown := errors.Is(err, ErrNoUser)
	if err != nil && !unknown {
		return nil, err
	}
	hashID := ""
	if !unknown && user.Source == access.SourceLocal {
		hashID = user.PasswordHash
	}
	ok, err := s.fits(ctx, hashID, password)
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
