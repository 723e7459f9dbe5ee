package access

import "github.com/opsledger/opsledger/domain"

// Withheld names the members of an event's stored form, at any depth, that are shown to nobody: they
// are personal, or name or digest a secret.
func Withheld(e domain.Event) []string {
	switch e.(type) {
	case UserRegistered, UserProfileChanged, UserDeleted:
		return []string{"mail", "nickname", "phone", "position", "location", "mail_digest", "credential", "personal_key"}
	case UserPasswordChanged, UserLinked:
		return []string{"credential", "former"}
	case LoginFailed:
		return []string{"name_digest"}
	case CredentialAdded, CredentialDeleted:
		return []string{"digest", "secret"}
	default:
		return nil
	}
}
