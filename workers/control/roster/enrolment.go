package roster

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
)

// pageSize is how many events of one server or machine are read at a time.
const pageSize = 500

// Enrolment reads from the log, which is never behind, whether a server's agent
// is enrolled, and its generation: the position of the enrolment, which differs
// from that of every enrolment before.
func Enrolment(ctx context.Context, store *eventstore.Store, server int64) (generation domain.Position, enrolled bool, err error) {
	return enrolment(ctx, store, dns.TagServer(server))
}

// HostEnrolment is [Enrolment] for a machine's agent.
func HostEnrolment(ctx context.Context, store *eventstore.Store, machine int64) (generation domain.Position, enrolled bool, err error) {
	return enrolment(ctx, store, ops.TagMachine(machine))
}

func enrolment(ctx context.Context, store *eventstore.Store, tag domain.Tag) (generation domain.Position, enrolled bool, err error) {
	after := domain.Position(0)
	for {
		page, err := store.ReadTag(ctx, tag, after, pageSize)
		if err != nil {
			return 0, false, fmt.Errorf("read the enrolment of %s: %w", tag, err)
		}
		for _, e := range page {
			after = e.Position
			switch e.Type {
			case dns.ServerEnrolled{}.EventType(), ops.HostEnrolled{}.EventType():
				generation, enrolled = e.Position, true
			case dns.ServerWithdrawn{}.EventType(), dns.ServerDeleted{}.EventType(),
				ops.HostWithdrawn{}.EventType(), ops.MachineDeleted{}.EventType():
				generation, enrolled = 0, false
			}
		}
		if len(page) < pageSize {
			return generation, enrolled, nil
		}
	}
}
