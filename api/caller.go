package api

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
)

// caller is a user as the log has them: whoever sent a request, or logs in. It
// is shared by requests and never changed. What it says about rights is for
// reads and for what replies show; writes are decided again on the log.
type caller struct {
	ID domain.UserID
	memberState
	// actor knows the roles of the user and what they grant.
	actor *access.Actor
}

// require returns a [domain.Error] naming the right that the caller lacks.
func (c *caller) require(r access.Right) error { return c.actor.Require(r) }

func (c *caller) may(r access.Right) bool { return c.actor.May(r) }

// admin says whether the caller may do everything.
func (c *caller) admin() bool { return c.actor.Admin() }

// roles are the ids of the caller's roles (ascending). Read only.
func (c *caller) roles() []int64 { return c.actor.RoleIDs() }

// generation is what the caller's tokens must be of.
func (c *caller) generation() string { return generation(c.credential, c.revoked) }

// user is the caller in the form of the read model, without roles and logins.
func (c *caller) user() projections.User {
	p := c.profile
	return projections.User{
		ID: c.ID, Username: c.Username, Source: c.source,
		Mail: p.Mail, Nickname: p.Nickname, Phone: p.Phone, Position: p.Position, Location: p.Location,
		Credential: c.credential, PersonalKey: c.personalKey, MemberSince: c.since,
	}
}

// member is the fold of who a user is.
//
// Invariant: revoked moves with every change of the user's password, roles and
// source, so that no token from before it is of the user's generation.
type member struct {
	id domain.UserID
	memberState
}

type memberState struct {
	exists   bool
	Username string
	// source is [access.SourceLocal] or [access.SourceLDAP].
	source      string
	credential  string
	personalKey string
	profile     access.Profile
	since       time.Time
	// revoked is the position from which on tokens may be of use.
	revoked domain.Position
}

// Item implements [domain.Fold].
func (f *member) Item() domain.Item {
	return domain.Item{Tag: access.TagUser(f.id), Types: memberTypes}
}

// memberTypes is read only.
var memberTypes = []string{
	access.UserRegistered{}.EventType(), access.UserProfileChanged{}.EventType(), access.UserRolesChanged{}.EventType(),
	access.UserPasswordChanged{}.EventType(), access.UserLinked{}.EventType(), access.UserDeleted{}.EventType(),
}

// Apply implements [domain.Fold].
func (f *member) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case access.UserRegistered:
		f.memberState = memberState{
			exists: true, Username: e.Username, source: e.Source, credential: e.Credential,
			personalKey: e.PersonalKey, profile: e.Profile(), since: r.At, revoked: r.Position,
		}
	case access.UserProfileChanged:
		f.profile = e.After
	case access.UserRolesChanged:
		f.revoked = r.Position
	case access.UserPasswordChanged:
		f.credential, f.revoked = e.Credential, r.Position
	case access.UserLinked:
		f.source, f.credential, f.revoked = access.SourceLDAP, "", r.Position
	case access.UserDeleted:
		f.memberState = memberState{revoked: r.Position}
	}
}

// Snapshot implements [domain.Fold].
func (f *member) Snapshot() any { return f.memberState }

// Restore implements [domain.Fold].
func (f *member) Restore(s any) { f.memberState = s.(memberState) }
