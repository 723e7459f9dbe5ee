package roster

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// Hosts is the list of machines with an enrolled agent.
type Hosts = Roster[opsmodel.Machine]

// NewHosts returns a roster that is empty until Run has read it.
func NewHosts(cfg Config, reader *opsmodel.Reader) *Hosts {
	return newRoster(cfg, source[opsmodel.Machine]{
		read: reader.Enrolled, context: domain.ContextOps, concerns: concernsHosts,
		subject: protocol.SubjectOfContext(domain.ContextOps),
		key:     func(m opsmodel.Machine) int64 { return m.ID },
		same:    func(a, b opsmodel.Machine) bool { return a == b },
	})
}

// concernsHosts says whether an event of this type may change the roster.
func concernsHosts(eventType string) bool {
	switch eventType {
	case ops.MachineUpdated{}.EventType(), ops.MachineDeleted{}.EventType(),
		ops.HostEnrolled{}.EventType(), ops.HostWithdrawn{}.EventType():
		return true
	}
	return false
}
