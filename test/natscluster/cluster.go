// Package natscluster runs a cluster of three NATS servers for tests, each a process of its
// own, which can be killed and frozen. It trusts whom `opsledger nats-config` says.
//
// Contract: TestMain calls [Main], since the servers are the test binary once more. What is
// started ends with the test.
package natscluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// ResolverDir is the folder of accounts that the text for [New] is to name.
const ResolverDir = "/the-resolvers-folder"

// configVariable names the configuration of the server that the test binary is to be.
const configVariable = "OPSLEDGER_TEST_NATS_CONFIG"

// Main is the body of TestMain.
func Main(m *testing.M) {
	file := os.Getenv(configVariable)
	if file == "" {
		testkit.Main(m)
		return
	}
	if err := serve(file); err != nil {
		fmt.Fprintln(os.Stderr, "nats-server:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve is a NATS server until SIGTERM.
func serve(file string) error {
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		return err
	}
	opts.NoSigs = true
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	s.Start()
	if !s.ReadyForConnections(testkit.Patience) {
		return errors.New("it does not get ready")
	}
	<-asked
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

// Cluster is three nodes that know of each other.
type Cluster struct {
	Nodes []*Node
}

// Node is one server of the cluster, at the same addresses after each start.
type Node struct {
	t                       testing.TB
	Name, URL, route, store string
	config                  string
	said                    *testkit.Output
	process                 *child.Process
}

// New is a cluster whose nodes have not been started yet. Each has the text in its
// configuration, which says whom it trusts.
func New(t testing.TB, trust string) *Cluster {
	t.Helper()
	c := &Cluster{}
	for i := range 3 {
		name := fmt.Sprintf("node%d", i+1)
		c.Nodes = append(c.Nodes, &Node{
			t: t, Name: name, URL: "nats://" + testkit.Address(t), route: "nats-route://" + testkit.Address(t),
			store: filepath.Join(t.TempDir(), name), said: testkit.NewOutput(t, name),
		})
	}
	for _, n := range c.Nodes {
		n.configure(c, trust)
	}
	return c
}

// Start starts all nodes.
func (c *Cluster) Start() {
	for _, n := range c.Nodes {
		n.Start()
	}
}

// URLs are those of all nodes.
func (c *Cluster) URLs() string {
	urls := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		urls[i] = n.URL
	}
	return strings.Join(urls, ",")
}

// Named is the node of that name, which it must have.
func (c *Cluster) Named(name string) *Node {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n
		}
	}
	c.Nodes[0].t.Fatalf("no node is called %q", name)
	return nil
}

// Connect returns the control plane's connection, once the cluster's JetStream can keep a
// copy on each node. It is closed at the test's end.
func (c *Cluster) Connect(as nats.Option) *nats.Conn {
	t := c.Nodes[0].t
	t.Helper()
	nc, err := nats.Connect(c.URLs(), as, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.PingInterval(time.Second), nats.MaxPingsOutstanding(2)) // nodes are frozen
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js := testkit.JetStream(t, nc)
	testkit.Eventually(t, "JetStream keeps a copy on each node", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // asked too early nobody answers
		defer cancel()
		const probe = "PROBE"
		_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: probe, Subjects: []string{"probe"}, Storage: jetstream.MemoryStorage, Replicas: len(c.Nodes),
		})
		return err == nil && js.DeleteStream(ctx, probe) == nil
	})
	return nc
}

// configure writes the node's configuration.
func (n *Node) configure(c *Cluster, trust string) {
	n.t.Helper()
	var routes []string
	for _, other := range c.Nodes {
		routes = append(routes, other.route)
	}
	text := fmt.Sprintf("server_name: %s\nlisten: %q\nmax_payload: 2MB\njetstream { store_dir: %q }\n",
		n.Name, strings.TrimPrefix(n.URL, "nats://"), n.store)
	text += fmt.Sprintf("cluster { name: test, listen: %q, no_advertise: true, routes: [%s] }\n",
		strings.TrimPrefix(n.route, "nats-route://"), strings.Join(routes, ", "))
	text += strings.ReplaceAll(trust, ResolverDir, n.store+"-jwt") // each has a folder of its own
	n.config = n.store + ".conf"
	if err := os.WriteFile(n.config, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// Start starts the node.
func (n *Node) Start() {
	n.t.Helper()
	self, err := os.Executable()
	if err != nil {
		n.t.Fatal(err)
	}
	n.process, err = child.Start(context.Background(), child.Spec{
		Name: n.Name, Path: self, Env: append(os.Environ(), configVariable+"="+n.config), Log: n.said.File(),
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(n.Kill) // its files are the test's own
}

// Kill ends the node at once; it may be called again.
func (n *Node) Kill() { n.process.Kill() }

// Freeze has the node stand still until Thaw.
func (n *Node) Freeze() {
	n.t.Helper()
	if err := n.process.Signal(syscall.SIGSTOP); err != nil {
		n.t.Fatal(err)
	}
}

// Thaw lets it go on.
func (n *Node) Thaw() {
	n.t.Helper()
	if err := n.process.Signal(syscall.SIGCONT); err != nil {
		n.t.Fatal(err)
	}
}
