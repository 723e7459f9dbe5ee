package access

import "fmt"

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
	default:
		return "RECORD"
	}
}

// Operation is what may be done to a resource; the numbers are the API's.
type Operation int

// The operations.
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
	default:
		return "DELETE"
	}
}

// Right is what a decision requires of its actor. Its name is for people; what
// it covers is said by kind, id and operation, or, without an id, by builtin.
type Right struct {
	name      string
	builtin   int64
	kind      Kind
	id        int64
	operation Operation
}

// Name is the right's name as users see it, such as "ZONE#a.com#UPDATE".
func (r Right) Name() string { return r.name }

// AddServer is the built-in right to create servers.
func AddServer() Right { return Right{name: "SERVER_ADD", builtin: 1} }

// AddZone is the built-in right to create zones.
func AddZone() Right { return Right{name: "ZONE_ADD", builtin: 2} }

// AddView is the built-in right to create views.
func AddView() Right { return Right{name: "VIEW_ADD", builtin: 3} }

// EditBindConf is the built-in right to read and replace the BIND main configuration.
func EditBindConf() Right { return Right{name: "BIND_CONF_EDIT", builtin: 4} }

// On is the right to do something to one resource, which is called name.
func On(kind Kind, id int64, name string, operation Operation) Right {
	return Right{name: fmt.Sprintf("%s#%s#%s", kind, name, operation), kind: kind, id: id, operation: operation}
}
