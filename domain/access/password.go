package access

import "github.com/opsledger/opsledger/domain"

// ChangePassword gives a local user another password, which the caller has
// checked ([CheckPassword]) and put into the vault.
//
// Invariants:
//  1. Who lacks the permission updateuser changes their own password alone, and
//     proves that they know the one that is in force when the change is made.
//  2. A directory user has no password here.
//  3. Nobody changes that of a user who has more than they have, see [RequireOutranks].
type ChangePassword struct {
	ID domain.UserID
	// PasswordHash names the new password hash.
	PasswordHash string
	// Verified names the hash that the old password was compared with and fits,
	// empty if it was not given or did not fit.
	Verified string
	IfMatch  *domain.Position
	// EndCredentials lets all credentials of the user end as well.
	EndCredentials bool
}

// Decide implements [domain.Command].
func (c ChangePassword) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	user, actor, err := loadUser(h, env, c.ID, Permitted(CodeUpdateUser), true, c.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := checkOutranks(h, actor, user); err != nil {
		return nil, err
	}
	switch user.Source {
	case SourceLDAP:
		return nil, domain.Refused("目录用户的密码只能在目录中修改！")
	case SourceService:
		return nil, domain.Refused("服务用户没有密码！")
	}
	if !actor.May(Permitted(CodeUpdateUser)) && (c.Verified == "" || c.Verified != user.PasswordHash) {
		return nil, domain.Refused("原密码错误！")
	}
	changed := UserPasswordChanged{ID: c.ID, PasswordHash: c.PasswordHash, Former: user.PasswordHash}
	credentials := newUserCredentials(c.ID)
	if err := h.Load(credentials); err != nil {
		return nil, err
	}
	if c.EndCredentials {
		return append([]domain.Event{changed}, credentials.end()...), nil
	}
	if n := credentials.holding(env.Now); n > 0 {
		env.Warn(domain.Warn("revoke_credentials", "%d credentials of the user stay valid", n))
	}
	return []domain.Event{changed}, nil
}

// LinkUser makes a local user a directory user: from then on the directory
// checks the password, and the one here is forgotten. Only an admin may.
type LinkUser struct {
	ID      domain.UserID
	IfMatch *domain.Position
}

// Decide implements [domain.Command]. It does nothing for a directory user.
func (c LinkUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	user, _, err := loadUser(h, env, c.ID, Administer(), false, c.IfMatch)
	if err != nil || user.Source == SourceLDAP {
		return nil, err
	}
	if user.Source == SourceService {
		return nil, domain.Refused("服务用户没有密码！")
	}
	return []domain.Event{UserLinked{ID: c.ID, Former: user.PasswordHash}}, nil
}
