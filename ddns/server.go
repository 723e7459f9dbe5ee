package ddns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/allowance"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

const (
	// mostInWork bounds the messages in work, of all senders.
	mostInWork = 256
	// mostUnsigned bounds those without a signature among them, or with that of a key that is to be
	// looked up: anybody may send one, from whatever address, and each costs some questions to the
	// database.
	mostUnsigned = 16
	// mostTransfers bounds the transfers under way: each holds a read transaction, and so one of the
	// pool's connections, while the other side reads.
	mostTransfers = 8
	// requestTimeout is how long one message may take, but for a transfer.
	requestTimeout = 30 * time.Second
	// drainTimeout is how long messages in work may go on once the server is to end.
	drainTimeout = 10 * time.Second
)

// What one network may ask without a signature, and one user by all signed messages.
var (
	strangersMay = allowance.Limits{PerSecond: 100, Burst: 300}
	usersMay     = allowance.Limits{PerSecond: 10_000, Burst: 20_000, InWork: 64}
)

// Config is what a Server needs.
type Config struct {
	Store    *eventstore.Store
	Reader   *dnsmodel.Reader
	Identity *identity.Service
	Progress *projections.Progress
	// Pool is where it is kept who is to be notified.
	Pool *pgxpool.Pool
	// NotifyPort is the port that secondaries listen on, 53 if it is 0.
	NotifyPort uint16
	// Log gets a line for each signed message; nil discards.
	Log        *slog.Logger
	Registerer prometheus.Registerer
	// Now is the time by which signatures are judged; nil is [time.Now].
	Now func() time.Time
}

// Server answers DNS messages.
//
// Invariants:
//  1. No more than mostInWork messages are in work, mostUnsigned of them without a signature, and of
//     one user no more than theirs; what comes by UDP beyond that is dropped, what comes by TCP waits
//     to be read, or is refused.
//  2. An answer to a message that can be read and was signed well is signed by the same key, over the
//     message's MAC; one to a message that cannot be read, or whose key or MAC is bad or could not be
//     looked at, is not signed.
//  3. What a message asks for is not looked at before its signature was found good.
type Server struct {
	cfg       Config
	metrics   *metrics
	views     *views
	known     known
	work      chan struct{}
	unsigned  chan struct{}
	transfers chan struct{}
	strangers *allowance.Allowances
	users     *allowance.Allowances
	copying   *allowance.Allowances
	notifier  *notifier
}

// New returns a server for one Run.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NotifyPort == 0 {
		cfg.NotifyPort = 53
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, err
	}
	return &Server{
		cfg: cfg, metrics: m, views: &views{reader: cfg.Reader},
		work: make(chan struct{}, mostInWork), unsigned: make(chan struct{}, mostUnsigned), transfers: make(chan struct{}, mostTransfers),
		strangers: allowance.New(strangersMay, "questions without a signature", cfg.Log),
		users:     allowance.New(usersMay, "signed DNS messages", cfg.Log),
		copying:   allowance.New(transfersMay, "transfers", cfg.Log),
		notifier:  newNotifier(&cfg),
	}, nil
}

// Sockets are where a server listens: one address, by UDP and TCP.
type Sockets struct {
	UDP *net.UDPConn
	TCP net.Listener
}

// Listen takes the address; port 0 takes one that is free for both.
func Listen(ctx context.Context, address string) (*Sockets, error) {
	const tries = 10 // for a port that is free for TCP alone
	for try := 1; ; try++ {
		tcp, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		udp, err := new(net.ListenConfig).ListenPacket(ctx, "udp", tcp.Addr().String())
		if err == nil {
			return &Sockets{UDP: udp.(*net.UDPConn), TCP: tcp}, nil
		}
		_ = tcp.Close()
		if _, port, split := net.SplitHostPort(address); split != nil || port != "0" || try == tries {
			return nil, err
		}
	}
}

// Close frees the address; it may be called again.
func (l *Sockets) Close() error {
	err := errors.Join(l.UDP.Close(), l.TCP.Close())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Addr is host:port.
func (l *Sockets) Addr() net.Addr { return l.TCP.Addr() }

// Run answers messages until ctx ends, then lets those in work finish for up to 10 s. It closes the
// sockets.
func (s *Server) Run(ctx context.Context, l *Sockets) error {
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	run := &running{Server: s, ctx: ctx, working: working, sockets: l, open: map[*conn]struct{}{}, networks: map[string]int{}}
	failed := make(chan error, 3)
	var loops sync.WaitGroup
	for _, loop := range []func() error{run.receive, run.accept, func() error { return s.notifier.run(ctx, l.UDP) }} {
		loops.Go(func() { failed <- loop() })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopReading := run.close()
	drained := make(chan struct{})
	go func() {
		run.messages.Wait()
		close(drained)
	}()
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
	}
	cut()
	stopReading()
	<-drained
	loops.Wait()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve DNS: %w", err)
	}
	return nil
}
