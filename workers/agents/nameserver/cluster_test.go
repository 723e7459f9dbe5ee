package nameserver

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/test/natscluster"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// clustered is a control plane with one agent on a cluster of three NATS servers, with the
// accounts of the product, under 50 writes a second. Only there does a server not see that
// the requests of an ended delivery have nobody behind them.
type clustered struct {
	t         *testing.T
	plane     *planetest.Plane
	authority *busauth.Authority
	cluster   *natscluster.Cluster
	engine    *recorder
	// opened counts the snapshots that were asked for, by anybody.
	opened atomic.Int64
	wires  wires
	nc     *nats.Conn
	// written is the position of the last write.
	written atomic.Int64
}

func startClustered(t *testing.T) *clustered {
	t.Helper()
	f := &clustered{t: t, engine: newRecorder()}
	f.plane = planetest.StartOutside(t, eventstore.StreamConfig{Replicas: 3}, func(p *planetest.Plane) *nats.Conn {
		var err error
		f.authority, err = busauth.New(t.Context(), busauth.Config{Store: p.Store, Vault: p.Vault})
		p.Check(err)
		var trust strings.Builder
		p.Check(f.authority.WriteConfig(t.Context(), &trust, natscluster.ResolverDir))
		f.cluster = natscluster.New(t, trust.String())
		f.cluster.Start()
		return f.cluster.Connect(f.authority.AsControl())
	})
	if _, err := f.plane.NC.Subscribe(protocol.SubjectSnapshotOpens, func(*nats.Msg) { f.opened.Add(1) }); err != nil {
		t.Fatal(err)
	}
	f.plane.Enroll(1, master("1"))
	f.plane.Append(view(1), dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{
		Name: "example.com", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1},
	}})
	leader := ""
	testkit.Eventually(t, "the agent has a consumer", func() bool { leader = f.leader(); return leader != "" })
	f.startAgent(leader)
	f.write()
	f.follows()
	return f
}

// leader is the name of the node that leads the agent's consumer, empty for none.
func (f *clustered) leader() string {
	c, err := f.plane.JS.Consumer(f.t.Context(), protocol.StreamEvents, protocol.Consumer(1))
	if err != nil || c.CachedInfo().Cluster == nil {
		return ""
	}
	return c.CachedInfo().Cluster.Leader
}

// startAgent connects the agent to a node that does not lead its consumer. When that node
// is away the agent takes any other.
func (f *clustered) startAgent(leader string) {
	f.t.Helper()
	who := busauth.Identity{Kind: busauth.KindServer, ID: 1}
	credentials, err := f.authority.Credentials(f.t.Context(), who, f.cluster.URLs())
	f.plane.Check(err)
	credentials.Pins = nil // an outside bus has a certificate of its own, or none
	var urls []string
	for _, n := range f.cluster.Nodes {
		if n.Name != leader {
			urls = append(urls, n.URL)
		}
	}
	urls = append(urls, f.cluster.Named(leader).URL)
	options := append(Options(1), nats.DontRandomize(), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectJitter(0, 0),
		credentials.Option(), nats.SetCustomDialer(&f.wires)) // which those of the credentials would replace
	f.nc, err = nats.Connect(strings.Join(urls, ","), options...)
	f.plane.Check(err)
	f.t.Cleanup(f.nc.Close)
	startWith(f.t, Config{
		NC: f.nc, ID: 1, Key: credentials.Key, Engine: f.engine, Codec: testkit.Codec(), Log: slog.New(slog.NewTextHandler(f.t.Output(), nil)),
	})
	f.engine.until(f.t, "the snapshot", func() bool { return len(f.engine.resets) > 0 })
}

// write appends 50 events a second until the test ends.
func (f *clustered) write() {
	id := int64(100)
	stop := repeatedly(20*time.Millisecond, func() {
		id++
		f.written.Store(int64(f.plane.Append(record(id, "192.0.2.9"))))
	})
	f.t.Cleanup(stop)
}

// follows waits until the agent has what is written during the next seconds: 250 events,
// as many as one request that was left behind would take.
func (f *clustered) follows() {
	f.t.Helper()
	f.engine.untilAtLeast(f.t, domain.Position(f.written.Load()+250))
}

// unharmed wants all events in the engine, in order, and no further snapshot.
func (f *clustered) unharmed(what string) {
	f.t.Helper()
	if n := f.opened.Load(); n != 1 {
		f.t.Errorf("after %s: %d snapshots were asked for, want the first one alone", what, n)
	}
	f.engine.mu.Lock()
	defer f.engine.mu.Unlock()
	if n := len(f.engine.resets); n != 1 {
		f.t.Errorf("after %s: the engine was reset %d times", what, n)
	}
	for i, p := range f.engine.applied {
		if want := f.engine.resets[0].Position + domain.Position(i) + 1; p != want {
			f.t.Fatalf("after %s: event %d was applied, want %d", what, p, want)
		}
	}
}

// elsewhere returns once the agent is connected to another node than the one that leads its
// consumer, which the test moves if it has to. These are the two nodes.
func (f *clustered) elsewhere() (leading, agents *natscluster.Node) {
	f.t.Helper()
	var leader, own string
	testkit.Eventually(f.t, "the consumer's leader is another node than the agent's", func() bool {
		leader, own = f.leader(), f.nc.ConnectedServerName()
		if leader != "" && leader == own {
			_, _ = f.plane.NC.Request("$JS.API.CONSUMER.LEADER.STEPDOWN.EVENTS."+protocol.Consumer(1), nil, testkit.Patience)
			return false
		}
		return leader != "" && own != ""
	})
	return f.cluster.Named(leader), f.cluster.Named(own)
}

// A cut connection, a lost node and a frozen one cost an agent no snapshot: all of its
// events are still in the stream.
func TestFaultsOfAClusterCostNoSnapshot(t *testing.T) {
	t.Parallel()
	f := startClustered(t)
	f.unharmed("the start")
	for range 3 {
		f.elsewhere()
		f.wires.cut()
		f.follows()
		f.unharmed("a cut connection")
	}
	leading, _ := f.elsewhere()
	leading.Kill()
	f.follows()
	f.unharmed("the death of the node that leads the consumer")
	leading.Start()
	leading, _ = f.elsewhere()
	leading.Freeze()
	f.follows()
	leading.Thaw()
	f.follows()
	f.unharmed("a freeze of the node that leads the consumer")
	_, own := f.elsewhere()
	own.Freeze()
	f.follows()
	own.Thaw()
	f.follows()
	f.unharmed("a freeze of the agent's own node")
	f.keepsCopies()
}

// keepsCopies wants a control plane that does not say how many copies there are to be to
// take none away.
func (f *clustered) keepsCopies() {
	f.t.Helper()
	for _, c := range []struct{ said, want int }{{0, 3}, {1, 1}, {0, 1}} {
		testkit.Eventually(f.t, "the stream is looked after", func() bool { // a node may just be back
			return eventstore.EnsureStream(f.t.Context(), f.plane.JS, f.plane.Store, eventstore.StreamConfig{Replicas: c.said}) == nil
		})
		stream, err := f.plane.JS.Stream(f.t.Context(), protocol.StreamEvents)
		f.plane.Check(err)
		if got := stream.CachedInfo().Config.Replicas; got != c.want {
			f.t.Errorf("after a start that says %d copies there are %d, want %d", c.said, got, c.want)
		}
	}
}

// wires are the TCP connections that a client has made.
type wires struct {
	mu   sync.Mutex
	last *net.TCPConn
}

// Dial implements [nats.CustomDialer].
func (w *wires) Dial(network, address string) (net.Conn, error) {
	c, err := net.DialTimeout(network, address, testkit.Patience)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, _ = c.(*net.TCPConn)
	return c, nil
}

// cut resets the last connection.
func (w *wires) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.last.SetLinger(0)
	_ = w.last.Close()
}
