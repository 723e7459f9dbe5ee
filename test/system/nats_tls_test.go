package system

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// An outside NATS that wants a certificate of whoever connects is the bus of a control
// plane, of its own agents and of a machine's; who lacks one file gets nowhere.
func TestNATSWithClientCertificates(t *testing.T) {
	t.Parallel()
	ca, stranger := testkit.NewCA(t), testkit.NewCA(t)
	url := deployment.StartTLSBus(t, ca)
	cert, key := ca.Issue("opsledger")
	own := []string{"--nats-cert", cert, "--nats-key", key}
	for why, flags := range map[string][]string{
		"unknown authority": append(own, "--nats-ca", stranger.File),
		"signed by unknown": own, // the system's authorities
		"connect to NATS":   {"--nats-ca", ca.File},
		"--nats-ca: ":       append(own, "--nats-ca", cert+".away"),
	} {
		deployment.NewServe(t, "serve", append(slices.Clone(flags), "--nats-url", url)...).RefusesToStart(why)
	}

	all := append(own, "--nats-ca", ca.File)
	s := deployment.StartDev(t, t.TempDir(), append(slices.Clone(all), "--nats-url", url)...)
	_, zone := s.MakeZone("example.com")
	s.PostLive("/dns/records", deployment.RecordBody("www", "192.0.2.1", zone))

	m := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{"note": "echo done"},
		"--data", s.Data, "--public-nats-url", url)
	task := s.NewTask("10.0.0.1", "note", "t", "1", "c")
	s.Execute(task, "update")
	away := m.Said.Printed("NATS does not answer")
	m.Start()
	testkit.Await(t, "it does not connect without the files", away)
	m.Kill()
	m.Start(all...)
	s.AwaitEnd(task, "succeeded")
}

// A NATS without TLS is not spoken to where a file for TLS is given. On another machine it
// is used with a warning.
func TestNATSWithoutTLS(t *testing.T) {
	t.Parallel()
	bus := deployment.StartBus(t)
	serve := deployment.NewServe(t, "serve", "--nats-url", bus.URL(), "--nats-ca", testkit.NewCA(t).File)
	serve.RefusesToStart("secure connection not available")

	elsewhere := strings.Replace(bus.URL(), "127.0.0.1", testkit.ElsewhereHost, 1)
	serve = deployment.NewServe(t, "serve", "--nats-url", elsewhere)
	warned := serve.Said.Printed("is not encrypted: give --nats-ca")
	serve.Start()
	testkit.Await(t, "it warns", warned)
}
