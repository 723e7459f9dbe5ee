package embeddednats

import (
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
	// readyTimeout bounds how long the server may take to accept the first
	// connection once its streams are recovered.
	readyTimeout = 10 * time.Second
	// tlsTimeout bounds a handshake.
	tlsTimeout = 10 * time.Second
	// maxConnections bounds the connections of a process that may open any number of files.
	maxConnections = 20_000
	// authTimeout is how long a connection may take to say whose it is, in seconds.
	authTimeout = 2
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
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	inner, err := run(opts, cfg.Log)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return &Server{
		inner: inner, lock: lock, own: cfg.Own, listen: !opts.DontListen, dir: cfg.Dir, log: newLogSink(cfg.Log),
		operators: opts.TrustedOperators,
	}, nil
}

// options translates the configuration for the server library.
func options(cfg Config) (*server.Options, error) {
	opts := &server.Options{
		ServerName: "opsledger-embedded",
		JetStream:  true, StoreDir: cfg.Dir,
		JetStreamMaxMemory: maxMemoryStore,
		JetStreamLimits:    server.JSLimitOpts{DefaultMaxConsumers: maxConsumers},
		MaxPayload:         maxPayload,
		MaxConn:            connections(), AuthTimeout: authTimeout,
		NoSigs: true, DisableJetStreamBanner: true,
		DontListen: cfg.Listen == "",
	}
	if opts.DontListen {
		return opts, nil
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", cfg.Listen, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: port is not a number from 0 to 65535", cfg.Listen)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	opts.Host, opts.Port = host, int(number)
	if cfg.TLS != nil {
		opts.TLSConfig, opts.TLSTimeout = cfg.TLS, tlsTimeout.Seconds()
	}
	if number == 0 {
		opts.Port = server.RANDOM_PORT
		return opts, nil
	}
	return opts, probe(host, port)
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

// run starts the library's server and shuts it down again if it does not get ready.
func run(opts *server.Options, log *slog.Logger) (*server.Server, error) {
	inner, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	sink := newLogSink(log)
	inner.SetLoggerV2(sink, false, false, false)
	inner.Start()
	if err := sink.fatal(); err != nil {
		shutdown(inner)
		return nil, err
	}
	if !opts.DontListen && !inner.ReadyForConnections(readyTimeout) {
		shutdown(inner)
		return nil, fmt.Errorf("not ready after %s", readyTimeout)
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
	own := []nats.Option{nats.InProcessServer(s.inner)}
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
