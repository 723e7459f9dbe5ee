package api

import (
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections"
)

// permissions are the keys of a resource that say what the caller may do to it.
type permissions struct {
	CanUpdate bool `json:"can_update"`
	CanDelete bool `json:"can_delete"`
}

// permissions asks nobody: the row has all that decides.
func (c *caller) permissions(t access.Target) permissions {
	return permissions{
		CanUpdate: c.may(access.On(t, access.OperationUpdate)),
		CanDelete: c.may(access.On(t, access.OperationDelete)),
	}
}

// recordPermissions: a record follows its zone, or is granted by itself.
func (c *caller) recordPermissions(r projections.Record) permissions {
	return permissions{
		CanUpdate: c.may(access.OnRecord(r.Target, r.Zone, access.OperationUpdate)),
		CanDelete: c.may(access.OnRecord(r.Target, r.Zone, access.OperationDelete)),
	}
}

// inLists is the caller as lists see them.
func (c *caller) inLists() projections.Caller { return projections.NewCaller(c.ID, c.roles()) }
