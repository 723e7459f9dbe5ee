package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity/directory"
)

// ErrDirectoryAway says that no server of the directory can be asked.
var ErrDirectoryAway = errors.New("LDAP服务器暂时无法访问，请稍后重试！")

// verifyDirectory checks a name and a password with the directory.
//
// Invariants:
//  1. A name that the directory knows is never checked locally; while the
//     directory cannot be asked nobody is.
//  2. A local user does not become another's by a directory entry of the same
//     name: they log in by their own password until an admin links them.
func (s *Service) verifyDirectory(ctx context.Context, record Record, name, password string) (*User, error) {
	if s.directory == nil {
		return s.verifyLocal(ctx, name, password)
	}
	// What cannot be a username is not looked for in the directory.
	name, bad := access.ParseDirectoryName(name)
	if bad != nil {
		return s.verifyLocal(ctx, name, password)
	}
	found, err := s.directory.Authenticate(ctx, name, password)
	switch {
	case errors.Is(err, directory.ErrUnknown):
		return s.verifyLocal(ctx, name, password)
	case errors.Is(err, directory.ErrRefused):
		return nil, s.refuseDirectoryUser(ctx, name, password)
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrDirectoryAway, err)
	}
	return s.directoryUser(ctx, record, usernameOf(found, name), found)
}

// usernameOf returns by which name somebody is known whom the directory found by what was
// typed. By their mail address they are not another user than by their name.
func usernameOf(found directory.Person, typed string) string {
	if name, bad := access.ParseDirectoryName(found.Username); bad == nil {
		return name
	}
	return typed
}

// refuseDirectoryUser refuses a login after the time that one of a local user takes.
func (s *Service) refuseDirectoryUser(ctx context.Context, name, password string) error {
	if _, err := s.passwords.check(ctx, password, ""); err != nil {
		return err
	}
	user, err := s.UserNamed(ctx, name)
	switch {
	case errors.Is(err, ErrNoUser):
		return &refusedLogin{reason: access.FailedUnknown}
	case err != nil:
		return err
	default:
		return &refusedLogin{user.ID, access.FailedSecret}
	}
}

// directoryUser returns the user of a name that the directory vouches for. The
// first time it makes them, without roles.
func (s *Service) directoryUser(ctx context.Context, record Record, name string, found directory.Person) (*User, error) {
	user, err := s.UserNamed(ctx, name)
	if errors.Is(err, ErrNoUser) {
		if err := s.adopt(ctx, record, name, found); err != nil {
			return nil, err
		}
		user, err = s.UserNamed(ctx, name)
	}
	switch {
	case err != nil:
		return nil, err
	case user.Source != access.SourceLDAP:
		return nil, &refusedLogin{user.ID, access.FailedLocal}
	default:
		return user, nil
	}
}

// adopt makes a user of the directory. That somebody else made it meanwhile is no error.
func (s *Service) adopt(ctx context.Context, record Record, name string, found directory.Person) error {
	r := Registration{Username: name, Nickname: found.Name, Phone: found.Phone}
	if mail, err := access.ParseMail(found.Mail); err == nil {
		r.Mail = mail
	}
	err := s.registerDirectoryUser(ctx, record, r)
	var refused *domain.Error
	if errors.As(err, &refused) && r.Mail != "" {
		// The address may be another user's; a login does not fail for that.
		r.Mail = ""
		err = s.registerDirectoryUser(ctx, record, r)
	}
	if errors.As(err, &refused) {
		return nil // the name was taken; whoever has it is looked at next
	}
	return err
}

func (s *Service) registerDirectoryUser(ctx context.Context, record Record, r Registration) error {
	user, err := s.Seal(ctx, r)
	if err != nil {
		return err
	}
	return record(domain.System, access.RegisterUser{User: user})
}

// refuseDirectoryName returns a [domain.Error] if the name is the directory's: no
// local user may take it. It is ErrDirectoryAway while nobody can tell.
func (s *Service) refuseDirectoryName(ctx context.Context, name string) error {
	if s.directory == nil {
		return nil
	}
	known, err := s.inDirectory(ctx, name)
	if err == nil && known {
		err = domain.Refused("用户已存在！").Blame("username")
	}
	return err
}

// CheckLinkable refuses to link a user whom the directory does not know: nothing
// would let them in any more, be it the last admin. One who is not there, or
// linked already, is the command's concern.
func (s *Service) CheckLinkable(ctx context.Context, id domain.UserID) error {
	if s.directory == nil {
		return domain.Refused("没有配置LDAP，不能关联用户！")
	}
	user, err := s.UserNow(ctx, id)
	if errors.Is(err, ErrNoUser) || err == nil && user.Source == access.SourceLDAP {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := s.inDirectory(ctx, user.Username)
	if err == nil && !known {
		err = domain.Refused("LDAP中没有用户%s，不能关联！", user.Username)
	}
	return err
}

func (s *Service) inDirectory(ctx context.Context, name string) (bool, error) {
	known, err := s.directory.Knows(ctx, name)
	if err != nil {
		err = fmt.Errorf("%w (%w)", ErrDirectoryAway, err)
	}
	return known, err
}
