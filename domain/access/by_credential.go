package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// TakesLogin is implemented by events of other contexts that say who may log in somewhere,
// and may for that reason be caused by people alone.
type TakesLogin interface{ TakesLogin() bool }

// ByCredential says whether a decision that was asked for with a credential may lead to one
// of its events. No credential makes or ends credentials, sets a password, keys, rights, roles
// or links to the directory: of what says who somebody is it changes profiles and deletes
// users, whose credentials end with them, alone; and it may have webhooks.
func ByCredential(e domain.Event, all []domain.Event) bool {
	if other, ok := e.(TakesLogin); ok && other.TakesLogin() {
		return false
	}
	switch e := e.(type) {
	case EnrolmentTokenEnded: // with the server or machine; to revoke one takes a login, see [LoadEnrolmentToken]
		return true
	case UserProfileChanged, UserDeleted, WebhookAdded, WebhookChanged, WebhookRotated, WebhookDeleted:
		return true
	case CredentialDeleted:
		return slices.ContainsFunc(all, func(o domain.Event) bool {
			user, deleted := o.(UserDeleted)
			return deleted && user.ID == e.User
		})
	}
	return !slices.Contains(ofAccess, e.EventType())
}

// ofAccess are the types of the context's events.
var ofAccess = func() []string {
	var types []string
	for _, d := range Events() {
		types = append(types, d.Name)
	}
	return types
}()
