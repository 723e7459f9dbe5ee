package access

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

// Account is the fold of who a user is: what a login and a token are checked with.
//
// Invariant: Revoked moves with every change of the user's password, roles and
// source, so that no token from before that change is of the user's generation.
type Account struct {
	id domain.UserID
	AccountState
}

// AccountState is what an [Account] knows.
type AccountState struct {
	Exists   bool
	Username string
	// Source is [SourceLocal] or [SourceLDAP].
	Source string
	// Credential and PersonalKey are ids of vault entries.
	Credential  string
	PersonalKey string
	Profile     Profile
	Since       time.Time
	// Revoked is the position from which on tokens may be of use.
	Revoked domain.Position
}

// NewAccount returns the fold of a user.
func NewAccount(id domain.UserID) *Account { return &Account{id: id} }

// Item implements [domain.Fold].
func (f *Account) Item() domain.Item {
	return domain.Item{Tag: TagUser(f.id), Types: accountTypes}
}

// accountTypes is read only.
var accountTypes = []string{
	UserRegistered{}.EventType(), UserProfileChanged{}.EventType(), UserRolesChanged{}.EventType(),
	UserPasswordChanged{}.EventType(), UserLinked{}.EventType(), UserDeleted{}.EventType(),
}

// Apply implements [domain.Fold].
func (f *Account) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		f.AccountState = AccountState{
			Exists: true, Username: e.Username, Source: e.Source, Credential: e.Credential,
			PersonalKey: e.PersonalKey, Profile: e.Profile(), Since: r.At, Revoked: r.Position,
		}
	case UserProfileChanged:
		f.Profile = e.After
	case UserRolesChanged:
		f.Revoked = r.Position
	case UserPasswordChanged:
		f.Credential, f.Revoked = e.Credential, r.Position
	case UserLinked:
		f.Source, f.Credential, f.Revoked = SourceLDAP, "", r.Position
	case UserDeleted:
		f.AccountState = AccountState{Revoked: r.Position}
	}
}

// Snapshot implements [domain.Fold].
func (f *Account) Snapshot() any { return f.AccountState }

// Restore implements [domain.Fold].
func (f *Account) Restore(s any) { f.AccountState = s.(AccountState) }
