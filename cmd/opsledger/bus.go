package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/workers/busauth"
)

// bus is the NATS that the command line asked for, connected with full rights.
type bus struct {
	nc *nats.Conn
	js jetstream.JetStream
	// url is where agents connect.
	url   string
	close func()
}

// openBus connects to --nats-url or starts the embedded server, which asks
// authenticate about everybody but this process.
func openBus(cfg Config, dir string, authenticate embeddednats.Authenticate, log *slog.Logger) (*bus, error) {
	b := &bus{url: cfg.NATSURL, close: func() {}}
	options := connectionOptions(log)
	var err error
	if cfg.NATSURL != "" {
		b.nc, err = nats.Connect(cfg.NATSURL, options...)
	} else {
		var server *embeddednats.Server
		server, err = embeddednats.Start(embeddednats.Config{Listen: cfg.NATSListen, Dir: dir, Authenticate: authenticate, Isolate: busauth.Isolate, Log: log})
		if err != nil {
			return nil, err
		}
		b.url, b.close = server.URL(), server.Stop
		b.nc, err = server.Connect(options...)
	}
	if err != nil {
		b.close()
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	stopServer := b.close
	b.close = func() {
		b.nc.Close()
		stopServer()
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// connectionOptions never give up on NATS: it comes back, and so do we.
func connectionOptions(log *slog.Logger) []nats.Option {
	return append(handlers(log), nats.Name("opsledger"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond))
}

// handlers log what happens to a connection.
func handlers(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("NATS connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { log.Info("NATS connection back", "url", nc.ConnectedUrlRedacted()) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Error("NATS", "error", err) }),
	}
}
