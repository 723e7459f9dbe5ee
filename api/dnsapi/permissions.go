package dnsapi

import (
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// permissions are the keys of a resource that say what the caller may do to it.
type permissions struct {
	CanUpdate bool `json:"can_update"`
	CanDelete bool `json:"can_delete"`
}

// permissionsOn asks nobody: the row has all that decides. To what is gone, which the past shows,
// nobody may do anything.
func permissionsOn(who *identity.User, t access.Target) permissions {
	if !who.MayWrite() || t.Gone || who.Narrow() { // the right to a covered zone is one to its records
		return permissions{}
	}
	return permissions{
		CanUpdate: who.May(access.On(t, access.OperationUpdate)),
		CanDelete: who.May(access.On(t, access.OperationDelete)),
	}
}

// permissionsOnRecord: a record follows its zone, or is granted by itself.
func permissionsOnRecord(who *identity.User, r dnsmodel.Record) permissions {
	if !who.MayWrite() || r.Target.Gone || r.Zone.Gone {
		return permissions{}
	}
	return permissions{
		CanUpdate: who.May(rightOnRecord(r, access.OperationUpdate)),
		CanDelete: who.May(rightOnRecord(r, access.OperationDelete)),
	}
}
