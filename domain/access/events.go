package access

import "github.com/opsledger/opsledger/domain"

// Events describes every event type of the context.
func Events() []domain.Descriptor {
	const c = domain.ContextAccess
	return []domain.Descriptor{
		domain.Describe[UserRegistered](c), domain.Describe[UserProfileChanged](c), domain.Describe[UserRolesChanged](c),
		domain.Describe[UserPermissionsChanged](c), domain.Describe[UserPasswordChanged](c), domain.Describe[UserLinked](c),
		domain.Describe[UserDeleted](c), domain.Describe[UserLoggedIn](c), domain.Describe[LoginFailed](c), domain.Describe[SessionEnded](c),
		domain.Describe[RoleCreated](c), domain.Describe[RoleChanged](c), domain.Describe[RoleDeleted](c),
		domain.Describe[PrivilegeCreated](c), domain.Describe[PrivilegeChanged](c), domain.Describe[PrivilegeDeleted](c),
		domain.Describe[CredentialAdded](c), domain.Describe[CredentialDeleted](c), domain.Describe[LogKeyRotated](c),
		domain.Describe[EnrolmentTokenAdded](c), domain.Describe[EnrolmentTokenEnded](c),
		domain.Describe[WebhookAdded](c), domain.Describe[WebhookChanged](c), domain.Describe[WebhookRotated](c), domain.Describe[WebhookDeleted](c),
	}
}

// unkeyed is embedded by all events of the context: none belongs to a zone or host.
type unkeyed struct{}

// SubjectKey implements [domain.Event].
func (unkeyed) SubjectKey() int64 { return 0 }
