package testkit

import (
	"testing"

	"github.com/nats-io/nats.go"

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
