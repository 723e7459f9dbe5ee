package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// flight is a batch on its way, in one round trip. Another may be on its way
// behind it: the server begins with that without waiting for anybody.
//
// Invariants:
//  1. Flights of a connection are written and answered in the order in which they
//     took off, each wholly before the next.
//  2. What flies behind a flight that is not committed is not committed either.
type flight struct {
	plan *plan
	mark string
	// written is closed when all has been sent, or will not be.
	written chan struct{}
	// landed is closed when the server has answered, with an error or after how
	// many statements.
	landed    chan struct{}
	succeeded int
	err       error
}

// fly sends a batch behind the one in front, if any. The connection is used for
// nothing else until it has landed, but to let others fly behind it.
func fly(conn *pgconn.PgConn, p *plan, m wire, front *flight) *flight {
	f := &flight{plan: p, written: make(chan struct{}), landed: make(chan struct{})}
	go func() {
		defer close(f.landed)
		if front != nil {
			<-front.written
		}
		f.err = write(conn.Conn(), m.bytes)
		close(f.written)
		if front != nil {
			<-front.landed
		}
		switch {
		case front != nil && front.lost():
			f.err = front.err
		case f.err == nil:
			f.err = f.receive(conn, m.statements)
		}
		if f.lost() { // so that what is behind it does not wait
			_ = conn.Conn().SetDeadline(time.Unix(1, 0)) // it fails on a closed connection, which does not wait
		}
	}()
	return f
}

// lost says that the server's answer did not come, so that it is not known whether
// the batch was committed.
func (f *flight) lost() bool { return f.err != nil && !definite(f.err) }

// refuted says that the log was not as presumed.
func (f *flight) refuted() bool {
	return !f.lost() && (f.succeeded < beforePlan || f.succeeded == beforePlan && len(f.plan.keyed) > 0)
}

// write sends bytes. It waits where the server cannot read on, for want of the head's lock.
func write(conn net.Conn, bytes []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(batchLimit)); err != nil {
		return err
	}
	if _, err := conn.Write(bytes); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}

// receive takes the answers to so many statements, of which the last is COMMIT.
func (f *flight) receive(conn *pgconn.PgConn, statements int) error {
	if err := conn.Conn().SetReadDeadline(time.Now().Add(batchLimit)); err != nil {
		return err
	}
	var refused error
	for tag := ""; ; {
		message, err := conn.ReceiveMessage(context.Background()) // up to the deadline
		if err != nil {
			return cmp.Or(refused, err)
		}
		switch m := message.(type) {
		case *pgproto3.CommandComplete:
			tag = string(m.CommandTag)
			f.succeeded++
		case *pgproto3.ErrorResponse:
			refused = pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			if refused == nil && (f.succeeded != statements || tag != "COMMIT") {
				refused = fmt.Errorf("a commit ended with %s after %d statements", tag, f.succeeded)
			}
			return errors.Join(refused, conn.Conn().SetReadDeadline(time.Time{}))
		}
	}
}
