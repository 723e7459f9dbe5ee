package api

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
)

// caller is the user who sent a request, as the read model knows them. What it
// says about rights is for reads and for what replies show; writes are decided
// again on the log.
type caller struct {
	projections.User
	// actor holds the domain's own rules, applied to the user as read.
	actor *access.Actor
}

func newCaller(u projections.User) *caller {
	roles := make([]int64, len(u.Roles))
	for i, role := range u.Roles {
		roles[i] = role.ID
	}
	actor := access.NewActor(u.ID)
	actor.Apply(domain.Recorded{Event: access.UserRegistered{ID: u.ID, Username: u.Username}})
	actor.Apply(domain.Recorded{Event: access.UserRolesChanged{ID: u.ID, After: roles}})
	return &caller{User: u, actor: actor}
}

// require returns a [domain.Error] naming the right that the caller lacks.
func (c *caller) require(r access.Right) error { return c.actor.Require(r) }

func (c *caller) may(r access.Right) bool { return c.require(r) == nil }

// admin says whether the caller may do everything.
func (c *caller) admin() bool {
	for _, role := range c.Roles {
		if role.ID == access.RoleAdmin {
			return true
		}
	}
	return false
}

// permissions are the keys of a resource that say what the caller may do to it.
type permissions struct {
	CanUpdate bool `json:"can_update"`
	CanDelete bool `json:"can_delete"`
}

func (c *caller) permissions(kind access.Kind, id int64, name string) permissions {
	return permissions{
		CanUpdate: c.may(access.On(kind, id, name, access.OperationUpdate)),
		CanDelete: c.may(access.On(kind, id, name, access.OperationDelete)),
	}
}

// recordPermissions: a record follows its zone, or is granted by itself.
func (c *caller) recordPermissions(r projections.Record) permissions {
	own := c.permissions(access.KindRecord, r.ID, r.Host)
	zone := c.may(access.On(access.KindZone, r.ZoneID, "", access.OperationUpdate))
	return permissions{CanUpdate: zone || own.CanUpdate, CanDelete: zone || own.CanDelete}
}
