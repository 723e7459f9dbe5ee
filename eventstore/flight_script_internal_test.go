package eventstore

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

// scripted is a connection to a server that does only what the test says, for use
// in a synctest bubble.
type scripted struct {
	t      *testing.T
	conn   *pgconn.PgConn
	server net.Conn
	// message is a batch as it is sent, of one statement.
	message wire
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
	s := &scripted{t: t, server: server}
	if s.conn, err = pgconn.Construct(&pgconn.HijackedConn{Conn: client, Config: config}); err != nil {
		t.Fatal(err)
	}
	s.message.add(endBatch)
	s.message.end()
	return s
}

func (s *scripted) fly(front *flight) *flight { return fly(s.conn, &plan{}, s.message, front) }

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

// A flight sends only after all in front has been sent, and takes its own answer.
func TestFlightsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t, nil)
		front := &flight{written: make(chan struct{}), landed: make(chan struct{})}
		behind := s.fly(front)
		s.takesNothing()
		close(front.written)
		s.takes(len(s.message.bytes))
		synctest.Wait()
		go s.answers()
		if err := front.receive(s.conn, 1); err != nil {
			t.Fatalf("the answer to the front was taken: %v", err)
		}
		close(front.landed)
		s.answers()
		if <-behind.landed; behind.err != nil {
			t.Error(behind.err)
		}
	})
}

// What a flight waits for is limited, and the limits end with it.
func TestFlightLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t, nil)
		f := s.fly(nil)
		s.takes(len(s.message.bytes))
		s.answers()
		if <-f.landed; f.err != nil {
			t.Fatal(f.err)
		}
		time.Sleep(2 * batchLimit)
		go s.takes(1)
		if _, err := s.conn.Conn().Write(make([]byte, 1)); err != nil {
			t.Errorf("writing long after: %v", err)
		}
		go s.answers()
		if _, err := s.conn.ReceiveMessage(t.Context()); err != nil {
			t.Errorf("reading long after: %v", err)
		}
	})
	for name, taken := range map[string]int{"not taken": 0, "taken in part": 9, "not answered": len(newScripted(t, nil).message.bytes)} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(t, nil)
			began := time.Now()
			f := s.fly(nil)
			s.takes(taken)
			<-f.landed
			behind := s.fly(f)
			<-behind.landed
			if took := time.Since(began); !f.lost() || !errors.Is(behind.err, f.err) || took != batchLimit {
				t.Errorf("%s: %v, and behind it %v, after %s", name, f.err, behind.err, took)
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

// Nothing is sent after a part of a batch: the server would take it for the rest.
// What had been sent before is answered.
func TestNothingFollowsPartOfFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(t, func(c net.Conn) net.Conn { return &shortWriter{Conn: c} })
		first := s.fly(nil)
		second := s.fly(first)
		third := s.fly(second)
		n := len(s.message.bytes)
		s.takes(n + n/2)
		s.takesNothing()
		s.answers()
		<-third.landed
		if first.err != nil || !second.lost() || !third.lost() {
			t.Errorf("they ended with %v, %v, %v", first.err, second.err, third.err)
		}
	})
}
