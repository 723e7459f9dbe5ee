package roster

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// Servers is the list of name servers with an enrolled agent.
type Servers = Roster[dnsmodel.Server]

// NewServers returns a roster that is empty until Run has read it.
func NewServers(cfg Config, reader *dnsmodel.Reader) *Servers {
	return newRoster(cfg, source[dnsmodel.Server]{
		read: reader.EnrolledServers, context: domain.ContextDNS, concerns: concernsServers,
		subject: protocol.SubjectEvents + "." + string(domain.ContextDNS) + ".0.>",
		key:     func(s dnsmodel.Server) int64 { return s.ID },
		same:    func(a, b dnsmodel.Server) bool { return a.ID == b.ID && a.Changed == b.Changed },
	})
}

// concernsServers says whether an event of this type may change the roster.
func concernsServers(eventType string) bool {
	switch eventType {
	case dns.ServerCreated{}.EventType(), dns.ServerUpdated{}.EventType(), dns.ServerDeleted{}.EventType(),
		dns.ServerEnrolled{}.EventType(), dns.ServerProved{}.EventType(), dns.ServerWithdrawn{}.EventType():
		return true
	}
	return false
}
