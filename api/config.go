package api

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/opsmodel"
)

// DefaultRequestTimeout bounds the work of one request.
const DefaultRequestTimeout = 30 * time.Second

// DefaultAttemptWithin is how long a task waits for its host to begin.
const DefaultAttemptWithin = 24 * time.Hour

// Config is what the API stands on.
type Config struct {
	// Store takes the commands; its Run must be running for writes to be served.
	Store *eventstore.Store
	// Reader answers the reads, Progress says how far it has come.
	Reader   *projections.Reader
	Progress *projections.Progress
	// Identity knows who sends a request.
	Identity *identity.Service
	// Vault keeps the secrets of the BIND configuration, and the key of fingerprints.
	Vault *vault.Vault
	// Ops answers the reads of the operations dialect.
	Ops *opsmodel.Reader
	// Presence says which hosts live; without it they are offline.
	Presence Presence
	// Agents answers /v1/agents, Output /v1/tasks/{id}/log; without them these are 503.
	Agents Agents
	Output Output
	// RequestTimeout bounds the work of one request; zero is [DefaultRequestTimeout],
	// for which the limits of [NewHTTPServer] are made. /v1/changes adds its wait.
	RequestTimeout time.Duration
	// AttemptWithin is how long a task waits for its host until it expires; zero is
	// [DefaultAttemptWithin].
	AttemptWithin time.Duration
	// Changes answers /v1/changes; without it that route is 503.
	Changes Changes
	// CheckConf asks a name server whether it would take a BIND main
	// configuration, secrets in clear. It returns a [domain.Error] with named's
	// message when it would not; any other error means that nobody could be
	// asked, and is answered with 503. Nil means that nobody can be asked.
	CheckConf func(ctx context.Context, conf *dns.BindConf) error
	// Ready says why a write would not be served now, nil when it would. The
	// text is shown to whoever asks /readyz. Nil means always ready.
	Ready func(ctx context.Context) error
	// Location is the zone of the times in the DNS dialect's replies; nil is UTC.
	Location *time.Location
	// TrustedProxies are the networks whose X-Forwarded-For is believed when
	// logins are throttled by address.
	TrustedProxies []netip.Prefix
	// AllowRegister opens /auth/register_local.
	AllowRegister bool
	// Log takes the access log; nil is [slog.Default].
	Log *slog.Logger
	// Registerer takes the HTTP metrics, nil drops them; Gatherer fills
	// /metrics, without it that route is 404.
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
}

func (c *Config) complete() error {
	if c.Store == nil || c.Reader == nil || c.Ops == nil || c.Progress == nil || c.Identity == nil || c.Vault == nil {
		return errors.New("api: Store, Reader, Ops, Progress, Identity and Vault are needed")
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.AttemptWithin == 0 {
		c.AttemptWithin = DefaultAttemptWithin
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
