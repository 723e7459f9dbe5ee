package system

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/natscluster"
)

// fleet is what several serve and several name servers have in common: one PostgreSQL, and a
// cluster of three NATS nodes that trusts this opsledger alone.
type fleet struct {
	t   *testing.T
	url string
	bus *natscluster.Cluster
	// storage are the flags by which all commands find the log and the vault.
	storage []string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, url: testkit.PostgresURL(t)}
	trust := filepath.Join(t.TempDir(), "trust.conf")
	storage := []string{"--database-url", f.url, "--key-file", filepath.Join(t.TempDir(), "vault.key")}
	deployment.Command(t, append([]string{
		"nats-config", "--data", t.TempDir(), "--out", trust, "--resolver-dir", natscluster.ResolverDir, "--log-level", "error",
	}, storage...)...)
	text, err := os.ReadFile(trust)
	if err != nil {
		t.Fatal(err)
	}
	f.bus = natscluster.New(t, string(text))
	f.storage = storage
	f.bus.Start()
	return f
}

// serve is a process of the control plane that has not been started yet.
func (f *fleet) serve(name string) *deployment.Server {
	f.t.Helper()
	return deployment.NewServe(f.t, name, append(f.storage, "--nats-url", f.bus.URLs(), "--nats-replicas", "3")...)
}

// nameServer is one that has been enrolled, and not been started yet, and its wire to the bus.
func (f *fleet) nameServer(number int) (*deployment.NameServer, *deployment.Wire) {
	f.t.Helper()
	var nodes []string
	for _, n := range f.bus.Nodes {
		nodes = append(nodes, strings.TrimPrefix(n.URL, "nats://"))
	}
	wire := deployment.NewWire(f.t, nodes...)
	return deployment.EnrollNameServerAs(f.t, fmt.Sprintf("127.0.0.%d", number), fmt.Sprintf("ns%d.example", number), append(f.storage,
		"--nats-url", "nats://"+strings.Join(wire.Addresses(), ",nats://"), "--data", f.t.TempDir(), "--log-level", "error")...), wire
}

// load is clients that add records without a pause, each under a key of its own until it is
// acknowledged, by whichever serve answers.
type load struct {
	t    *testing.T
	zone string
	acks atomic.Int64
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu sync.Mutex
	// hosts were acknowledged, each at a position.
	hosts     []string
	positions []int64
}

func startLoad(t *testing.T, zone string, clients int, serves ...*deployment.Server) *load {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &load{t: t, zone: zone, stop: stop}
	for who := range clients {
		l.wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.add(ctx, fmt.Sprintf("load%d-%d", who, i), serves, who)
			}
		})
	}
	t.Cleanup(func() { stop(); l.wg.Wait() })
	return l
}

// add repeats one write at the serves in turn.
func (l *load) add(ctx context.Context, host string, serves []*deployment.Server, first int) {
	key := rand.Text()
	for try := first; ; try++ {
		s := serves[try%len(serves)]
		reply, body, err := s.Ask(http.MethodPost, "/dns/records", deployment.RecordBody(host, "192.0.2.1", l.zone), key)
		switch {
		case err == nil && reply.StatusCode == http.StatusOK:
			l.mu.Lock()
			l.hosts, l.positions = append(l.hosts, host), append(l.positions, deployment.Position(l.t, reply))
			l.mu.Unlock()
			l.acks.Add(1)
			return
		case err == nil && reply.StatusCode != http.StatusServiceUnavailable:
			l.t.Errorf("%s: status %d: %s", host, reply.StatusCode, body)
			return
		case ctx.Err() != nil && l.t.Context().Err() != nil:
			return
		}
	}
}

// more returns when so many more writes were acknowledged.
func (l *load) more(n int64) {
	l.t.Helper()
	enough := l.acks.Load() + n
	testkit.Eventually(l.t, "writes are acknowledged", func() bool { return l.acks.Load() >= enough || l.t.Failed() })
}

// end ends the load and returns the names of all records that were acknowledged.
func (l *load) end() []string {
	l.stop()
	l.wg.Wait()
	return l.hosts
}
