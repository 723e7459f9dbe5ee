package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/api/directory"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
)

// errDirectoryAway is answered with 503.
var errDirectoryAway = errors.New("LDAP服务器暂时无法访问，请稍后重试！")

// verifyDirectory checks a name and a password with the directory.
//
// Invariants:
//  1. A name that the directory knows is never checked locally; while the
//     directory cannot be asked nobody is.
//  2. A local user does not become another's by a directory entry of the same
//     name: they log in by their own password until an admin links them.
func (s *server) verifyDirectory(ctx context.Context, name, password string) (*caller, error) {
	if s.Directory == nil {
		return s.verifyLocal(ctx, name, password)
	}
	// What cannot be a username is not looked for in the directory.
	if _, err := access.ParseUsername(name); err != nil {
		return s.verifyLocal(ctx, name, password)
	}
	found, err := s.Directory.Authenticate(ctx, name, password)
	switch {
	case errors.Is(err, directory.ErrUnknown):
		return s.verifyLocal(ctx, name, password)
	case errors.Is(err, directory.ErrRefused):
		return nil, s.refuseDirectoryUser(ctx, name, password)
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", errDirectoryAway, err)
	}
	return s.directoryUser(ctx, name, found)
}

// refuseDirectoryUser refuses a login after the time that one of a local user takes.
func (s *server) refuseDirectoryUser(ctx context.Context, name, password string) error {
	if _, err := s.passwords.check(ctx, password, ""); err != nil {
		return err
	}
	user, err := s.callers.named(ctx, name)
	switch {
	case errors.Is(err, errNoUser):
		return &refusedLogin{reason: access.FailedUnknown}
	case err != nil:
		return err
	default:
		return &refusedLogin{user.ID, access.FailedSecret}
	}
}

// directoryUser returns the user of a name that the directory vouches for. The
// first time it makes them, without roles.
func (s *server) directoryUser(ctx context.Context, name string, found directory.Person) (*caller, error) {
	user, err := s.callers.named(ctx, name)
	if errors.Is(err, errNoUser) {
		if err := s.adopt(ctx, name, found); err != nil {
			return nil, err
		}
		user, err = s.callers.named(ctx, name)
	}
	switch {
	case err != nil:
		return nil, err
	case user.source != access.SourceLDAP:
		return nil, &refusedLogin{user.ID, access.FailedLocal}
	default:
		return user, nil
	}
}

// adopt makes a user of the directory. That somebody else made it meanwhile is no error.
func (s *server) adopt(ctx context.Context, name string, found directory.Person) error {
	a := account{username: name, nickname: found.Name, phone: found.Phone}
	if mail, err := access.ParseMail(found.Mail); err == nil {
		a.mail = mail
	}
	err := s.registerDirectoryUser(ctx, a)
	var refused *domain.Error
	if errors.As(err, &refused) && a.mail != "" {
		// The address may be another user's; a login does not fail for that.
		a.mail = ""
		err = s.registerDirectoryUser(ctx, a)
	}
	if errors.As(err, &refused) {
		return nil // the name was taken; whoever has it is looked at next
	}
	return err
}

func (s *server) registerDirectoryUser(ctx context.Context, a account) error {
	user, err := a.seal(ctx, s.Vault, s.passwords)
	if err != nil {
		return err
	}
	_, err = s.Store.Execute(ctx, eventstore.Request{Command: access.RegisterUser{User: user}, Actor: domain.System})
	return err
}

// refuseDirectoryName returns a [domain.Error] if the name is the directory's: no
// local user may take it. It is errDirectoryAway while nobody can tell.
func (s *server) refuseDirectoryName(ctx context.Context, name string) error {
	if s.Directory == nil {
		return nil
	}
	known, err := s.Directory.Knows(ctx, name)
	switch {
	case err != nil:
		return fmt.Errorf("%w (%w)", errDirectoryAway, err)
	case known:
		return domain.Refused("用户已存在！")
	default:
		return nil
	}
}

// checkLinkable refuses to link a user whom the directory does not know: nothing
// would let them in any more, be it the last admin. One who is not there, or
// linked already, is the command's concern.
func (s *server) checkLinkable(ctx context.Context, id domain.UserID) error {
	if s.Directory == nil {
		return domain.Refused("没有配置LDAP，不能关联用户！")
	}
	user, _, err := s.callers.read(ctx, id)
	if errors.Is(err, errNoUser) || err == nil && user.source == access.SourceLDAP {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := s.Directory.Knows(ctx, user.Username)
	switch {
	case err != nil:
		return fmt.Errorf("%w (%w)", errDirectoryAway, err)
	case !known:
		return domain.Refused("LDAP中没有用户%s，不能关联！", user.Username)
	default:
		return nil
	}
}
