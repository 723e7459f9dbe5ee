package domain

import "slices"

// CredentialID names a credential of a program. 0 is none: who acts is there by a login,
// or is the system.
type CredentialID int64

// Door is by what way a change came into the log. What was appended before doors were
// kept has the empty one.
type Door string

// The doors.
const (
	// DoorSystem is the program's own: start-up, and what it concludes by itself.
	DoorSystem Door = "system"
	// DoorCommandLine are the commands on a server, such as reset-password.
	DoorCommandLine Door = "cli"
	// DoorAgent is that of what an agent reported.
	DoorAgent Door = "agent"
	// DoorDNS is the DNS management dialect.
	DoorDNS Door = "dns"
	// DoorOps is the operations dialect.
	DoorOps Door = "ops"
	// DoorV1 is /v1, a batch's operations of other dialects included.
	DoorV1 Door = "v1"
	// DoorPowerDNS is the API of a PowerDNS server.
	DoorPowerDNS Door = "powerdns"
	// DoorDDNS are updates by RFC 2136.
	DoorDDNS Door = "ddns"
)

// Doors lists all doors.
func Doors() []Door {
	return []Door{DoorSystem, DoorCommandLine, DoorAgent, DoorDNS, DoorOps, DoorV1, DoorPowerDNS, DoorDDNS}
}

// Known says whether a change may come by the door.
func (d Door) Known() bool { return slices.Contains(Doors(), d) }
