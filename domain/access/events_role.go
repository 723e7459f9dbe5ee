package access

import "github.com/opsledger/opsledger/domain"

// RoleCreated says that a role exists, or exists again. The built-in ones exist without an event.
type RoleCreated struct {
	unkeyed
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Privileges are the ids of what the role grants, ascending.
	Privileges []int64 `json:"privileges"`
}

// RoleChanged replaces a role's name and set of privileges. From then on a
// built-in role grants, beside the set, its own of each resource that is created later.
type RoleChanged struct {
	unkeyed
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// FormerName is the name before, the same where it did not change.
	FormerName string `json:"former_name"`
	// Privileges are the ids of the whole set, ascending.
	Privileges []int64 `json:"privileges"`
	// Replaced is that of the set if it is one that the role had before, see [Role]; 0 for the
	// one that it began with, nil for another.
	Replaced *domain.Position `json:"replaced,omitempty"`
}

// RoleDeleted says that a role, which no user had, is gone.
type RoleDeleted struct {
	unkeyed
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// EventType implements [domain.Event].
func (RoleCreated) EventType() string { return "RoleCreated" }
func (RoleChanged) EventType() string { return "RoleChanged" }
func (RoleDeleted) EventType() string { return "RoleDeleted" }

// Tags implements [domain.Event].
func (e RoleCreated) Tags() []domain.Tag { return []domain.Tag{TagRole(e.ID), TagRoleName(e.Name)} }
func (e RoleChanged) Tags() []domain.Tag {
	return domain.JoinTags(TagRole(e.ID), TagRoleName(e.FormerName), TagRoleName(e.Name))
}
func (e RoleDeleted) Tags() []domain.Tag { return []domain.Tag{TagRole(e.ID), TagRoleName(e.Name)} }
