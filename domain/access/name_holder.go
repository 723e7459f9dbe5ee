package access

import "github.com/opsledger/opsledger/domain"

// nameHolder tells which role, or which privilege made by hand, has a name.
type nameHolder struct {
	tag domain.Tag
	by  int64
}

func roleNamed(name string) *nameHolder      { return &nameHolder{tag: TagRoleName(name)} }
func privilegeNamed(name string) *nameHolder { return &nameHolder{tag: TagPrivilegeName(name)} }

// Item implements [domain.Fold]. A deletion frees the name and guards nothing.
func (f *nameHolder) Item() domain.Item {
	guards := []string{
		RoleCreated{}.EventType(), RoleChanged{}.EventType(), PrivilegeCreated{}.EventType(), PrivilegeChanged{}.EventType(),
	}
	freeing := []string{RoleDeleted{}.EventType(), PrivilegeDeleted{}.EventType()}
	return domain.Item{Tag: f.tag, Types: append(freeing, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *nameHolder) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case RoleCreated:
		f.by = e.ID
	case RoleChanged:
		f.changed(e.ID, TagRoleName(e.Name))
	case RoleDeleted:
		f.changed(e.ID, "")
	case PrivilegeCreated:
		f.by = e.ID
	case PrivilegeChanged:
		f.changed(e.ID, TagPrivilegeName(e.After.Name))
	case PrivilegeDeleted:
		f.changed(e.ID, "")
	}
}

// changed takes in that the name of the role or privilege is now another, or none.
func (f *nameHolder) changed(id int64, name domain.Tag) {
	if name == f.tag {
		f.by = id
	} else if f.by == id {
		f.by = 0
	}
}

// heldByOther says whether a role or privilege other than id has the name.
func (f *nameHolder) heldByOther(id int64) bool { return f.by != 0 && f.by != id }

// Snapshot implements [domain.Fold].
func (f *nameHolder) Snapshot() any { return f.by }

// Restore implements [domain.Fold].
func (f *nameHolder) Restore(s any) { f.by = s.(int64) }
