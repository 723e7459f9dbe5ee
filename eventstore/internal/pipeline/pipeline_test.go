package pipeline

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

const testLimit = 20 * time.Second

// scripted is a pipeline to a server that does only what the test says, for use in
// a synctest bubble.
type scripted struct {
	*Pipeline
	t      *testing.T
	server net.Conn
	// statements are a transaction of one statement, and message is how that is sent.
	statements []Statement
	message    []byte
}

// newScripted lets wrap, if there is one, change the client's side.
func newScripted(t *testing.T, wrap func(net.Conn) net.Conn) *scripted {
	t.Helper()
	config, err := pgconn.ParseConfig("host=/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close(); server.Close() })
	if wrap != nil {
		client = wrap(client)
	}
	conn, err := pgconn.Construct(&pgconn.HijackedConn{Conn: client, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	statements := []Statement{{Name: "end"}}
	return &scripted{Pipeline: New(conn, testLimit), t: t, server: server, statements: statements, message: encode(statements)}
}

func (s *scripted) send() *Transaction { return s.Send(s.statements) }

// takes reads so many bytes.
func (s *scripted) takes(n int) {
	s.t.Helper()
	if _, err := io.ReadFull(s.server, make([]byte, n)); err != nil {
		s.t.Error(err)
	}
}

// takesNothing wants nothing to be on its way to the server.
func (s *scripted) takesNothing() {
	s.t.Helper()
	_ = s.server.SetReadDeadline(time.Now().Add(time.Second))
	if n, err := s.server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Errorf("%d bytes were sent, %v", n, err)
	}
	_ = s.server.SetReadDeadline(time.Time{})
}

// answers lets the server commit one batch.
func (s *scripted) answers() {
	s.t.Helper()
	answer, err := (&pgproto3.CommandComplete{CommandTag: []byte("COMMIT")}).Encode(nil)
	if err == nil {
		answer, err = (&pgproto3.ReadyForQuery{TxStatus: 'I'}).Encode(answer)
	}
	if err == nil {
		_, err = s.server.Write(answer)
	}
	if err != nil {
		s.t.Error(err)
	}
}

// A transaction is written only after all of the one in front, and takes its own answer.
func TestTransactionsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t, nil)
		front := &Transaction{written: make(chan struct{}), done: make(chan struct{})}
		s.last = front
		behind := s.send()
		s.takesNothing()
		close(front.written)
		s.takes(len(s.message))
		synctest.Wait()
		go s.answers()
		if o := s.receive(1); o.Err != nil {
			t.Fatalf("the answer to the front was taken: %v", o.Err)
		}
		close(front.done)
		s.answers()
		if o := behind.Outcome(); o.Err != nil {
			t.Error(o.Err)
		}
	})
}

// What a transaction waits for is limited, and the limits end with the transaction.
func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t, nil)
		sent := s.send()
		s.takes(len(s.message))
		s.answers()
		if o := sent.Outcome(); o.Err != nil {
			t.Fatal(o.Err)
		}
		time.Sleep(2 * testLimit)
		go s.takes(1)
		if _, err := s.conn.Conn().Write(make([]byte, 1)); err != nil {
			t.Errorf("writing long after: %v", err)
		}
		go s.answers()
		if _, err := s.conn.ReceiveMessage(t.Context()); err != nil {
			t.Errorf("reading long after: %v", err)
		}
	})
	for name, taken := range map[string]int{"not taken": 0, "taken in part": 9, "not answered": len(newScripted(t, nil).message)} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(t, nil)
			began := time.Now()
			sent := s.send()
			s.takes(taken)
			<-sent.Done()
			behind := s.send().Outcome()
			if took := time.Since(began); !sent.Outcome().Lost || !behind.Lost || !errors.Is(behind.Err, sent.Outcome().Err) || took != testLimit {
				t.Errorf("%s: %v, and behind it %v, after %s", name, sent.Outcome().Err, behind.Err, took)
			}
		})
	}
}

// shortWriter sends half of the second message.
type shortWriter struct {
	net.Conn
	messages int
}

func (w *shortWriter) Write(b []byte) (int, error) {
	if w.messages++; w.messages != 2 {
		return w.Conn.Write(b)
	}
	n, _ := w.Conn.Write(b[:len(b)/2])
	return n, io.ErrShortWrite
}

// Nothing is written after a part of a transaction: the server would take it for
// the rest. What had been sent before is answered.
func TestNothingFollowsAPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t, func(c net.Conn) net.Conn { return &shortWriter{Conn: c} })
		first, second, third := s.send(), s.send(), s.send()
		n := len(s.message)
		s.takes(n + n/2)
		s.takesNothing()
		s.answers()
		<-third.Done()
		if first.Outcome().Err != nil || !second.Outcome().Lost || !third.Outcome().Lost {
			t.Errorf("they ended with %v, %v, %v", first.Outcome().Err, second.Outcome().Err, third.Outcome().Err)
		}
	})
}
