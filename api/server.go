package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
)

// Time limits of the HTTP server.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = DefaultRequestTimeout + maxChangeWait + 10*time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 64 << 10
	// drainTimeout is how long [Serve] lets requests in flight finish.
	drainTimeout = 10 * time.Second
)

// server holds what handlers share.
type server struct {
	Config
	// fingerprintKey keys the fingerprints of idempotent requests: a plain
	// digest of a body with a password would let it be guessed offline.
	fingerprintKey []byte
	// batches has a place for each batch in work.
	batches chan struct{}
	// followers has a place for each stream of output that is open.
	followers chan struct{}
}

// New returns the handler of all routes. It reads, or on the first start
// creates, its key in the vault. It starts nothing and needs no closing.
func New(cfg Config) (http.Handler, error) {
	ctx, cancel := context.WithTimeout(context.Background(), DefaultRequestTimeout)
	defer cancel()
	s, err := newServer(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func (s *server) handler() (http.Handler, error) {
	observe, err := observer(s.Registerer)
	if err != nil {
		return nil, fmt.Errorf("http metrics: %w", err)
	}
	e := echo.New()
	e.HTTPErrorHandler = s.answerError
	e.Use(requestID, accessLog(s.Log, observe), recoverPanic, keepPrivate, limitBody, s.limitTime)
	for _, r := range Routes() {
		e.Add(r.Method, r.Path, s.reaching(r, s.guard(r)))
	}
	return e, nil
}

func newServer(ctx context.Context, cfg Config) (*server, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	fingerprintKey, err := cfg.Vault.Named(ctx, "idempotency", identity.RandomKey)
	if err != nil {
		return nil, fmt.Errorf("key of request fingerprints: %w", err)
	}
	return &server{
		Config: cfg, fingerprintKey: fingerprintKey,
		batches: make(chan struct{}, maxBatches), followers: make(chan struct{}, maxFollowers),
	}, nil
}

// NewHTTPServer returns a server for the handler of [New], with limits on what a
// slow or greedy client can hold.
func NewHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Serve answers requests on the listener until ctx ends, then lets those in
// flight finish for up to 10 s. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	srv := NewHTTPServer(handler, log)
	srv.BaseContext = announceDraining(ctx)
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drain, end := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer end()
		stopped <- srv.Shutdown(drain)
	}()
	err := srv.Serve(listener)
	cancel()
	drained := <-stopped
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	if drained != nil {
		return errors.Join(fmt.Errorf("drain http: %w", drained), srv.Close())
	}
	return nil
}
