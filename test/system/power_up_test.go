package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/natscluster"
)

// After a power failure everything comes up in any order: a serve waits for PostgreSQL, for
// NATS, and for the nodes without which JetStream has no leader, and says so.
func TestPowerUpInAnyOrder(t *testing.T) {
	t.Parallel()
	pg := deployment.StartPostgres(t)
	url, key := pg.URL(), filepath.Join(t.TempDir(), "vault.key")
	trust := filepath.Join(t.TempDir(), "trust.conf")
	deployment.Command(t, "nats-config", "--data", t.TempDir(), "--database-url", url, "--key-file", key,
		"--out", trust, "--resolver-dir", natscluster.ResolverDir, "--log-level", "error")
	text, err := os.ReadFile(trust)
	if err != nil {
		t.Fatal(err)
	}
	pg.Stop()
	bus := natscluster.New(t, string(text))
	flags := []string{"--database-url", url, "--key-file", key, "--nats-url", bus.URLs()}
	s := deployment.NewServe(t, "serve", append(flags, "--nats-replicas", "3")...)

	// It stops well while it waits, for each of the two.
	waiting := s.Said.Printed("waiting for PostgreSQL (--database-url)")
	s.Begin()
	testkit.Await(t, "it says what it waits for", waiting)
	s.Stop()
	pg.Start()
	waiting = s.Said.Printed("waiting for NATS (--nats-url)")
	s.Begin()
	testkit.Await(t, "it says what it waits for", waiting)
	s.Stop()
	pg.Stop()

	postgres, nats := s.Said.Printed("waiting for PostgreSQL"), s.Said.Printed("waiting for NATS")
	jetStream := s.Said.Printed("waiting for JetStream (--nats-url)")
	ready := s.Begin()
	testkit.Await(t, "it waits for PostgreSQL", postgres)
	pg.Start()
	testkit.Await(t, "it waits for NATS", nats)
	bus.Nodes[0].Start()
	testkit.Await(t, "it waits for JetStream", jetStream)
	bus.Nodes[1].Start()
	bus.Nodes[2].Start()
	testkit.Await(t, "it gets ready", ready)
	s.Login()
	s.Post("/dns/views", `{"name":"office","acl":"any"}`)
}

// What will not mend itself ends the start, and is told.
func TestWhatWaitingDoesNotHelpEndsTheStart(t *testing.T) {
	t.Parallel()
	pg := deployment.StartPostgres(t)
	elsewhere := strings.Replace(pg.URL(), "/opsledger?", "/nowhere?", 1)
	if elsewhere == pg.URL() {
		t.Fatalf("%s names no database", pg.URL())
	}
	deployment.NewServe(t, "no database", "--database-url", elsewhere).RefusesToStart("does not exist")
	another := deployment.StartServe(t, "another")
	deployment.NewServe(t, "foreign bus", "--database-url", pg.URL(), "--nats-url", another.Running().NATSURL).RefusesToStart("connect to ")
}
