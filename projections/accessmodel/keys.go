package accessmodel

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/rowset"
)

// keys are the keys of the rows that a batch of access events reads or writes.
type keys struct {
	// users holds the actors, too.
	users       rowset.Keys[domain.UserID]
	privileges  rowset.Keys[int64]
	credentials rowset.Keys[domain.CredentialID]
	tokens      rowset.Keys[domain.CredentialID]
	webhooks    rowset.Keys[access.WebhookID]
	// sets are the roles whose sets of privileges are wanted.
	sets rowset.Keys[int64]
	// roles says whether the names of all roles are wanted: texts name the roles
	// that the users of the batch hold.
	roles bool
}

func touchedBy(events []domain.Recorded) *keys {
	k := &keys{}
	for _, e := range events {
		k.add(e)
	}
	return k
}

func (k *keys) add(e domain.Recorded) {
	switch event := e.Event.(type) {
	case access.UserLoggedIn:
		k.users.Add(event.ID)
		return
	case access.LoginFailed, access.SessionEnded:
		return
	case access.UserRegistered:
		k.users.Add(event.ID)
	case access.UserProfileChanged:
		k.users.Add(event.ID)
	case access.UserRolesChanged:
		k.users.Add(event.ID)
	case access.UserPermissionsChanged:
		k.users.Add(event.ID)
	case access.UserPasswordChanged:
		k.users.Add(event.ID)
	case access.UserLinked:
		k.users.Add(event.ID)
	case access.UserDeleted:
		k.users.Add(event.ID)
	case access.RoleCreated:
		k.sets.Add(event.ID)
	case access.RoleChanged:
		k.sets.Add(event.ID)
	case access.RoleDeleted:
		k.sets.Add(event.ID)
	case access.PrivilegeCreated:
		k.privileges.Add(event.ID)
	case access.PrivilegeChanged:
		k.privileges.Add(event.ID)
	case access.PrivilegeDeleted:
		k.privileges.Add(event.ID)
	case access.CredentialAdded:
		k.credentials.Add(event.ID)
		k.users.Add(event.User)
	case access.CredentialDeleted:
		k.credentials.Add(event.ID)
		k.users.Add(event.User)
	case access.EnrolmentTokenAdded:
		k.tokens.Add(event.ID)
	case access.EnrolmentTokenEnded:
		k.tokens.Add(event.ID)
	case access.WebhookAdded:
		k.users.Add(event.User)
	case access.WebhookChanged:
		k.users.Add(event.User)
	case access.WebhookRotated:
		k.users.Add(event.User)
	case access.WebhookDeleted:
		k.users.Add(event.User)
	}
	if hook := access.WebhookOf(e.Event); hook != 0 {
		k.webhooks.Add(hook)
	}
	k.roles = true
	k.users.Add(e.Actor)
}
