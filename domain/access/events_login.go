package access

import "github.com/opsledger/opsledger/domain"

// UserLoggedIn says that a user proved who they are. It is no change of the user.
type UserLoggedIn struct {
	unkeyed
	ID domain.UserID `json:"id"`
}

// Why a login failed, for [LoginFailed].
const (
	// FailedSecret: the password was wrong.
	FailedSecret = "password"
	// FailedUnknown: there is no such user.
	FailedUnknown = "unknown"
	// FailedLocal: the directory knows a name that belongs to a local user.
	FailedLocal = "local"
)

// LoginFailed says that somebody did not prove who they are. It never holds
// what they sent: a name that nobody has may be a password typed into the wrong field.
type LoginFailed struct {
	unkeyed
	// ID is the user whose name was given, 0 where nobody has it.
	ID domain.UserID `json:"id,omitempty"`
	// NameDigest is a keyed digest of a name that nobody has, else empty.
	NameDigest string `json:"name_digest,omitempty" hidden:"true"`
	// Reason is one of the Failed constants.
	Reason string `json:"reason"`
}

// EventType implements [domain.Event].
func (UserLoggedIn) EventType() string { return "UserLoggedIn" }
func (LoginFailed) EventType() string  { return "LoginFailed" }

// Tags implements [domain.Event].
func (e UserLoggedIn) Tags() []domain.Tag { return []domain.Tag{TagLogin(e.ID)} }
func (e LoginFailed) Tags() []domain.Tag {
	if e.ID != 0 {
		return []domain.Tag{TagLogin(e.ID)}
	}
	return []domain.Tag{domain.TextTag("loginname", e.NameDigest)}
}
