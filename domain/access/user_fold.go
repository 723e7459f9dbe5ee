package access

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// User is the fold of all that the log says about one user, but for logins.
//
// Invariant: Revoked moves with every change of the user's password, roles and
// source, so that no token from before that change is of the user's generation.
type User struct {
	id domain.UserID
	UserState
}

// UserState is what a [User] knows. Its lists are replaced, never changed in place.
type UserState struct {
	Exists   bool
	Username string
	// Source is [SourceLocal], [SourceLDAP] or [SourceService].
	Source string
	// PasswordHash and PersonalKey are ids of vault entries.
	PasswordHash string
	PersonalKey  string
	Profile      Profile
	Roles        []int64
	Codes        []int
	// Since is when the user registered.
	Since time.Time
	// Changed is the position of the last event, Revoked that from which on tokens may
	// be of use.
	Changed, Revoked domain.Position
}

// NewUser returns the fold of a user.
func NewUser(id domain.UserID) *User { return &User{id: id} }

// Item implements [domain.Fold].
func (f *User) Item() domain.Item {
	guards := append([]string{
		UserProfileChanged{}.EventType(), UserPasswordChanged{}.EventType(), UserLinked{}.EventType(),
	}, actorGuards...)
	return domain.Item{Tag: TagUser(f.id), Types: append([]string{UserRegistered{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *User) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		f.UserState = UserState{
			Exists: true, Username: e.Username, Source: e.Source, PasswordHash: e.PasswordHash,
			PersonalKey: e.PersonalKey, Profile: e.Profile(), Since: r.At, Revoked: r.Position,
		}
	case UserProfileChanged:
		f.Profile = e.After
	case UserRolesChanged:
		f.Roles, f.Revoked = e.After, r.Position
	case UserPermissionsChanged:
		f.Codes = e.Codes
	case UserPasswordChanged:
		f.PasswordHash, f.Revoked = e.PasswordHash, r.Position
	case UserLinked:
		f.Source, f.PasswordHash, f.Revoked = SourceLDAP, "", r.Position
	case UserDeleted:
		f.UserState = UserState{Revoked: r.Position}
	default:
		return
	}
	f.Changed = r.Position
}

// Snapshot implements [domain.Fold].
func (f *User) Snapshot() any { return f.UserState }

// Restore implements [domain.Fold].
func (f *User) Restore(s any) { f.UserState = s.(UserState) }

// loadUser returns an existing user, with the actor and more folds, if the
// client's version is the current one. An actor without the right learns nothing
// about the user. Where self is set, every user has the right on themselves.
func loadUser(h domain.History, env domain.Env, id domain.UserID, right Right, self bool, ifMatch *domain.Position, more ...domain.Fold) (*User, *Actor, error) {
	actor, user := NewActor(env.Actor), NewUser(id)
	if err := h.Load(append(more, actor, user)...); err != nil {
		return nil, nil, err
	}
	if !self || env.Actor != id || !actor.Registered() {
		if err := Authorize(h, actor, right); err != nil {
			return nil, nil, err
		}
	}
	if !user.Exists {
		return nil, nil, noUser(id)
	}
	return user, actor, domain.CheckVersion(ifMatch, user.Changed)
}

func noUser(id domain.UserID) error { return domain.NotFound("User %d 不存在！", id) }
