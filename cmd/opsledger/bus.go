package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/freeport"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// bus is the NATS that the command line asked for, connected with full rights.
type bus struct {
	nc *nats.Conn
	js jetstream.JetStream
	// url is where agents connect.
	url string
	// push brings a new statement about an account to the NATS servers.
	push busauth.Push
	// embedded is the server of this process, nil for one elsewhere.
	embedded *embeddednats.Server
	close    func()
}

// busPlace is where the embedded server keeps its streams, and the claim on its port; nil
// where none was made.
type busPlace struct {
	dir   string
	claim *freeport.Claim
}

// openBus connects to --nats-url, or starts the embedded server, which trusts the
// accounts of the authority.
func openBus(ctx context.Context, cfg Config, at busPlace, authority *busauth.Authority, log *slog.Logger) (*bus, error) {
	if cfg.NATSURL != "" {
		return connectBus(cfg, authority, log)
	}
	if err := checkOwner(at.dir, authority); err != nil {
		return nil, err
	}
	trust, err := authority.Trust(ctx)
	if err != nil {
		return nil, err
	}
	server, err := embeddednats.Start(embeddednats.Config{
		Listen: cfg.NATSListen, Claim: at.claim, Dir: at.dir, TLS: authority.Signer().BusTLS(), Trust: trust, Own: authority.AsControl(), Log: log,
	})
	if err != nil {
		return nil, err
	}
	nc, err := server.Connect(connectionOptions(log)...)
	if err != nil {
		server.Stop()
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	b, err := newBus(nc, server.URL(), server.UpdateAccount, server.Stop)
	if err != nil {
		return nil, err
	}
	b.embedded = server
	return b, nil
}

// checkOwner refuses a folder of streams that were made under other keys, which
// are the keys of another log's vault. Such streams lie in an account that this
// process cannot see: without the check, the loss of the database would go
// unnoticed.
func checkOwner(dir string, authority *busauth.Authority) error {
	accounts, err := embeddednats.Accounts(dir)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if account != authority.ControlAccount() {
			return fmt.Errorf("%w: the streams in %s belong to another database; bring that one back, or remove the folder to begin anew", eventstore.ErrForeignStream, dir)
		}
	}
	return nil
}

// connectBus connects to a NATS that is configured as `opsledger nats-config`
// prints. Where the URL names a user, that NATS has users of its own and decides
// by itself which agents it trusts.
func connectBus(cfg Config, authority *busauth.Authority, log *slog.Logger) (*bus, error) {
	servers := cfg.NATSURL
	options := connectionOptions(log)
	if cfg.NATSTLS.CA == "" { // the embedded bus of another process that shares the vault is an outside one, too
		options = append(options, authority.PinnedBus())
	}
	options = append(options, cfg.NATSTLS.options()...)
	var push busauth.Push
	closePush := func() {}
	if !namesUser(servers) {
		var err error
		if push, closePush, err = authority.PushTo(servers, slices.Clone(options)...); err != nil {
			return nil, err
		}
		options = append(options, authority.AsControl())
	}
	nc, err := nats.Connect(servers, options...)
	if err != nil {
		closePush()
		if errors.Is(err, nats.ErrAuthorization) {
			err = fmt.Errorf("%w: does it run with what `opsledger nats-config` prints for this database?", err)
		}
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	if warning := inClear(nc); warning != "" {
		log.Warn(warning)
	}
	return newBus(nc, servers, push, closePush)
}

// credentialsOf are the credentials of an enrolled agent. An outside NATS has a
// certificate of its own, which is verified as usual.
func credentialsOf(
	ctx context.Context, auth *busauth.Authority, who busauth.Identity, url string, outside bool,
) (busauth.Credentials, error) {
	credentials, err := auth.Credentials(ctx, who, url)
	if outside {
		credentials.Pins = nil
	}
	return credentials, err
}

// namesUser says whether a list of server URLs carries a user name.
func namesUser(list string) bool {
	for _, one := range strings.Split(list, ",") {
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil && u.User != nil {
			return true
		}
	}
	return false
}

// newBus takes the connection over. It calls closeLast after the connection was
// closed.
func newBus(nc *nats.Conn, servers string, push busauth.Push, closeLast func()) (*bus, error) {
	b := &bus{nc: nc, url: servers, push: push, close: func() { nc.Close(); closeLast() }}
	var err error
	if b.js, err = jetstream.New(nc); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// connectionOptions make the client reconnect for ever: NATS may be away for any
// time and come back.
func connectionOptions(log *slog.Logger) []nats.Option {
	return append(handlers(log), nats.Name("opsledger"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		// A node that stands still keeps its connections: another one is taken after 15 s.
		nats.PingInterval(5*time.Second), nats.MaxPingsOutstanding(2))
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
