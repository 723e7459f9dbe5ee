package access

import (
	"math"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// PrivilegeInput is what a request says about a privilege, nil where it says
// nothing. The name is required, always.
type PrivilegeInput struct {
	Name                    *string
	Operation, ResourceType *int
	ResourceID              *int64
	Comment                 *string
}

const maxComment = 1000

// parse checks the form.
func (in PrivilegeInput) parse() (privilegePatch, error) {
	name, err := parseName(in.Name)
	if err != nil {
		return privilegePatch{}, err
	}
	if err := checkNumber("operation", in.Operation); err != nil {
		return privilegePatch{}, err
	}
	if err := checkNumber("resource_type", in.ResourceType); err != nil {
		return privilegePatch{}, err
	}
	if in.ResourceID != nil && *in.ResourceID < 0 {
		return privilegePatch{}, domain.Invalid("resource_id", "不能小于0！")
	}
	if in.Comment != nil {
		err = domain.CheckText("comment", *in.Comment, maxComment)
	}
	in.Name = &name
	return privilegePatch{in}, err
}

func checkNumber(field string, number *int) error {
	if number != nil && (*number < 0 || *number > math.MaxInt32) {
		return domain.Invalid(field, "必须是0到%d之间的整数！", math.MaxInt32)
	}
	return nil
}

// privilegePatch is a checked [PrivilegeInput].
type privilegePatch struct{ in PrivilegeInput }

func (p privilegePatch) merge(d PrivilegeData) PrivilegeData {
	set(&d.Name, p.in.Name)
	set((*int)(&d.Operation), p.in.Operation)
	set((*int)(&d.ResourceType), p.in.ResourceType)
	set(&d.ResourceID, p.in.ResourceID)
	set(&d.Comment, p.in.Comment)
	return d
}

// isReservedName says whether the name is one that privileges of the start or of
// a resource have or may get.
func isReservedName(name string) bool {
	kind, rest, found := strings.Cut(name, "#")
	if !found {
		return isBuiltinPrivilegeName(name)
	}
	i := strings.LastIndexByte(rest, '#')
	if i < 0 {
		return false
	}
	switch kind {
	case KindServer.String(), KindView.String(), KindZone.String():
	default:
		return false
	}
	switch rest[i+1:] {
	case OperationAccess.String(), OperationUpdate.String(), OperationDelete.String():
		return true
	default:
		return false
	}
}

// checkPrivilegeName refuses a name that is reserved or that another privilege
// has. The id is the privilege's own, 0 for a new one.
func checkPrivilegeName(name string, holder *nameHolder, id int64) error {
	switch {
	case isBuiltinPrivilegeName(name), holder.HeldByOther(id):
		return domain.Refused("重复的权限，相同名字的权限已存在！").Blame("name")
	case isReservedName(name):
		return domain.Invalid("name", "%q这样的名字保留给自动生成的权限！", name)
	default:
		return nil
	}
}

// CreatePrivilege makes a privilege by hand. Only an admin may change privileges.
//
// Invariants of privileges made by hand:
//  1. A name belongs to one privilege, and is none that a resource's privileges may have.
//  2. Privileges of the start and of resources are never changed or deleted by hand.
type CreatePrivilege struct{ patch privilegePatch }

// NewCreatePrivilege checks the form of a privilege. Numbers that are not given are 0.
func NewCreatePrivilege(in PrivilegeInput) (CreatePrivilege, error) {
	p, err := in.parse()
	return CreatePrivilege{patch: p}, err
}

// Allocates implements [domain.Allocator].
func (CreatePrivilege) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequencePrivilege}
}

// Decide implements [domain.Command].
func (c CreatePrivilege) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	privilege, err := c.patch.patterned(c.patch.merge(PrivilegeData{}))
	if err != nil {
		return nil, err
	}
	actor, name := NewActor(env.Actor), privilegeNamed(privilege.Name)
	if err := h.Load(actor, name); err != nil {
		return nil, err
	}
	if err := Authorize(h, actor, Administer()); err != nil {
		return nil, err
	}
	if err := checkPrivilegeName(privilege.Name, name, 0); err != nil {
		return nil, err
	}
	return []domain.Event{PrivilegeCreated{ID: env.NextID(domain.SequencePrivilege), Privilege: privilege}}, nil
}

// UpdatePrivilege changes a privilege made by hand.
type UpdatePrivilege struct {
	id      int64
	patch   privilegePatch
	ifMatch *domain.Position
}

// NewUpdatePrivilege checks the form of a change; what is not given stays, but for the name.
func NewUpdatePrivilege(id int64, in PrivilegeInput, ifMatch *domain.Position) (UpdatePrivilege, error) {
	if id <= 0 {
		return UpdatePrivilege{}, noPrivilege(id)
	}
	p, err := in.parse()
	return UpdatePrivilege{id: id, patch: p, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c UpdatePrivilege) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	name := privilegeNamed(*c.patch.in.Name)
	privilege, err := loadPrivilege(h, env, c.id, "修改", c.ifMatch, name)
	if err != nil {
		return nil, err
	}
	before := privilege.data
	after, err := c.patch.patterned(c.patch.merge(before))
	if err != nil || after == before {
		return nil, err
	}
	if err := checkPrivilegeName(after.Name, name, c.id); err != nil {
		return nil, err
	}
	return []domain.Event{PrivilegeChanged{ID: c.id, Before: before, After: after}}, nil
}

// DeletePrivilege removes a privilege made by hand, from every role, too.
type DeletePrivilege struct {
	id      int64
	ifMatch *domain.Position
}

// NewDeletePrivilege returns the command; ids start at 1.
func NewDeletePrivilege(id int64, ifMatch *domain.Position) (DeletePrivilege, error) {
	if id <= 0 {
		return DeletePrivilege{}, noPrivilege(id)
	}
	return DeletePrivilege{id: id, ifMatch: ifMatch}, nil
}

// Decide implements [domain.Command].
func (c DeletePrivilege) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	privilege, err := loadPrivilege(h, env, c.id, "删除", c.ifMatch)
	if err != nil {
		return nil, err
	}
	return []domain.Event{PrivilegeDeleted{ID: c.id, Privilege: privilege.data}}, nil
}

// loadPrivilege returns a privilege made by hand if the actor may administer and
// the client's version is the current one. It loads more folds on the way. The
// verb is what is to be done, for the refusal of what is not made by hand.
func loadPrivilege(h domain.History, env domain.Env, id int64, verb string, ifMatch *domain.Position, more ...domain.Fold) (*privilegeFold, error) {
	actor, privilege := NewActor(env.Actor), newPrivilegeFold(id)
	if err := h.Load(append(more, actor, privilege)...); err != nil {
		return nil, err
	}
	if err := Authorize(h, actor, Administer()); err != nil {
		return nil, err
	}
	switch {
	case isBuiltinPrivilege(id):
		return nil, domain.Refused("内置权限不能%s！", domain.Phrase(verb))
	case !privilege.has(id):
		return nil, noPrivilege(id)
	case privilege.automatic:
		return nil, domain.Refused("自动生成的权限不能%s！", domain.Phrase(verb))
	}
	return privilege, domain.CheckVersion(ifMatch, privilege.changed)
}

func noPrivilege(id int64) error { return domain.NotFound("Privilege %d 不存在！", id) }
