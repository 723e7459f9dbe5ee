package roster

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
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

// Deleted reads from the log whether a server was deleted and has not come back. It is false for a
// server that the log never had.
func Deleted(ctx context.Context, store *eventstore.Store, server int64) (deleted bool, err error) {
	err = eachOf(ctx, store, dns.TagServer(server), func(e protocol.Envelope) {
		switch e.Type {
		case dns.ServerDeleted{}.EventType():
			deleted = true
		case dns.ServerCreated{}.EventType():
			deleted = false
		}
	})
	return deleted, err
}

func enrolment(ctx context.Context, store *eventstore.Store, tag domain.Tag) (generation domain.Position, enrolled bool, err error) {
	err = eachOf(ctx, store, tag, func(e protocol.Envelope) {
		switch e.Type {
		case dns.ServerEnrolled{}.EventType(), ops.HostEnrolled{}.EventType():
			generation, enrolled = e.Position, true
		case dns.ServerWithdrawn{}.EventType(), dns.ServerDeleted{}.EventType(),
			ops.HostWithdrawn{}.EventType(), ops.MachineDeleted{}.EventType():
			generation, enrolled = 0, false
		}
	})
	return generation, enrolled, err
}

// eachOf reads all events of one server or machine.
func eachOf(ctx context.Context, store *eventstore.Store, tag domain.Tag, do func(protocol.Envelope)) error {
	after := domain.Position(0)
	for {
		page, err := store.ReadTag(ctx, tag, after, pageSize)
		if err != nil {
			return fmt.Errorf("read the enrolment of %s: %w", tag, err)
		}
		for _, e := range page {
			after = e.Position
			do(e)
		}
		if len(page) < pageSize {
			return nil
		}
	}
}
