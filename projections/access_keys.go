package projections

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// accessKeys are the keys of the rows that a batch of access events reads or writes.
type accessKeys struct {
	// users holds the actors, too.
	users, privileges keys[int64]
	// sets are the roles whose sets of privileges are wanted.
	sets keys[int64]
	// roles says whether the names of all roles are wanted: texts name the roles
	// that the users of the batch hold.
	roles bool
}

func accessTouchedBy(events []domain.Recorded) *accessKeys {
	k := &accessKeys{}
	for _, e := range events {
		k.add(e)
	}
	return k
}

func (k *accessKeys) add(e domain.Recorded) {
	switch event := e.Event.(type) {
	case access.UserLoggedIn:
		k.users.add(int64(event.ID))
		return
	case access.LoginFailed:
		return
	case access.UserRegistered:
		k.users.add(int64(event.ID))
	case access.UserProfileChanged:
		k.users.add(int64(event.ID))
	case access.UserRolesChanged:
		k.users.add(int64(event.ID))
	case access.UserPermissionsChanged:
		k.users.add(int64(event.ID))
	case access.UserPasswordChanged:
		k.users.add(int64(event.ID))
	case access.UserLinked:
		k.users.add(int64(event.ID))
	case access.UserDeleted:
		k.users.add(int64(event.ID))
	case access.RoleCreated:
		k.sets.add(event.ID)
	case access.RoleChanged:
		k.sets.add(event.ID)
	case access.RoleDeleted:
		k.sets.add(event.ID)
	case access.PrivilegeCreated:
		k.privileges.add(event.ID)
	case access.PrivilegeChanged:
		k.privileges.add(event.ID)
	case access.PrivilegeDeleted:
		k.privileges.add(event.ID)
	}
	k.roles = true
	k.users.add(int64(e.Actor))
}
