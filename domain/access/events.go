package access

import (
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Events describes every event type of the context.
func Events() []domain.Descriptor {
	const c = domain.ContextAccess
	return []domain.Descriptor{
		domain.Describe[UserRegistered](c),
		domain.Describe[UserRolesChanged](c),
	}
}

// Sealed is a personal field, encrypted with its user's key (base64, empty for
// an empty field). Deleting that key erases the field from every copy of the log.
type Sealed string

// The sources of a user.
const (
	SourceLocal = "local"
	SourceLDAP  = "ldap"
)

// RoleAdmin is the id of the built-in role that may do everything.
const RoleAdmin int64 = 1

// AdminID is the user of the first start.
const AdminID domain.UserID = 1

// UserRegistered says that a user exists. Secrets and personal data are not in it:
// Credential and PersonalKey are ids of vault entries.
type UserRegistered struct {
	ID       domain.UserID `json:"id"`
	Username string        `json:"username"`
	Source   string        `json:"source"`
	// Mail, Nickname, Phone, Position and Location are personal.
	Mail     Sealed `json:"mail,omitempty"`
	Nickname Sealed `json:"nickname,omitempty"`
	Phone    Sealed `json:"phone,omitempty"`
	Position Sealed `json:"position,omitempty"`
	Location Sealed `json:"location,omitempty"`
	// MailDigest is a keyed digest of the folded mail address, empty without
	// one; it keeps addresses unique without telling them.
	MailDigest string `json:"mail_digest,omitempty"`
	// Credential names the password hash, empty for a directory user.
	Credential string `json:"credential,omitempty"`
	// PersonalKey names the key that the personal fields are sealed with.
	PersonalKey string `json:"personal_key,omitempty"`
}

// UserRolesChanged says which roles a user holds from now on (ascending ids).
type UserRolesChanged struct {
	ID     domain.UserID `json:"id"`
	Before []int64       `json:"before"`
	After  []int64       `json:"after"`
}

// EventType implements [domain.Event].
func (UserRegistered) EventType() string   { return "UserRegistered" }
func (UserRolesChanged) EventType() string { return "UserRolesChanged" }

// SubjectKey implements [domain.Event].
func (UserRegistered) SubjectKey() int64   { return 0 }
func (UserRolesChanged) SubjectKey() int64 { return 0 }

// Tags implements [domain.Event].
func (e UserRegistered) Tags() []domain.Tag {
	tags := []domain.Tag{TagUser(e.ID), TagUsername(e.Username)}
	if e.MailDigest != "" {
		tags = append(tags, TagMail(e.MailDigest))
	}
	return tags
}
func (e UserRolesChanged) Tags() []domain.Tag { return []domain.Tag{TagUser(e.ID)} }

// TagUser marks the events that say who a user is and what they may do.
func TagUser(id domain.UserID) domain.Tag {
	return domain.Tag("user:" + strconv.FormatInt(int64(id), 10))
}

// TagUsername marks the events in which a username is taken or given up; names compare without case.
func TagUsername(name string) domain.Tag { return domain.Tag("username:" + strings.ToLower(name)) }

// TagMail marks the events in which a mail address is taken or given up.
func TagMail(digest string) domain.Tag { return domain.Tag("mail:" + digest) }
