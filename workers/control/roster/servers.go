package roster

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/protocol"
)

// Servers is the list of name servers with an enrolled agent.
type Servers = Roster[projections.Server]

// NewServers returns a roster that is empty until Run has read it.
func NewServers(cfg Config, reader *projections.Reader) *Servers {
	return newRoster(cfg, source[projections.Server]{
		read: reader.EnrolledServers, context: domain.ContextDNS, concerns: concernsServers,
		subject: protocol.SubjectEvents + "." + string(domain.ContextDNS) + ".0.>",
		key:     func(s projections.Server) int64 { return s.ID },
		same:    func(a, b projections.Server) bool { return a.ID == b.ID && a.Changed == b.Changed },
	})
}

// concernsServers says whether an event of this type may change the roster.
func concernsServers(eventType string) bool {
	switch eventType {
	case dns.ServerCreated{}.EventType(), dns.ServerUpdated{}.EventType(), dns.ServerDeleted{}.EventType(),
		dns.ServerEnrolled{}.EventType(), dns.ServerWithdrawn{}.EventType():
		return true
	}
	return false
}
