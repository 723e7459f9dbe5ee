package access

import "github.com/opsledger/opsledger/domain"

// RegisterUser creates a local user without roles, or, for the first start, the
// admin with theirs. Secrets and personal data arrive sealed: the caller checks
// their form ([ParseUsername], [CheckPasswords], [ParseMail]), puts them into
// the vault and names the entries here.
//
// Invariants:
//  1. A username, without case, belongs to one user.
//  2. A mail address, where not empty, belongs to one user.
type RegisterUser struct {
	// User is what to record; its ID is given by the log.
	User UserRegistered
	// Roles are held from the start. Only the system gives any.
	Roles []int64
	// First makes the user [AdminID], and lets the command do nothing when any
	// user has the name already: the first start may run twice.
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
	if _, err := ParseUsername(c.User.Username); err != nil {
		return nil, err
	}
	folds := []domain.Fold{newTaken(TagUsername(c.User.Username))}
	if c.User.MailDigest != "" {
		folds = append(folds, newTaken(TagMail(c.User.MailDigest)))
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	if folds[0].(*taken).by != 0 {
		if c.First {
			return nil, nil
		}
		return nil, domain.Refused("用户已存在！")
	}
	if len(folds) > 1 && folds[1].(*taken).by != 0 {
		return nil, domain.Refused("邮箱已存在！")
	}
	return c.events(env)
}

func (c RegisterUser) events(env domain.Env) ([]domain.Event, error) {
	user := c.User
	user.ID = AdminID
	if !c.First {
		user.ID = domain.UserID(env.NextID(domain.SequenceUser))
	}
	if user.Source == "" {
		user.Source = SourceLocal
	}
	if len(c.Roles) == 0 {
		return []domain.Event{user}, nil
	}
	if env.Actor != domain.System {
		return nil, domain.Forbidden("无权限！注册的用户不能自带角色")
	}
	return []domain.Event{user, UserRolesChanged{ID: user.ID, Before: []int64{}, After: sortedIDs(c.Roles)}}, nil
}

// taken tells which user holds a name or an address.
type taken struct {
	tag domain.Tag
	by  domain.UserID
}

func newTaken(tag domain.Tag) *taken { return &taken{tag: tag} }

// Item implements [domain.Fold].
func (f *taken) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: []string{UserRegistered{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *taken) Apply(r domain.Recorded) {
	if e, ok := r.Event.(UserRegistered); ok {
		f.by = e.ID
	}
}

// Snapshot implements [domain.Fold].
func (f *taken) Snapshot() any { return f.by }

// Restore implements [domain.Fold].
func (f *taken) Restore(s any) { f.by = s.(domain.UserID) }
