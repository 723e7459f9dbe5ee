package access

import "github.com/opsledger/opsledger/domain"

// Sealed is a personal field, encrypted with its user's key (base64, empty for
// an empty field). Deleting that key erases the field from every copy of the log.
type Sealed string

// The sources of a user.
const (
	SourceLocal = "local"
	SourceLDAP  = "ldap"
	// SourceService is that of a user who never logs in: programs act for them, with
	// credentials.
	SourceService = "service"
)

// AdminID is the user of the first start.
const AdminID domain.UserID = 1

// UserRegistered says that a user exists. Secrets and personal data are not in it:
// PasswordHash and PersonalKey are ids of vault entries.
type UserRegistered struct {
	unkeyed
	ID       domain.UserID `json:"id"`
	Username string        `json:"username"`
	// Source is [SourceLocal], [SourceLDAP] or [SourceService].
	Source string `json:"source"`
	// Mail, Nickname, Phone, Position and Location are personal.
	Mail     Sealed `json:"mail,omitempty"`
	Nickname Sealed `json:"nickname,omitempty"`
	Phone    Sealed `json:"phone,omitempty"`
	Position Sealed `json:"position,omitempty"`
	Location Sealed `json:"location,omitempty"`
	// Department is part of the organisation, not of the person, and so in clear.
	Department string `json:"department,omitempty"`
	// MailDigest is a keyed digest of the folded mail address, empty without
	// one; it keeps addresses unique without telling them.
	MailDigest string `json:"mail_digest,omitempty" hidden:"true"`
	// PasswordHash names the password hash, empty for a directory user.
	PasswordHash string `json:"credential,omitempty" hidden:"true"`
	// PersonalKey names the key that the personal fields are sealed with.
	PersonalKey string `json:"personal_key,omitempty" hidden:"true"`
}

// Profile is what an event says about the person behind a user. The sealed
// fields and the digest are as in [UserRegistered].
type Profile struct {
	Mail       Sealed `json:"mail,omitempty"`
	Nickname   Sealed `json:"nickname,omitempty"`
	Phone      Sealed `json:"phone,omitempty"`
	Position   Sealed `json:"position,omitempty"`
	Location   Sealed `json:"location,omitempty"`
	Department string `json:"department,omitempty"`
	MailDigest string `json:"mail_digest,omitempty" hidden:"true"`
}

// Profile returns the person as registered.
func (e UserRegistered) Profile() Profile {
	return Profile{
		Mail: e.Mail, Nickname: e.Nickname, Phone: e.Phone, Position: e.Position, Location: e.Location,
		Department: e.Department, MailDigest: e.MailDigest,
	}
}

// UserProfileChanged says that the person's data changed; both states are whole.
type UserProfileChanged struct {
	unkeyed
	ID     domain.UserID `json:"id"`
	Before Profile       `json:"before"`
	After  Profile       `json:"after"`
}

// UserRolesChanged says which roles a user holds from now on (ascending ids).
type UserRolesChanged struct {
	unkeyed
	ID     domain.UserID `json:"id"`
	Before []int64       `json:"before"`
	After  []int64       `json:"after"`
}

// UserPermissionsChanged says which permission codes of the operations dialect
// a user holds from now on (the whole set, ascending), see [Permission].
type UserPermissionsChanged struct {
	unkeyed
	ID    domain.UserID `json:"id"`
	Codes []int         `json:"codes"`
}

// UserPasswordChanged says that a local user has another password. What is
// signed in with the former one is no longer.
type UserPasswordChanged struct {
	unkeyed
	ID domain.UserID `json:"id"`
	// PasswordHash names the new password hash, Former the one before, which the
	// vault may forget.
	PasswordHash string `json:"credential" hidden:"true"`
	Former       string `json:"former,omitempty" hidden:"true"`
}

// UserLinked says that a local user is a directory user from now on, and has no
// password of their own any more.
type UserLinked struct {
	unkeyed
	ID domain.UserID `json:"id"`
	// Former names the password hash that is no longer of use.
	Former string `json:"former,omitempty" hidden:"true"`
}

// UserDeleted says that a user is gone for good. The name and the mail address
// are free again; whoever sees the event destroys the key and the password hash.
type UserDeleted struct {
	unkeyed
	ID           domain.UserID `json:"id"`
	Username     string        `json:"username"`
	MailDigest   string        `json:"mail_digest,omitempty" hidden:"true"`
	PasswordHash string        `json:"credential,omitempty" hidden:"true"`
	PersonalKey  string        `json:"personal_key,omitempty" hidden:"true"`
	// Roles are those that the user held (ascending ids).
	Roles []int64 `json:"roles,omitempty"`
}

// EventType implements [domain.Event].
func (UserRegistered) EventType() string         { return "UserRegistered" }
func (UserProfileChanged) EventType() string     { return "UserProfileChanged" }
func (UserRolesChanged) EventType() string       { return "UserRolesChanged" }
func (UserPermissionsChanged) EventType() string { return "UserPermissionsChanged" }
func (UserPasswordChanged) EventType() string    { return "UserPasswordChanged" }
func (UserLinked) EventType() string             { return "UserLinked" }
func (UserDeleted) EventType() string            { return "UserDeleted" }

// Tags implements [domain.Event].
func (e UserRegistered) Tags() []domain.Tag {
	return mailTags([]domain.Tag{TagUser(e.ID), TagUsername(e.Username)}, e.MailDigest)
}

func (e UserProfileChanged) Tags() []domain.Tag {
	tags := []domain.Tag{TagUser(e.ID)}
	if e.Before.MailDigest == e.After.MailDigest {
		return tags
	}
	return mailTags(tags, e.Before.MailDigest, e.After.MailDigest)
}

// Tags carry the roles that are gained or lost; those that stay see nothing of it.
func (e UserRolesChanged) Tags() []domain.Tag {
	tags := []domain.Tag{TagUser(e.ID)}
	tags = append(tags, roleUsersTags(without(e.Before, e.After))...)
	return append(tags, roleUsersTags(without(e.After, e.Before))...)
}
func (e UserPermissionsChanged) Tags() []domain.Tag { return []domain.Tag{TagUser(e.ID)} }
func (e UserPasswordChanged) Tags() []domain.Tag {
	return []domain.Tag{TagUser(e.ID), TagErasable}
}
func (e UserLinked) Tags() []domain.Tag { return []domain.Tag{TagUser(e.ID), TagErasable} }

func (e UserDeleted) Tags() []domain.Tag {
	tags := mailTags([]domain.Tag{TagUser(e.ID), TagUsername(e.Username), TagErasable}, e.MailDigest)
	return append(tags, roleUsersTags(e.Roles)...)
}

// Erasable names the vault entries that an event leaves without a use: keys and
// password hashes, to be destroyed.
func Erasable(e domain.Event) []string {
	switch e := e.(type) {
	case UserDeleted:
		return []string{e.PersonalKey, e.PasswordHash}
	case UserPasswordChanged:
		return []string{e.Former}
	case UserLinked:
		return []string{e.Former}
	case CredentialDeleted:
		return []string{e.Secret}
	default:
		return erasableOfWebhook(e)
	}
}

func mailTags(tags []domain.Tag, digests ...string) []domain.Tag {
	for _, d := range digests {
		if d != "" {
			tags = append(tags, TagMail(d))
		}
	}
	return tags
}

func roleUsersTags(roles []int64) []domain.Tag {
	tags := make([]domain.Tag, len(roles))
	for i, r := range roles {
		tags[i] = TagRoleUsers(r)
	}
	return tags
}
