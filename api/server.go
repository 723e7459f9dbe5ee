package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Time limits of the HTTP server.
const (
	// MaxWait is how long a request that waits on purpose may wait beyond that.
	MaxWait           = 60 * time.Second
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = DefaultRequestTimeout + MaxWait + 10*time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 16 << 10
	// maxStreams is how many requests one connection may have under way (HTTP/2).
	maxStreams = 64
	// DrainTimeout is how long [Serve] lets requests in flight finish.
	DrainTimeout = 10 * time.Second
)

// NewHTTPServer returns a server for the handler of [Kernel.Handler], with limits
// on what a slow or greedy client can hold.
func NewHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ConnContext:       keepConn,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Serve answers requests on the listener until ctx ends, then lets those in
// flight finish for up to 10 s. It closes the listener. With a configuration of TLS
// it serves HTTPS alone; without one, nil, it serves plain HTTP.
func Serve(ctx context.Context, listener net.Listener, secure *tls.Config, handler http.Handler, log *slog.Logger) error {
	srv := NewHTTPServer(handler, log)
	srv.TLSConfig = secure
	srv.BaseContext = announceDraining(ctx)
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drain, end := context.WithTimeout(context.WithoutCancel(ctx), DrainTimeout)
		defer end()
		stopped <- srv.Shutdown(drain)
	}()
	err := serve(srv, listener)
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

func serve(srv *http.Server, listener net.Listener) error {
	if srv.TLSConfig == nil {
		return srv.Serve(listener)
	}
	return srv.ServeTLS(listener, "", "") // the configuration has the certificate
}
