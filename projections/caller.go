package projections

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
	// all: nothing is left out.
	all bool
}

// NewCaller returns the user who holds the given roles now. Their roles of the
// past, which old entries of the operation log are judged by, are looked up.
func NewCaller(id domain.UserID, roles []int64) Caller {
	return Caller{id: id, roles: roles, all: slices.Contains(roles, access.RoleAdmin)}
}

// System is opsledger itself, which sees everything.
func System() Caller { return Caller{id: domain.System, all: true} }

// holdsKind says whether one of the caller's roles grants ACCESS to the
// resources of a kind as they come.
func (c Caller) holdsKind(kind access.Kind) bool {
	for _, role := range access.BuiltinRoles() {
		if role.ID != access.RoleAdmin && role.Kind == kind && slices.Contains(c.roles, role.ID) {
			return true
		}
	}
	return false
}
