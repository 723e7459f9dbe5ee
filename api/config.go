package api

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
)

// DefaultRequestTimeout bounds the work of one request.
const DefaultRequestTimeout = 30 * time.Second

// Config is what the kernel stands on, and what its dialects share.
type Config struct {
	// Store takes the commands; its Run must be running for writes to be served.
	Store *eventstore.Store
	// Access, DNS and Oplogs answer the reads, Progress says how far they have come.
	Access   *accessmodel.Reader
	DNS      *dnsmodel.Reader
	Oplogs   *oplog.Reader
	Progress *projections.Progress
	// Identity knows who sends a request.
	Identity *identity.Service
	// Vault keeps the secrets of the BIND configuration, and the key of fingerprints.
	Vault *vault.Vault
	// RequestTimeout bounds the work of one request; zero is [DefaultRequestTimeout],
	// for which the limits of [NewHTTPServer] are made.
	RequestTimeout time.Duration
	// Ready says why a write would not be served now, nil when it would. The
	// text is shown to whoever asks /readyz. Nil means always ready.
	Ready func(ctx context.Context) error
	// Location is the zone of the times in the replies that have none; nil is UTC.
	Location *time.Location
	// TrustedProxies are the networks whose X-Forwarded-For is believed when
	// logins are throttled by address.
	TrustedProxies []netip.Prefix
	// RequireTLS refuses programs whose token came unencrypted from another machine.
	RequireTLS bool
	// Log takes the access log; nil is [slog.Default].
	Log *slog.Logger
	// Registerer takes the HTTP metrics, nil drops them; Gatherer fills
	// /metrics, without it that route is 404.
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
}

func (c *Config) complete() error {
	if c.Store == nil || c.Access == nil || c.DNS == nil || c.Oplogs == nil || c.Progress == nil || c.Identity == nil || c.Vault == nil {
		return errors.New("api: Store, Access, DNS, Oplogs, Progress, Identity and Vault are needed")
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	return nil
}
