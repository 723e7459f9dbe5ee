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
//     took off, each wholly before the next, and nothing after a part of one.
//  2. What flies behind a flight that is not committed is not committed either.
type flight struct {
	plan *plan
	mark string
	// written is closed when all has been sent, or will not be: unsent says why.
	written chan struct{}
	unsent  error
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
		f.unsent = write(conn.Conn(), m.bytes, front)
		close(f.written)
		if f.err = f.await(conn, m.statements, front); f.lost() {
			_ = conn.Conn().Close() // what is behind it neither waits nor is sent any more
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

// write sends a batch after the one in front, unless a part of that is missing,
// which the server would take for what follows. It waits where the server cannot
// read on, for want of the head's lock.
func write(conn net.Conn, bytes []byte, front *flight) error {
	if front != nil {
		<-front.written
		if front.unsent != nil {
			return front.unsent
		}
	}
	if err := conn.SetWriteDeadline(time.Now().Add(batchLimit)); err != nil {
		return err
	}
	if _, err := conn.Write(bytes); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}

// await waits for the answer after that to the flight in front. Without that one
// there is none.
func (f *flight) await(conn *pgconn.PgConn, statements int, front *flight) error {
	if front != nil {
		<-front.landed
		if front.lost() {
			return front.err
		}
	}
	if f.unsent != nil {
		return f.unsent
	}
	return f.receive(conn, statements)
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
