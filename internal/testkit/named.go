package testkit

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/child"
)

// PlainNamed is a named that reads its configuration from files and knows no opsledger.
type PlainNamed struct {
	t testing.TB
	// Addr is host:port where it answers, the same after each start.
	Addr string
	// Conf is its configuration file, in the folder that it works in.
	Conf  string
	said  *Output
	child *child.Process
}

// LoopbackOptions are the options with which a plain named listens on loopback alone, and
// keeps its files in the folder that it works in.
const LoopbackOptions = `listen-on { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "named.pid"; session-keyfile "session.key";`

// ListenOnLoopback has a named that reads named.conf in the folder listen on loopback alone.
func ListenOnLoopback(t testing.TB, dir string) {
	t.Helper()
	path := filepath.Join(dir, "named.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	listen := "controls { };\noptions {\n\tlisten-on { 127.0.0.1; }; listen-on-v6 { none; };"
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "options {", listen, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// NewNamed is a named for a configuration file that says [LoopbackOptions]. It has not been
// started yet, and ends with the test.
func NewNamed(t testing.TB, conf string) *PlainNamed {
	t.Helper()
	n := &PlainNamed{t: t, Addr: Address(t), Conf: conf, said: NewOutput(t, "named")}
	t.Cleanup(n.Kill)
	return n
}

// StartNamed writes named.conf into the folder, and starts a named with it.
func StartNamed(t testing.TB, dir, conf string) *PlainNamed {
	t.Helper()
	path := filepath.Join(dir, "named.conf")
	if err := os.WriteFile(path, []byte("controls { };\n"+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	n := NewNamed(t, path)
	n.Start()
	return n
}

// Start returns when it has loaded its zones.
func (n *PlainNamed) Start() {
	n.t.Helper()
	program, err := child.Find("named")
	if err != nil {
		n.t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(n.Addr)
	if err != nil {
		n.t.Fatal(err)
	}
	loaded := n.said.Printed("all zones loaded")
	n.child, err = child.Start(context.Background(), child.Spec{
		Path: program, Args: []string{"-g", "-n", "1", "-c", n.Conf, "-p", port}, Dir: filepath.Dir(n.Conf), Log: n.said.File(),
	})
	if err != nil {
		n.t.Fatal(err)
	}
	select {
	case <-loaded:
	case <-n.child.Done():
		n.t.Fatalf("named ended: %v\n%s", n.child.Err(), n.said.String())
	case <-time.After(Patience):
		n.t.Fatal("named does not load its zones")
	}
}

// Kill ends it at once, so that it writes no file any more; it may be called again.
func (n *PlainNamed) Kill() {
	if n.child != nil {
		n.child.Kill()
	}
	n.child = nil
}

// Ask asks it a question about what it has itself.
func (n *PlainNamed) Ask(name string, rrtype uint16) *mdns.Msg {
	n.t.Helper()
	m := new(mdns.Msg).SetQuestion(name, rrtype)
	m.RecursionDesired = false
	return Exchange(n.t, mdns.Client{}, m, n.Addr)
}

// Serial is that of a zone, 0 for a zone that it does not have.
func (n *PlainNamed) Serial(zone string) uint32 {
	n.t.Helper()
	for _, rr := range n.Ask(zone, mdns.TypeSOA).Answer {
		if soa, ok := rr.(*mdns.SOA); ok {
			return soa.Serial
		}
	}
	return 0
}
