package deployment

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/internal/testkit"
)

// StartTLSBus starts an outside NATS server that speaks TLS alone, and only with those who
// have a certificate of the authority. It ends with the test. Its URL names a user, since
// the server has users of its own.
func StartTLSBus(t testing.TB, ca *testkit.CA) (url string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(ca.Issue("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	bus, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: t.TempDir(), MaxPayload: 2 << 20,
		TLS: true, TLSTimeout: testkit.Patience.Seconds(), TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair},
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Trust().RootCAs,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	bus.Start()
	t.Cleanup(func() { bus.Shutdown(); bus.WaitForShutdown() })
	if !bus.ReadyForConnections(testkit.Patience) {
		t.Fatal("NATS does not get ready")
	}
	return strings.Replace(bus.ClientURL(), "//", "//anybody@", 1)
}
