package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Pipeline sends transactions on one connection.
//
// Invariants:
//  1. Transactions are written, and their answers taken, in the order in which
//     they were sent, each wholly before the next.
//  2. Nothing is written after a part of a transaction: the server would take it
//     for the rest of that one.
//  3. Writing a transaction, and waiting for its answer once those in front of it
//     are answered, each end at the limit.
//  4. When an answer is lost, the connection is closed and all answers behind it
//     are lost.
type Pipeline struct {
	conn  *pgconn.PgConn
	limit time.Duration
	last  *Transaction // that was sent, nil at first
}

// New returns a pipeline on the connection, which is used for nothing else until
// all transactions that were sent are done.
func New(conn *pgconn.PgConn, limit time.Duration) *Pipeline {
	return &Pipeline{conn: conn, limit: limit}
}

// Transaction is a transaction that was sent.
type Transaction struct {
	// written is closed when the transaction has been written whole, or will not
	// be: unwritten says why.
	written   chan struct{}
	unwritten error
	// done is closed when outcome is set.
	done    chan struct{}
	outcome Outcome
}

// Outcome is what became of a transaction.
type Outcome struct {
	// Err is nil if the transaction was committed.
	Err error
	// Lost says that no answer came, so that nobody knows whether the transaction
	// was, or will be, committed. The connection is closed.
	Lost bool
	// Completed is the number of statements that the server has carried out.
	Completed int
}

// Send sends the statements of a transaction, of which the last is COMMIT, behind
// the transactions that were sent before, and waits for nothing.
func (p *Pipeline) Send(statements []Statement) *Transaction {
	t, front, message := &Transaction{written: make(chan struct{}), done: make(chan struct{})}, p.last, encode(statements)
	p.last = t
	go func() {
		defer close(t.done)
		t.unwritten = p.write(message, front)
		close(t.written)
		t.outcome = p.await(t, front, len(statements))
		if t.outcome.Lost {
			_ = p.conn.Conn().Close() // so that those behind neither wait nor write any more
		}
	}()
	return t
}

// Done is closed when there is an outcome.
func (t *Transaction) Done() <-chan struct{} { return t.done }

// Outcome waits until the transaction is done.
func (t *Transaction) Outcome() Outcome {
	<-t.done
	return t.outcome
}

// write writes a transaction after the one in front. It waits while the server
// does not read, because a transaction in front waits for a lock.
func (p *Pipeline) write(message []byte, front *Transaction) error {
	if front != nil {
		<-front.written
		if front.unwritten != nil {
			return front.unwritten
		}
	}
	conn := p.conn.Conn()
	if err := conn.SetWriteDeadline(time.Now().Add(p.limit)); err != nil {
		return err
	}
	if _, err := conn.Write(message); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}

// await waits for the transaction's answer, which comes after that to the
// transaction in front, and does not come if that one is lost.
func (p *Pipeline) await(t, front *Transaction, statements int) Outcome {
	if front != nil {
		if o := front.Outcome(); o.Lost {
			return Outcome{Err: o.Err, Lost: true}
		}
	}
	if t.unwritten != nil {
		return Outcome{Err: t.unwritten, Lost: true}
	}
	return p.receive(statements)
}

// receive takes the answers to so many statements, of which the last is COMMIT.
func (p *Pipeline) receive(statements int) (o Outcome) {
	if err := p.conn.Conn().SetReadDeadline(time.Now().Add(p.limit)); err != nil {
		return Outcome{Err: err, Lost: true}
	}
	for tag := ""; ; {
		message, err := p.conn.ReceiveMessage(context.Background()) // up to the deadline
		if err != nil {
			// A refusal that was received before stands.
			o.Err = cmp.Or(o.Err, err)
			o.Lost = !refused(o.Err)
			return o
		}
		switch m := message.(type) {
		case *pgproto3.CommandComplete:
			tag = string(m.CommandTag)
			o.Completed++
		case *pgproto3.ErrorResponse:
			o.Err = pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			if o.Err == nil && (o.Completed != statements || tag != "COMMIT") {
				o.Err = fmt.Errorf("a transaction ended with %s after %d statements", tag, o.Completed)
			}
			o.Err = errors.Join(o.Err, p.conn.Conn().SetReadDeadline(time.Time{}))
			o.Lost = o.Err != nil && !refused(o.Err)
			return o
		}
	}
}

// refused says that the server refused a statement and goes on, so that nothing of
// the transaction is committed. A FATAL error proves nothing.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR"
}
