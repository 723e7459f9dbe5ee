package bind

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
	"github.com/opsledger/opsledger/workers/agents/bind/rndc"
)

// Snapshot is the whole desired state at a position of the log.
type Snapshot struct {
	// Position is the log's head as the snapshot saw it; LastDNS that of the last
	// dns event up to there.
	Position, LastDNS domain.Position
	// Rows come in the order servers, views, configuration, zones, records.
	Rows []protocol.SnapshotRow
}

// Agent is the engine. All methods may be called from any goroutine.
type Agent struct {
	cfg     Config
	log     *slog.Logger
	layout  layout
	listen  netip.AddrPort
	ports   ports
	metrics *metrics
	changed chan struct{}
	// attention wakes the driver, see drive.go.
	attention chan struct{}
	rndc      *rndc.Client
	// updating is held for reading while an update is under way, see controlAlone.
	updating sync.RWMutex

	mu     sync.Mutex
	ledger *ledger
	queue  queue
	local  *local
	// loaded is set by the first Reset: before it nothing is compared or removed.
	loaded bool
	// version is what named says it is, empty while it does not answer.
	version string
}

// New prepares the engine: folders, keys, ports. Nothing runs before Run.
func New(cfg Config) (*Agent, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	a := &Agent{
		cfg: cfg, log: cfg.Log, layout: layout{dir: cfg.Dir}, metrics: newMetrics(),
		changed: make(chan struct{}, 1), attention: make(chan struct{}, 1),
		ledger: newLedger(cfg.agentAddr(), cfg.NameServers),
	}
	a.ledger.stock.waiting = 1
	a.ledger.frontier.note(&a.ledger.stock)
	a.queue = queue{ready: sync.NewCond(&a.mu), coldLimit: max(1, cfg.Workers/2)}
	if err := a.prepare(); err != nil {
		a.ports.release()
		return nil, err
	}
	if err := a.metrics.register(cfg.Registerer, a); err != nil {
		a.ports.release()
		return nil, fmt.Errorf("bind: register metrics: %w", err)
	}
	return a, nil
}

// prepare makes the folders, reads what the host alone knows, and settles the ports.
func (a *Agent) prepare() error {
	if err := a.layout.create(); err != nil {
		return err
	}
	var err error
	if a.local, err = openLocal(a.layout); err != nil {
		return err
	}
	if err := a.settlePorts(); err != nil {
		return err
	}
	a.rndc = rndc.New(a.local.controlAddr(), a.local.ControlSecret)
	return a.local.save(a.layout)
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Run works until ctx ends. It returns after what was under way has ended and
// named, if it is a child, has stopped. It is called once.
func (a *Agent) Run(ctx context.Context) error {
	defer a.ports.release()
	g, ctx := errgroup.WithContext(ctx)
	d := &driver{agent: a}
	g.Go(func() error { return d.run(ctx) })
	g.Go(func() error { return a.sweep(ctx) })
	for range a.cfg.Workers {
		w := &worker{agent: a}
		g.Go(func() error { w.run(ctx); return nil })
	}
	g.Go(func() error {
		<-ctx.Done()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.queue.close()
		return nil
	})
	err := g.Wait()
	a.rndc.Close()
	return err
}

// Reset replaces the desired state. Everything counts as applied again only
// after it was compared with what named holds.
func (a *Agent) Reset(ctx context.Context, s Snapshot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.ledger.reset(s); err != nil {
		return fmt.Errorf("take snapshot at %d: %w", s.Position, err)
	}
	a.loaded = true
	a.handOut(false)
	a.call()
	a.notify()
	return nil
}

// Apply takes the next event of the dns context; others only count as seen. It
// works in memory alone. An error means that the event does not fit the state:
// the caller takes a snapshot.
func (a *Agent) Apply(e domain.Recorded) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.ledger.settings.version
	if err := a.ledger.apply(e); err != nil {
		return err
	}
	a.wake()
	if a.ledger.settings.version != before {
		a.call()
	}
	a.notify()
	return nil
}

// Advance says that nothing up to the position concerns the engine.
func (a *Agent) Advance(p domain.Position) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ledger.advance(p)
	a.notify()
}

// Changed receives a signal after Status may have changed; signals coalesce.
func (a *Agent) Changed() <-chan struct{} { return a.changed }

// Addr is where named answers.
func (a *Agent) Addr() netip.AddrPort { return a.listen }

func (a *Agent) dialAddr() string {
	return netip.AddrPortFrom(a.cfg.agentAddr(), a.listen.Port()).String()
}

// notify tells whoever listens that Status may have changed.
func (a *Agent) notify() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// call has the driver look after named's process and configuration.
func (a *Agent) call() {
	select {
	case a.attention <- struct{}{}:
	default:
	}
}

// wake queues what the ledger says is to be done, before all comparisons. Needs the lock.
func (a *Agent) wake() { a.handOut(true) }

func (a *Agent) handOut(hot bool) {
	for _, s := range a.ledger.woken {
		a.queue.put(s, hot)
	}
	a.ledger.woken = a.ledger.woken[:0]
}

// viewKey is the TSIG key of a view.
func (a *Agent) viewKey(view int64) dnsclient.Key {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.local.viewKey(view)
}

// viewTitle is how a report names a view.
func viewTitle(l *ledger, id int64) string {
	if v, ok := l.views[id]; ok {
		return v.Name
	}
	return strconv.FormatInt(id, 10)
}
