package access

import (
	"strconv"

	"github.com/opsledger/opsledger/domain"
)

// Kind is a kind of resource that rights are given for; the numbers are the API's.
type Kind int

// The kinds.
const (
	KindServer Kind = 0
	KindView   Kind = 1
	KindZone   Kind = 2
	KindRecord Kind = 3
)

func (k Kind) String() string {
	switch k {
	case KindServer:
		return "SERVER"
	case KindView:
		return "VIEW"
	case KindZone:
		return "ZONE"
	case KindRecord:
		return "RECORD"
	default:
		return "KIND" + strconv.Itoa(int(k))
	}
}

// Operation is what may be done to a resource; the numbers are the API's.
type Operation int

// The operations. None includes another.
const (
	OperationAccess Operation = 0
	OperationUpdate Operation = 1
	OperationDelete Operation = 2
)

func (o Operation) String() string {
	switch o {
	case OperationAccess:
		return "ACCESS"
	case OperationUpdate:
		return "UPDATE"
	case OperationDelete:
		return "DELETE"
	default:
		return "OPERATION" + strconv.Itoa(int(o))
	}
}

// Target is a resource, with all that decides who may do what to it.
type Target struct {
	Kind Kind
	ID   int64
	// Name is the resource's name of today, for texts alone.
	Name string
	// Privilege is the first of the three ids of its own privileges, 0 for none (records).
	Privilege int64
	// Created is the position of the event that it began with, Creator that event's actor.
	Created domain.Position
	Creator domain.UserID
	// Gone says that it is no more. A right to it is one to see what it was, and so to see the
	// operation log's entries on it.
	Gone bool
	// Manual are the privileges made by hand that concern it. Decisions on the log
	// leave it empty: they read them themselves if nothing else allows the operation.
	Manual []ManualPrivilege
}

// ManualPrivilege is a privilege made by hand, as it concerns one resource.
type ManualPrivilege struct {
	ID        int64
	Operation Operation
}

// Right is what a decision requires of its actor. Its name is for people.
type Right struct {
	scope     scope
	number    int64 // of a built-in privilege or a permission
	operation Operation
	target    Target
	// zone is the one that a record lives in.
	zone Target
	// fullName, recordType and view are those of a record, where they are known, see
	// [Right.OfRecord].
	fullName, recordType string
	view                 int64
}

// scope says what a right is about.
type scope int

const (
	scopeAdmin scope = iota
	scopeBuiltin
	scopePermission
	scopeTarget
	scopeRecord
)

// Administer is the right to everything that only the role admin may do.
func Administer() Right { return Right{scope: scopeAdmin} }

// AddServer is the built-in right to create servers.
func AddServer() Right { return Right{scope: scopeBuiltin, number: PrivilegeServerAdd} }

// AddZone is the built-in right to create zones.
func AddZone() Right { return Right{scope: scopeBuiltin, number: PrivilegeZoneAdd} }

// AddView is the built-in right to create views.
func AddView() Right { return Right{scope: scopeBuiltin, number: PrivilegeViewAdd} }

// EditBindConf is the built-in right to read and replace the BIND main configuration.
func EditBindConf() Right { return Right{scope: scopeBuiltin, number: PrivilegeBindConfEdit} }

// Permitted is the right that a permission code of the operations dialect gives.
func Permitted(code int) Right { return Right{scope: scopePermission, number: int64(code)} }

// On is the right to do something to a server, view or zone.
func On(t Target, o Operation) Right { return Right{scope: scopeTarget, target: t, operation: o} }

// OnRecord is the right to do something to a record. It follows from that to
// access (for ACCESS) or update (for UPDATE and DELETE) the zone, or from a
// privilege for that one record.
func OnRecord(record, zone Target, o Operation) Right {
	return Right{scope: scopeRecord, target: record, zone: zone, operation: o}
}

// OfRecord returns a right on a record as one that says which: by full name, type and view.
// Without that it lies outside of the bounds of a credential for some records alone.
func (r Right) OfRecord(fullName, recordType string, view int64) Right {
	r.fullName, r.recordType, r.view = fullName, recordType, view
	return r
}

// OnRecords is the right to do something to the records of a zone, whichever.
func OnRecords(zone Target, o Operation) Right { return On(zone, ofZone(o)) }

// ofZone is the operation on a zone that covers one on its records.
func ofZone(o Operation) Operation {
	if o == OperationAccess {
		return OperationAccess
	}
	return OperationUpdate
}

// name is the right's name as the actor may see it: "ZONE#a.com#UPDATE" if they may
// ACCESS the zone, else "ZONE#2#UPDATE". A record's is that of the right to its zone.
// Views are seen by everybody.
func (r *Right) name(a *Actor) string {
	t, o := r.resource()
	if t != nil && (t.Kind == KindView || a.May(On(*t, OperationAccess))) {
		return AutomaticName(t.Kind, t.Name, o)
	}
	return r.Name()
}

// Name is the right's name for everybody: a resource stands in it by its id.
func (r Right) Name() string {
	if t, o := r.resource(); t != nil {
		return AutomaticName(t.Kind, strconv.FormatInt(t.ID, 10), o)
	}
	switch r.scope {
	case scopeBuiltin:
		return BuiltinPrivileges()[r.number-1].Name
	case scopePermission:
		return permissionName(int(r.number))
	default:
		return builtinRoles[0].Name
	}
}

// resource is the server, view or zone that the right is about, and what is to be
// done to it; nil for none.
func (r *Right) resource() (*Target, Operation) {
	switch r.scope {
	case scopeTarget:
		return &r.target, r.operation
	case scopeRecord:
		return &r.zone, ofZone(r.operation)
	default:
		return nil, 0
	}
}

// NameByID is what a resource is called where its name is not for everybody.
func NameByID(k Kind, id int64) string { return k.String() + "#" + strconv.FormatInt(id, 10) }

// AutomaticName is the name of a resource's own privilege.
func AutomaticName(k Kind, name string, o Operation) string {
	return k.String() + "#" + name + "#" + o.String()
}
