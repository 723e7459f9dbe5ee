package access

import "github.com/opsledger/opsledger/domain"

// RegisterUser creates a user without roles, or, for the first start, the
// admin with theirs. Secrets and personal data arrive sealed: the caller checks
// their form ([ParseUsername] or [ParseDirectoryName], [CheckPasswords], [ParseMail]), puts them into
// the vault and names the entries here.
//
// A directory user (Source [SourceLDAP]) is created by their first login. If
// somebody has their mail address already, they are created without one: the
// address is the directory's word, and must not keep them out.
//
// Invariants:
//  1. A username, as [FoldUsername] compares, belongs to one user. The local ones are
//     such as [ParseUsername] lets through.
//  2. A mail address, where not empty, belongs to one user.
//  3. A directory user and a service user have no password here.
//  4. The first start makes its user once, however often it runs and whatever
//     became of that user.
type RegisterUser struct {
	// User is what to record; its ID is given by the log.
	User UserRegistered
	// Roles are held from the start. Only the system gives any.
	Roles []int64
	// First makes the user [AdminID], and lets the command do nothing when there
	// ever was that user, or any has the name.
	First bool
}

// Allocates implements [domain.Allocator]. The first user's id is fixed, and the
// sequence starts behind it.
func (c RegisterUser) Allocates() []domain.Sequence {
	if c.First {
		return nil
	}
	return []domain.Sequence{domain.SequenceUser}
}

// Decide implements [domain.Command].
func (c RegisterUser) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if err := checkName(c.User); err != nil {
		return nil, err
	}
	name, mail, first := newTaken(TagUsername(c.User.Username)), newTaken(TagMail(c.User.MailDigest)), NewUser(AdminID)
	folds := []domain.Fold{name}
	if c.User.MailDigest != "" {
		folds = append(folds, mail)
	}
	if c.First {
		folds = append(folds, first)
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	user := c.User
	switch {
	case c.First && (name.HeldBy() != 0 || first.Changed != 0):
		return nil, nil
	case name.HeldBy() != 0:
		return nil, domain.Refused("用户已存在！").Blame("username")
	case mail.HeldBy() != 0 && user.Source == SourceLDAP:
		user.Mail, user.MailDigest = "", ""
	case mail.HeldBy() != 0:
		return nil, errMailTaken()
	}
	return c.events(user, env)
}

// checkName checks the form of a new user's name.
func checkName(user UserRegistered) (err error) {
	if user.Source == SourceLDAP {
		_, err = ParseDirectoryName(user.Username)
	} else {
		_, err = ParseUsername(user.Username)
	}
	return err
}

func (c RegisterUser) events(user UserRegistered, env domain.Env) ([]domain.Event, error) {
	user.ID = AdminID
	if !c.First {
		user.ID = domain.UserID(env.NextID(domain.SequenceUser))
	}
	if user.Source == "" {
		user.Source = SourceLocal
	}
	if user.Source != SourceLocal {
		user.PasswordHash = ""
	}
	if len(c.Roles) == 0 {
		return []domain.Event{user}, nil
	}
	if env.Actor != domain.System {
		return nil, domain.Forbidden("无权限！注册的用户不能自带角色")
	}
	return []domain.Event{user, UserRolesChanged{ID: user.ID, Before: []int64{}, After: sortedIDs(c.Roles)}}, nil
}
