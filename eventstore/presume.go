package eventstore

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// errPresumption says that a batch cannot be committed unseen.
var errPresumption = errors.New("event store: the log is not as presumed")

// caution is for how many batches the writer looks first after it was wrong.
const caution = 16

// checkPresumption fails, dividing by zero, unless the head is where the plan
// begins and no condition is broken. It runs under the head's lock, in a statement
// after the one that took it. The head is the upper bound of the search, see
// lastMatches. It need not ask for conditions that the window covers: if the head
// is where this writer left it, the window holds all events in question. Nor for
// commands: one that is known cannot be written again.
const checkPresumption = `SELECT 1 / CASE WHEN
		EXISTS (SELECT FROM log.head WHERE singleton AND (log <> $1 OR position <> $2))
		OR EXISTS (SELECT FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS i(hash, after, types)
			CROSS JOIN LATERAL (
				SELECT FROM log.event_tags t
				WHERE t.tag_hash = i.hash AND t.position > i.after AND t.position <= $2
					AND (i.types = '' OR t.type_hash = ANY(i.types::int[]))
				ORDER BY t.position DESC LIMIT 1) c)
	THEN 0 ELSE 1 END`

// beforePlan is the number of statements before those of the plan. The plan's
// first, the commands, tells whether they are as presumed, too.
const beforePlan = 3

// unseen says whether the next batch may be planned without looking: the writer
// knows the head, nobody else seems to append, and the connection is in order.
// One that was lost would make the outcome uncertain for want of a look.
func (w *writer) unseen() bool {
	if w.wary > 0 {
		w.wary--
		return false
	}
	return w.head.log == w.id && quiet(w.conn.PgConn().Conn())
}

// presume commits the batch in one round trip, on the presumption that nothing
// has changed since this writer's last batch. The server checks that under the
// head's lock, before it writes; otherwise nothing is written and the error is
// errPresumption.
func (w *writer) presume(ctx context.Context, batch []*entry, sent **plan) (*plan, error) {
	p := makePlan(batch, inspection{head: w.head, conflicts: w.own.conflicts(batch)}, time.Now())
	if p.empty() || p.head.Position >= w.extendAt {
		return nil, errPresumption
	}
	var b pgx.Batch
	l := lookupsOf(batch, &w.own)
	b.Queue(begin)
	b.Queue(lockHead)
	b.Queue(checkPresumption, w.id, int64(w.head.Position), l.hashes, l.after, l.types)
	queuePlan(&b, p)
	*sent = p
	succeeded, err := send(ctx, w.conn, &b)
	if definite(err) {
		*sent = nil
		if succeeded < beforePlan || succeeded == beforePlan && len(p.keyed) > 0 {
			w.wary = caution
			return nil, errors.Join(errPresumption, w.rollback(ctx))
		}
	}
	return p, err
}

// quiet says that nothing has come in on an idle connection, neither its end nor
// the server's word that it ends. It says no where that cannot be told (TLS).
func quiet(conn net.Conn) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var idle bool
	// Not raw.Read: it would wait for a reader, and pgx leaves one on the connection
	// after a write that took long, until the next reply comes.
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		idle = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && idle
}
