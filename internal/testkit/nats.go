package testkit

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/embeddednats"
)

// NATSServer starts an embedded server with JetStream for one test and without
// a listener. The test may stop it early.
func NATSServer(t testing.TB) *embeddednats.Server {
	t.Helper()
	return StartNATS(t, t.TempDir())
}

// StartNATS starts an embedded server on a directory of the test's choice, so
// that it can be stopped and started again on the same streams.
func StartNATS(t testing.TB, dir string) *embeddednats.Server {
	t.Helper()
	s, err := embeddednats.Start(embeddednats.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// NATS returns a connection to an embedded server of the test's own, with JetStream.
func NATS(t testing.TB) *nats.Conn {
	t.Helper()
	return Connect(t, NATSServer(t))
}

// Connect returns another connection to the server, closed at the test's end.
func Connect(t testing.TB, s *embeddednats.Server, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := s.Connect(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// lostAnswer is how long a request to JetStream waits. It is longer than the
// library's 5 s, for a busy machine, and much shorter than Patience: an answer may
// be lost with a stream or a server that goes away, and then the product asks again.
const lostAnswer = 20 * time.Second

// JetStream returns a client for tests and for what they run.
func JetStream(t testing.TB, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(lostAnswer))
	if err != nil {
		t.Fatal(err)
	}
	return js
}
