package bind

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/checkconf"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
	"github.com/opsledger/opsledger/workers/agents/bind/rndc"
)

// Snapshot is the whole desired state at a position of the log.
type Snapshot struct {
	// Position is the log's head as the snapshot saw it. LastDNS is the position of
	// the last dns event up to Position.
	Position, LastDNS domain.Position
	// Log is the log, and LastID the id of its event at LastDNS; both may be nil. Without them
	// nothing is stored for the next engine.
	Log, LastID uuid.UUID
	// Rows come in the order servers, views, configuration, zones, records.
	Rows []protocol.SnapshotRow
}

// Engine makes one named serve what the log says. All methods may be called from any goroutine.
type Engine struct {
	cfg    Config
	log    *slog.Logger
	layout layout
	listen netip.AddrPort
	ports  ports
	// capabilities are those that named needs for its port.
	capabilities []uintptr
	metrics      *metrics
	changed      chan struct{}
	// attention wakes the driver.
	attention chan struct{}
	rndc      *rndc.Client
	checkconf *checkconf.Program
	// passing is told of each step of a rewrite; only tests set it.
	passing func(step string)
	// patience bounds each wait for named in a rewrite.
	patience time.Duration
	// adoptPatience is how long a named that was left running may take to answer.
	adoptPatience time.Duration
	// updating is read-locked while an update is under way, see controlAlone.
	updating sync.RWMutex
	// asked counts the agent's own questions to named that are not signed.
	asked atomic.Uint64

	mu    sync.Mutex
	state *desiredState
	queue queue
	local *local
	// loaded is set by the first Reset, or by Begin: before it nothing is compared or removed.
	loaded bool
	// left is what the engine before has stored, until Resume or Reset.
	left *stored
	// boot is the start of named that the last inventory was taken of, and resumed the one by
	// which the proofs hold that the engine before has left.
	boot, resumed string
	// program is this program's id, by which it knows what it has stored itself.
	program string
	// storedOrigin is that of the state that was stored last, at storedAt.
	storedOrigin Origin
	storedAt     time.Time
	// silent is set while named runs and does not answer at all its addresses.
	silent *failure
	// frozen are the zones of which named may take no updates, since a rewrite was begun, or
	// somebody froze them.
	frozen map[zoneKey]bool
	// unserved is what clients do not get, see health.
	unserved map[concern]fault
	// doubted are the zones that a sweep did not get as clients do, for health to ask for.
	doubted map[zoneKey]bool
	// drift is what is told of drift, own the ports that updates of the engine come from, and confLeft
	// what was found of a configuration whose drift is left, empty for none.
	drift    driftBook
	own      ownPorts
	confLeft string
	// zoneCommands counts the beginnings and ends of commands that add or remove zones.
	zoneCommands int
	// version is the version that named reports, empty while named does not answer. since is when
	// named was started, zero while that is not known.
	version string
	since   time.Time
	// queryRate is how many questions clients ask in a second, nil while it is not known.
	queryRate *float64
	// followed is when named was last seen to have got a zone from its primaries.
	followed time.Time
	// zones are the zones in views, counted lately.
	zones protocol.ZoneCounts
}

// New prepares the engine: folders, keys, ports. Nothing runs before Run.
func New(cfg Config) (*Engine, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, log: cfg.Log, layout: layout{dir: cfg.Dir}, metrics: newMetrics(),
		changed: make(chan struct{}, 1), attention: make(chan struct{}, 1), checkconf: checkconf.New(cfg.CheckConfPath),
		state: newDesiredState(), frozen: map[zoneKey]bool{}, doubted: map[zoneKey]bool{}, passing: func(string) {}, patience: rewriteStep, adoptPatience: adoptPatience,
	}
	e.drift, e.state.self = newDriftBook(), cfg.Agent
	e.state.inventory.waiting = 1
	e.state.frontier.note(&e.state.inventory)
	e.program = programID()
	e.queue = queue{ready: sync.NewCond(&e.mu), backgroundLimit: max(1, cfg.Workers/2)}
	if err := e.prepare(); err != nil {
		e.ports.release()
		return nil, err
	}
	if err := e.metrics.register(cfg.Registerer, e); err != nil {
		e.ports.release()
		return nil, fmt.Errorf("bind: register metrics: %w", err)
	}
	return e, nil
}

// prepare makes the folders, reads or makes the host's keys, and chooses the ports.
func (e *Engine) prepare() error {
	var err error
	if e.layout.owner, err = e.cfg.namedUser(); err != nil {
		return err
	}
	if e.cfg.Supervise {
		if e.capabilities, err = capabilitiesFor(e.cfg.Listen.Port()); err != nil {
			return fmt.Errorf("bind: named cannot listen on %s: %w", e.cfg.Listen, err)
		}
	}
	if err := e.layout.create(); err != nil {
		return err
	}
	if e.local, err = openLocal(e.layout); err != nil {
		return err
	}
	if err := e.settlePorts(); err != nil {
		return err
	}
	e.rndc = rndc.New(e.local.controlAddr(), e.local.ControlSecret)
	return e.local.save(e.layout)
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Run works until ctx ends. It returns after what was under way has ended and
// named, if it is a child, has stopped. It is called once.
func (e *Engine) Run(ctx context.Context) error {
	defer e.ports.release()
	g, ctx := errgroup.WithContext(ctx)
	d := &driver{engine: e}
	g.Go(func() error { return d.run(ctx) })
	g.Go(func() error { return e.sweep(ctx) })
	g.Go(func() error { return e.tellKept(ctx) })
	g.Go(func() error { return (&health{engine: e}).watch(ctx) })
	g.Go(func() error { return (&traffic{engine: e}).watch(ctx) })
	for range e.cfg.Workers {
		w := &worker{engine: e}
		g.Go(func() error { w.run(ctx); return nil })
	}
	g.Go(func() error {
		<-ctx.Done()
		e.mu.Lock()
		defer e.mu.Unlock()
		e.queue.close()
		return nil
	})
	g.Go(func() error { return e.storeNowAndThen(ctx) })
	err := g.Wait()
	e.rndc.Close()
	e.store()
	return err
}

// Reset replaces the desired state. A position counts as applied again only after
// every zone was compared with what named holds.
func (e *Engine) Reset(ctx context.Context, s Snapshot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.state.reset(s); err != nil {
		return fmt.Errorf("take snapshot at %d: %w", s.Position, err)
	}
	e.loaded, e.left, e.resumed = true, nil, ""
	e.queueDirty(false)
	e.wakeDriver()
	e.notify()
	return nil
}

// Change is what one append wrote in the dns context.
type Change struct {
	// Events are at least one.
	Events []domain.Recorded
	// End is the position of the append's last event, of whatever context.
	End domain.Position
}

// Take takes the next change of the dns context. It works in memory alone. An
// error means that the change does not fit the state, and that the caller must
// reset the engine with a snapshot.
func (e *Engine) Take(c Change) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.state.settings.version
	if err := e.state.apply(c); err != nil {
		return err
	}
	e.queueDirty(true)
	if e.state.settings.version != before {
		e.wakeDriver()
	}
	e.notify()
	return nil
}

// Changed receives a signal after Status may have changed; several changes may
// share a signal.
func (e *Engine) Changed() <-chan struct{} { return e.changed }

// Addr is where named answers.
func (e *Engine) Addr() netip.AddrPort { return e.listen }

func (e *Engine) dialAddr() string {
	return netip.AddrPortFrom(e.cfg.namedAddr(), e.listen.Port()).String()
}

// notify signals that Status may have changed.
func (e *Engine) notify() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// wakeDriver makes the driver look after named's process and configuration.
func (e *Engine) wakeDriver() {
	select {
	case e.attention <- struct{}{}:
	default:
	}
}

// queueDirty queues the zones that have become dirty; urgent ones go before all
// comparisons. The caller holds the lock.
func (e *Engine) queueDirty(urgent bool) {
	for _, z := range e.state.dirty {
		e.queue.put(z, urgent)
	}
	e.state.dirty = e.state.dirty[:0]
}

// viewKey is the TSIG key of a view.
func (e *Engine) viewKey(view int64) dnsclient.Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.local.viewKey(view)
}

// probeKey is the TSIG key of a view's clients that the engine plays.
func (e *Engine) probeKey(view int64) dnsclient.Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.local.probeKey(view)
}

// viewTitle is how a report names a view.
func viewTitle(s *desiredState, id int64) string {
	if v, ok := s.views[id]; ok {
		return v.Name
	}
	return strconv.FormatInt(id, 10)
}
