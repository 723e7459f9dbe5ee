package identity

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// User is a user as the log has them: whoever sent a request, or logs in. It is
// shared by requests and never changed. What it says about rights is for reads
// and for what replies show; writes are decided again on the log.
type User struct {
	ID domain.UserID
	access.UserState
	// Credential is what a program showed that acts for the user, nil for a login. The
	// rights of the user are then bounded by it.
	Credential *access.Credential
	// actor knows the roles of the user and what they grant; whole is the same without the
	// bounds of the credential.
	actor, whole *access.Actor
	// expires is when the token ends that was shown; zero for a user who showed none, and
	// for a program, whose credential says it.
	expires time.Time
	// session names the token that was shown, empty for who showed none.
	session string
}

// shown returns the user as one who showed the token of a holder.
func (u *User) shown(h holder) *User {
	shown := *u
	shown.expires, shown.session = h.Expires, h.Session
	return &shown
}

// Expires is when the token ends that the user showed; it is zero for who showed none of a login.
func (u *User) Expires() time.Time { return u.expires }

// Session names the token that the user showed, see [access.SessionEnded].
func (u *User) Session() string { return u.session }

// within returns the user as a credential lets a program act for them.
func (u *User) within(c *access.Credential) *User {
	bounded := *u
	bounded.Credential, bounded.actor = c, u.actor.Within(&c.CredentialState)
	return &bounded
}

// CredentialID is that of the credential, 0 for a login.
func (u *User) CredentialID() domain.CredentialID {
	if u.Credential == nil {
		return 0
	}
	return u.Credential.ID()
}

// Require returns a [domain.Error] naming the right that the user lacks.
func (u *User) Require(r access.Right) error { return u.actor.Require(r) }

// May says whether the user has a right.
func (u *User) May(r access.Right) bool { return u.actor.May(r) }

// MayAlone says whether the user has a right, whatever the bounds of the credential are.
func (u *User) MayAlone(r access.Right) bool { return u.whole.May(r) }

// Sees says whether the user may read what an entry of the operation log tells of, see
// [access.Actor.Sees]. The bounds of a credential are another question.
func (u *User) Sees(e access.Entry) bool { return u.whole.Sees(e) }

// Admin says whether the user may do everything.
func (u *User) Admin() bool { return u.actor.Admin() }

// Named says whether the name is the user's.
func (u *User) Named(name string) bool {
	return access.FoldUsername(u.Username) == access.FoldUsername(name)
}

// Generation is what the user's tokens must be of.
func (u *User) Generation() string { return generation(u.PasswordHash, u.Revoked) }

// RequireLogin refuses whoever shows the credential of a program.
func (u *User) RequireLogin() error {
	if u.Credential == nil {
		return nil
	}
	return access.ErrTakesLogin()
}

// RequireWholeZone refuses a credential for some of a zone's records alone.
func (u *User) RequireWholeZone() error {
	if u.Credential == nil || !u.Credential.Restrict.OfRecords() {
		return nil
	}
	return access.ErrOutside(u.Credential.Name)
}

// MayWrite says whether the user may write anything at all.
func (u *User) MayWrite() bool { return u.Credential == nil || !u.Credential.Restrict.ReadOnly }

// Narrow says whether the user acts with a credential for some records alone.
func (u *User) Narrow() bool { return u.Credential != nil && u.Credential.Restrict.Narrow() }

// RequireView refuses a view outside of the bounds of the credential.
func (u *User) RequireView(view int64) error {
	if u.Credential == nil || u.Credential.View == 0 || u.Credential.View == view {
		return nil
	}
	return access.ErrOutside(u.Credential.Name)
}

// RequireRecord refuses a record outside of the bounds of the credential, by its full name
// and its type.
func (u *User) RequireRecord(fullName, recordType string) error {
	if u.Credential == nil || u.Credential.Restrict.CoversRecord(fullName, recordType) {
		return nil
	}
	return access.ErrOutside(u.Credential.Name)
}
