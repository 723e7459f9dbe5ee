package access

import "github.com/opsledger/opsledger/domain"

// PrivilegeData is what a client may say about a privilege made by hand. It
// grants something only if its numbers name an operation on a resource that
// there is; any other is kept all the same.
type PrivilegeData struct {
	Name         string    `json:"name"`
	Operation    Operation `json:"operation"`
	ResourceType Kind      `json:"resource_type"`
	ResourceID   int64     `json:"resource_id"`
	Comment      string    `json:"comment,omitempty"`
	// Zones is the pattern of the names of zones that the privilege is for, see
	// [ParsePatterns]; empty for one on a single resource.
	Zones string `json:"zones,omitempty"`
}

// PrivilegeCreated says that a privilege was made by hand.
type PrivilegeCreated struct {
	unkeyed
	ID        int64         `json:"id"`
	Privilege PrivilegeData `json:"privilege"`
}

// PrivilegeChanged says that a privilege made by hand changed; the roles that have it keep it.
type PrivilegeChanged struct {
	unkeyed
	ID     int64         `json:"id"`
	Before PrivilegeData `json:"before"`
	After  PrivilegeData `json:"after"`
}

// PrivilegeDeleted says that a privilege made by hand is gone, from every role, too.
type PrivilegeDeleted struct {
	unkeyed
	ID        int64         `json:"id"`
	Privilege PrivilegeData `json:"privilege"`
}

// EventType implements [domain.Event].
func (PrivilegeCreated) EventType() string { return "PrivilegeCreated" }
func (PrivilegeChanged) EventType() string { return "PrivilegeChanged" }
func (PrivilegeDeleted) EventType() string { return "PrivilegeDeleted" }

// Tags implements [domain.Event].
func (e PrivilegeCreated) Tags() []domain.Tag { return privilegeTags(e.ID, e.Privilege) }
func (e PrivilegeChanged) Tags() []domain.Tag { return privilegeTags(e.ID, e.Before, e.After) }
func (e PrivilegeDeleted) Tags() []domain.Tag { return privilegeTags(e.ID, e.Privilege) }

func privilegeTags(id int64, states ...PrivilegeData) []domain.Tag {
	tags := []domain.Tag{TagPrivilege(id)}
	for _, p := range states {
		tags = append(tags, TagPrivilegeName(p.Name))
		switch {
		case p.Zones != "":
			tags = append(tags, TagZonePatterns)
		case p.grants():
			tags = append(tags, TagRight(p.ResourceType, p.ResourceID))
		}
	}
	return domain.JoinTags(tags...)
}

// grants says whether the numbers name an operation on a resource that may be there.
func (p PrivilegeData) grants() bool {
	return p.ResourceID > 0 && p.ResourceType >= KindServer && p.ResourceType <= KindRecord &&
		p.Operation >= OperationAccess && p.Operation <= OperationDelete
}
