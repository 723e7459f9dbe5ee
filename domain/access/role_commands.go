package access

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// RoleInput is what a request says about a role, nil where it says nothing.
// Both fields are required, always.
type RoleInput struct {
	Name *string
	// PrivilegeIDs are the whole set, and may be empty.
	PrivilegeIDs *[]int64
}

const (
	maxName = 255
	// maxRolePrivileges keeps a role's whole set within one event.
	maxRolePrivileges = 30_000
)

func (in RoleInput) parse() (name string, privileges []int64, err error) {
	if name, err = parseName(in.Name); err != nil {
		return "", nil, err
	}
	if in.PrivilegeIDs == nil {
		return "", nil, missing("privilege_ids")
	}
	privileges = sortedIDs(*in.PrivilegeIDs)
	if len(privileges) > maxRolePrivileges {
		return "", nil, domain.Invalid("privilege_ids", "不能超过%d个！", maxRolePrivileges)
	}
	return name, privileges, nil
}

func parseName(name *string) (string, error) {
	if name == nil || strings.TrimSpace(*name) == "" {
		return "", missing("name")
	}
	return *name, domain.CheckText("name", *name, maxName)
}

// missing reports a required field that a request lacks.
func missing(field string) error { return domain.Invalid(field, "不能为空！") }

// CreateRole makes a role. Only an admin may change roles.
//
// Invariants of roles:
//  1. A name belongs to one role.
//  2. Built-in roles keep their names and exist for ever; admin grants everything, for ever.
//  3. A privilege exists when a role gets it.
//  4. A role that is deleted has no users.
type CreateRole struct {
	name       string
	privileges []int64
}

// NewCreateRole checks the form of a role.
func NewCreateRole(in RoleInput) (CreateRole, error) {
	name, privileges, err := in.parse()
	return CreateRole{name: name, privileges: privileges}, err
}

// Allocates implements [domain.Allocator].
func (CreateRole) Allocates() []domain.Sequence { return []domain.Sequence{domain.SequenceRole} }

// Decide implements [domain.Command].
func (c CreateRole) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, name := NewActor(env.Actor), roleNamed(c.name)
	if err := h.Load(actor, name); err != nil {
		return nil, err
	}
	if err := Authorize(h, actor, Administer()); err != nil {
		return nil, err
	}
	if isBuiltinRoleName(c.name) || name.HeldByOther(0) {
		return nil, errRoleTwice()
	}
	if err := checkPrivileges(h, c.privileges); err != nil {
		return nil, err
	}
	return []domain.Event{RoleCreated{ID: env.NextID(domain.SequenceRole), Name: c.name, Privileges: c.privileges}}, nil
}

func errRoleTwice() error {
	return domain.Refused("重复的角色，相同名字的角色已存在！").Blame("name")
}

// UpdateRole replaces a role's name and set of privileges.
type UpdateRole struct {
	id         int64
	name       string
	privileges []int64
	ifMatch    *domain.Position
}

// NewUpdateRole checks the form of a change.
func NewUpdateRole(id int64, in RoleInput, ifMatch *domain.Position) (UpdateRole, error) {
	if id <= 0 {
		return UpdateRole{}, noRole(id)
	}
	name, privileges, err := in.parse()
	return UpdateRole{id: id, name: name, privileges: privileges, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command]. A change of a built-in role is an event
// even if it repeats the set: from that event on the role grants, of the
// resources that exist already, only those that the set names.
func (c UpdateRole) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	name := roleNamed(c.name)
	role, err := loadRole(h, env, c.id, c.ifMatch, name)
	if err != nil {
		return nil, err
	}
	_, builtin := builtinRole(c.id)
	switch {
	case builtin && c.name != role.state.name:
		return nil, domain.Refused("内置角色不能改名！").Blame("name")
	case c.id == RoleAdmin:
		return nil, domain.Refused("角色admin拥有所有权限，不能修改！")
	case !builtin && c.name == role.state.name && slices.Equal(c.privileges, role.state.privileges):
		return nil, nil
	case !builtin && isBuiltinRoleName(c.name), name.HeldByOther(c.id):
		return nil, errRoleTwice()
	}
	if err := checkPrivileges(h, without(c.privileges, role.state.privileges)); err != nil {
		return nil, err
	}
	return []domain.Event{RoleChanged{ID: c.id, Name: c.name, FormerName: role.state.name, Privileges: c.privileges}}, nil
}

// DeleteRole removes a role that no user has.
type DeleteRole struct {
	id      int64
	ifMatch *domain.Position
}

// NewDeleteRole returns the command; ids start at 1.
func NewDeleteRole(id int64, ifMatch *domain.Position) (DeleteRole, error) {
	if id <= 0 {
		return DeleteRole{}, noRole(id)
	}
	return DeleteRole{id: id, ifMatch: ifMatch}, nil
}

// Decide implements [domain.Command].
func (c DeleteRole) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	role, err := loadRole(h, env, c.id, c.ifMatch)
	if err != nil {
		return nil, err
	}
	if _, builtin := builtinRole(c.id); builtin {
		return nil, domain.Refused("内置角色不能删除！")
	}
	users := newRoleUsers(c.id)
	if err := h.Load(users); err != nil {
		return nil, err
	}
	names, err := users.names(h)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		return nil, domain.Refused("这些用户依然关联当前角色 ['%s'] ，请先解除关联！", strings.Join(names, "', '"))
	}
	return []domain.Event{RoleDeleted{ID: c.id, Name: role.state.name}}, nil
}

// loadRole returns an existing role if the actor may administer and the client's
// version is the current one. It loads more folds on the way.
func loadRole(h domain.History, env domain.Env, id int64, ifMatch *domain.Position, more ...domain.Fold) (*Role, error) {
	actor, role := NewActor(env.Actor), NewRole(id)
	if err := h.Load(append(more, actor, role)...); err != nil {
		return nil, err
	}
	if err := Authorize(h, actor, Administer()); err != nil {
		return nil, err
	}
	if !role.state.exists {
		return nil, noRole(id)
	}
	return role, domain.CheckVersion(ifMatch, role.state.changed)
}

func noRole(id int64) error { return domain.NotFound("Role %d 不存在！", id) }

// roleExists is a [Role] for decisions that ask only whether it is there: a
// change of the role does not disturb them.
type roleExists struct{ Role }

func newRoleExists(id int64) *roleExists { return &roleExists{*NewRole(id)} }

// Item implements [domain.Fold].
func (f *roleExists) Item() domain.Item {
	deleted := RoleDeleted{}.EventType()
	return domain.Item{Tag: TagRole(f.id), Types: []string{RoleCreated{}.EventType(), deleted}, Guards: []string{deleted}}
}
