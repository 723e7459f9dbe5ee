package embeddednats

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/folderlock"
	"github.com/opsledger/opsledger/internal/freeport"
)

const (
	// maxPayload bounds one message. An event is at most 512 KiB of JSON data;
	// its envelope and the answers of services need some more.
	maxPayload = 2 << 20
	// maxMemoryStore bounds streams and consumers that are kept in memory; the
	// log is not one of them.
	maxMemoryStore = 256 << 20
	// maxConsumers bounds the consumers of one stream: each agent has its own.
	maxConsumers = 20_000
	// tlsTimeout bounds a handshake.
	tlsTimeout = 10 * time.Second
	// maxConnections bounds the connections of a process that may open any number of files.
	maxConnections = 20_000
	// authTimeout is how long a connection may take to say whose it is, in seconds, of which a
	// busy machine needs some. While places are scarce strangers gain nothing by it, see
	// [Server.TurnAway].
	authTimeout = 5
	// ownTimeout is how long the process waits for its own server, which only a busy machine
	// can hold up.
	ownTimeout = 30 * time.Second
)

// Config says how to run the server.
type Config struct {
	// Listen is the host:port for clients outside of this process. Port 0 takes
	// any free one, an empty host means loopback, an empty string no listener.
	Listen string
	// Dir holds the streams; it is created with mode 0700.
	Dir string
	// TLS is what the listener asks of clients outside of this process; nil lets them speak
	// in clear.
	TLS *tls.Config
	// Trust says who may connect; nil lets everybody in who reaches the listener.
	Trust *Trust
	// Claim is that of [Claim] on Listen; nil makes Start claim it.
	Claim *freeport.Claim
	// Connections bounds the connections of clients outside of this process; 0 means half of
	// the files that it may open.
	Connections int
	// authTimeout is that of the constant when zero; tests are slower.
	authTimeout float64
	// Own is how the process itself connects where there is a Trust.
	Own nats.Option
	// Log takes the server's own messages; nil discards them.
	Log *slog.Logger
}

// Server is a running NATS server.
type Server struct {
	inner  *server.Server
	lock   *folderlock.Lock
	own    nats.Option
	listen bool
	dir    string
	log    *logSink
	// connections is how many clients may be connected, closed says that they must say
	// whose they are.
	connections int
	closed      bool
	// unwell is what Keep has found.
	unwell atomic.Pointer[error]
	// operators are those whose word about accounts is trusted.
	operators []*jwt.OperatorClaims
}

// Start runs a server until Stop. When it returns, clients can connect and the
// streams of an earlier run are there. A port in use, a directory in use and an
// unusable directory are errors.
func Start(cfg Config) (*Server, error) {
	s, err := start(cfg)
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	return s, nil
}

func start(cfg Config) (*Server, error) {
	if cfg.Dir == "" {
		return nil, errors.New("no data directory given")
	}
	opts, err := options(cfg)
	if err != nil {
		return nil, err
	}
	if err := cfg.Trust.configure(opts); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if cfg.Claim == nil {
		if cfg.Claim, err = Claim(cfg.Listen); err != nil {
			return nil, err
		}
		defer cfg.Claim.Release()
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	inner, err := run(opts, cfg)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return &Server{
		inner: inner, lock: lock, own: cfg.Own, listen: cfg.Listen != "", dir: cfg.Dir, log: newLogSink(cfg.Log),
		connections: opts.MaxConn, closed: cfg.Trust != nil, operators: opts.TrustedOperators,
	}, nil
}

// Claim keeps the address of a Config's Listen for a server to come, so that a port in use
// is known before the streams are opened, which may take seconds. It is nil for no listener.
func Claim(listen string) (*freeport.Claim, error) {
	if listen == "" {
		return nil, nil
	}
	host, port, err := address(listen)
	if err != nil {
		return nil, err
	}
	return freeport.Take(net.JoinHostPort(host, strconv.Itoa(port)), "tcp")
}

// address reads a listen address.
func address(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: %w", listen, err)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: port is not a number from 0 to 65535", listen)
	}
	return cmp.Or(host, "127.0.0.1"), int(number), nil
}

// options translates the configuration for the server library.
func options(cfg Config) (*server.Options, error) {
	opts := &server.Options{
		ServerName: "opsledger-embedded",
		JetStream:  true, StoreDir: cfg.Dir,
		JetStreamMaxMemory: maxMemoryStore,
		JetStreamLimits:    server.JSLimitOpts{DefaultMaxConsumers: maxConsumers},
		MaxPayload:         maxPayload,
		MaxConn:            cmp.Or(cfg.Connections, connections()), AuthTimeout: cmp.Or(cfg.authTimeout, authTimeout),
		NoSigs: true, DisableJetStreamBanner: true,
		DontListen: true, // before the streams are open
	}
	if cfg.Listen == "" {
		return opts, nil
	}
	var err error
	if opts.Host, opts.Port, err = address(cfg.Listen); err != nil {
		return nil, err
	}
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	if cfg.TLS != nil {
		opts.TLSConfig, opts.TLSTimeout = cfg.TLS, tlsTimeout.Seconds()
	}
	return opts, nil
}

// connections leaves half of the files that the process may open to the streams and
// to others.
func connections() int {
	var files syscall.Rlimit
	// Go has raised the limit as far as it may.
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur/2 < maxConnections {
		return max(int(files.Cur/2), 64)
	}
	return maxConnections
}

// run starts the library's server, opens its streams and then its listener, and shuts it
// down again if it does not get ready.
func run(opts *server.Options, cfg Config) (*server.Server, error) {
	inner, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	sink := newLogSink(cfg.Log)
	inner.SetLoggerV2(sink, false, false, false)
	inner.Start()
	err = sink.fatal()
	if err == nil && cfg.Listen != "" {
		if err = cfg.Claim.HandOver(); err == nil {
			inner.AcceptLoop(make(chan struct{})) // listens when it returns
			err = sink.fatal()
		}
	}
	if err != nil {
		shutdown(inner)
		return nil, err
	}
	return inner, nil
}

func shutdown(inner *server.Server) {
	inner.Shutdown()
	inner.WaitForShutdown()
}

// Connect returns a connection over memory, with full rights in the account that
// Own leads to. It survives nothing: it closes with the server. The caller closes it.
func (s *Server) Connect(opts ...nats.Option) (*nats.Conn, error) {
	own := []nats.Option{nats.InProcessServer(s.inner), nats.Timeout(ownTimeout)}
	if s.own != nil {
		own = append(own, s.own)
	}
	nc, err := nats.Connect("", append(own, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to embedded NATS: %w", err)
	}
	return nc, nil
}

// URL is where clients outside of this process connect, empty without a listener.
func (s *Server) URL() string {
	if !s.listen {
		return ""
	}
	return s.inner.ClientURL()
}

// Stop closes all connections and the streams and returns when that is done.
// It may be called more than once.
func (s *Server) Stop() {
	shutdown(s.inner)
	// The lock falls with the process too; nothing depends on this succeeding.
	_ = s.lock.Release()
}
