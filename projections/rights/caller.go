package rights

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Caller is for whom a list is read: the list leaves out what the caller may not
// ACCESS. The zero Caller holds nothing, and sees what is for everybody alone.
type Caller struct {
	id    domain.UserID
	roles []int64
	codes []int
	// all: nothing is left out for want of a right.
	all bool
	// credential bounds what the caller reads beside that; nil for a login.
	credential *access.CredentialState
}

// NewCaller returns the user who holds the given roles and permission codes now.
func NewCaller(id domain.UserID, roles []int64, codes ...int) Caller {
	return Caller{id: id, roles: roles, codes: codes, all: slices.Contains(roles, access.RoleAdmin)}
}

// System is opsledger itself, which sees everything.
func System() Caller { return Caller{id: domain.System, all: true} }

// SeesAll says that nothing is left out of the caller's lists.
func (c Caller) SeesAll() bool { return c.all }

// Holds says whether the caller has a permission code of the operations dialect.
func (c Caller) Holds(code int) bool {
	return c.all || slices.Contains(c.codes, access.CodeAdmin) || slices.Contains(c.codes, code)
}

// holdsKind says whether one of the caller's roles grants ACCESS to the
// resources of a kind as they come.
func (c Caller) holdsKind(kind access.Kind) bool {
	return slices.ContainsFunc(access.BuiltinRoles(), func(role access.BuiltinRole) bool {
		return role.ID != access.RoleAdmin && role.Kind == kind && slices.Contains(c.roles, role.ID)
	})
}
