package roster

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// pageSize is how many events of one server are read at a time.
const pageSize = 500

// Enrolment reads from the log, which is never behind, whether a server's agent
// is enrolled, and its generation: the position of the enrolment, which differs
// from that of every enrolment before.
func Enrolment(ctx context.Context, store *eventstore.Store, server int64) (generation domain.Position, enrolled bool, err error) {
	after := domain.Position(0)
	for {
		page, err := store.ReadTag(ctx, dns.TagServer(server), after, pageSize)
		if err != nil {
			return 0, false, fmt.Errorf("read the enrolment of server %d: %w", server, err)
		}
		for _, e := range page {
			after = e.Position
			switch e.Type {
			case dns.ServerEnrolled{}.EventType():
				generation, enrolled = e.Position, true
			case dns.ServerWithdrawn{}.EventType(), dns.ServerDeleted{}.EventType():
				generation, enrolled = 0, false
			}
		}
		if len(page) < pageSize {
			return generation, enrolled, nil
		}
	}
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
