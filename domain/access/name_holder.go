package access

import "github.com/opsledger/opsledger/domain"

// nameHolder tells which role, or which privilege made by hand, has a name.
type nameHolder struct {
	domain.Holder[int64]
	tag domain.Tag
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
		f.Set(e.ID, true)
	case RoleChanged:
		f.Set(e.ID, TagRoleName(e.Name) == f.tag)
	case RoleDeleted:
		f.Set(e.ID, false)
	case PrivilegeCreated:
		f.Set(e.ID, true)
	case PrivilegeChanged:
		f.Set(e.ID, TagPrivilegeName(e.After.Name) == f.tag)
	case PrivilegeDeleted:
		f.Set(e.ID, false)
	}
}
