package access

import (
	"strconv"

	"github.com/opsledger/opsledger/domain"
)

// TagUser marks the events that say who a user is and what they may do. Logins
// are not among them.
func TagUser(id domain.UserID) domain.Tag { return domain.IDTag("user", int64(id)) }

// TagUsername marks the events in which a username is taken or given up; names compare
// as [FoldUsername] says.
func TagUsername(name string) domain.Tag { return domain.TextTag("username", FoldUsername(name)) }

// TagMail marks the events in which a mail address is taken or given up.
func TagMail(digest string) domain.Tag { return domain.Tag("mail:" + digest) }

// TagErasable marks the events that leave entries of the vault without a use, see [Erasable].
const TagErasable = domain.Tag("erasable")

// TagLogin marks a user's logins and what was tried under their name.
func TagLogin(id domain.UserID) domain.Tag { return domain.IDTag("login", int64(id)) }

// TagCreator marks the events in which resources begin that the user has created.
func TagCreator(id domain.UserID) domain.Tag { return domain.IDTag("creator", int64(id)) }

// TagUserKeys marks a user's public keys and the accounts they may log in to.
func TagUserKeys(id domain.UserID) domain.Tag { return domain.IDTag("userkeys", int64(id)) }

// TagRole marks the events of one role.
func TagRole(id int64) domain.Tag { return domain.IDTag("role", id) }

// TagRoleName marks the events in which a name is taken or given up by a role.
func TagRoleName(name string) domain.Tag { return domain.TextTag("rolename", name) }

// TagRoleUsers marks the events in which a user gets or loses a role.
func TagRoleUsers(role int64) domain.Tag { return domain.IDTag("roleusers", role) }

// TagPrivilege marks the events in which privileges begin, change and end: one
// made by hand by its id, a resource's three by the first of theirs.
func TagPrivilege(first int64) domain.Tag { return domain.IDTag("privilege", first) }

// TagPrivilegeName marks the events in which a name is taken or given up by a privilege made by hand.
func TagPrivilegeName(name string) domain.Tag { return domain.TextTag("privname", name) }

// TagZonePatterns marks the events of the privileges made by hand on zones by pattern.
const TagZonePatterns domain.Tag = "zonepatterns"

// TagRight marks the events of the privileges made by hand that concern one resource.
func TagRight(kind Kind, id int64) domain.Tag {
	return domain.IDTag("right:"+strconv.Itoa(int(kind)), id)
}

// TagCredential marks the events of one credential, TagUserCredentials those of a user's.
func TagCredential(id domain.CredentialID) domain.Tag { return domain.IDTag("credential", int64(id)) }

// TagUserCredentials marks the events in which a user gets or loses credentials.
func TagUserCredentials(user domain.UserID) domain.Tag {
	return domain.IDTag("credentials", int64(user))
}

// TagToken marks the event that gave a token; the digest is that of [CredentialAdded].
func TagToken(digest string) domain.Tag { return domain.Tag("token:" + digest) }

// TagEnrolmentToken marks the event that gave a token for an enrolment, by its digest; TagEnrolmentTokens those of all
// tokens of a server or machine.
func TagEnrolmentToken(digest string) domain.Tag { return domain.Tag("enroltoken:" + digest) }
func TagEnrolmentTokens(of EnrolmentTarget) domain.Tag {
	return domain.IDTag("enroltokens:"+of.Kind, of.ID)
}

// TagWebhooks marks the events of all webhooks.
const TagWebhooks domain.Tag = "webhooks"

// TagWebhook marks the events of one webhook.
func TagWebhook(id WebhookID) domain.Tag { return domain.IDTag("webhook", int64(id)) }

// TagUserWebhooks marks the events in which a user gets, changes or loses webhooks.
func TagUserWebhooks(user domain.UserID) domain.Tag { return domain.IDTag("userwebhooks", int64(user)) }
