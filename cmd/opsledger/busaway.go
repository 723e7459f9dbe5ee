package main

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// lookAtBus is how often an agent's connection is looked at.
	lookAtBus = 500 * time.Millisecond
	// sayAwayLeast and sayAwayMost are the pauses between two lines that say why.
	sayAwayLeast, sayAwayMost = 5 * time.Second, 5 * time.Minute
)

// busAway says in the log why an agent has no connection to NATS.
//
// Invariant: while there is no connection there is a line that gives the reason, soon after
// it is known and then again and again, with growing pauses.
type busAway struct {
	nc   *nats.Conn
	dial *reasonedDialer
	log  *slog.Logger
}

// Run looks at the connection until ctx ends; then it returns nil.
func (b *busAway) Run(ctx context.Context) error {
	pause := backoff.Growing{Least: sayAwayLeast, Most: sayAwayMost}
	var since, next time.Time
	for backoff.Sleep(ctx, lookAtBus) {
		now := time.Now()
		if b.nc.IsConnected() {
			if !since.IsZero() {
				b.log.Info("NATS answers", "url", b.nc.ConnectedUrlRedacted(), "away_s", int(now.Sub(since).Seconds()))
			}
			since, next = time.Time{}, time.Time{}
			pause.Reset()
			continue
		}
		why := b.why()
		if why == nil || now.Before(next) {
			continue
		}
		if since.IsZero() {
			since = now
		}
		next = now.Add(pause.Next())
		line := b.log.With("error", why, "url", redact(strings.Join(b.nc.Servers(), ",")), "away_s", int(now.Sub(since).Seconds()))
		if hint := hintFor(why); hint != "" {
			line = line.With("hint", hint)
		}
		line.Warn("NATS does not answer, the agent keeps trying")
	}
	return nil
}

// why is the reason for which there is no connection; nil while none is known.
func (b *busAway) why() error {
	if err := b.dial.last.Load(); err != nil {
		return *err
	}
	return b.nc.LastError()
}

// hintFor says what to do about a reason.
func hintFor(err error) string {
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "--nats-ca names the file with the certificates that NATS is checked against"
	case errors.As(err, new(x509.HostnameError)):
		return "the URL of NATS must have a name that is in the certificate"
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return "the credentials may have been withdrawn: write them anew by opsledger agent enroll"
	}
	return ""
}

// reasonedDialer remembers why the last dialling failed: the client forgets it.
type reasonedDialer struct {
	inner nats.CustomDialer
	last  atomic.Pointer[error]
}

// around is an option: the connection dials as the options before it say, which may be to
// this machine alone, and d remembers.
func (d *reasonedDialer) around(o *nats.Options) error {
	d.inner = o.CustomDialer
	if d.inner == nil {
		d.inner = &net.Dialer{Timeout: nats.DefaultTimeout}
	}
	o.CustomDialer = d
	return nil
}

// Dial implements [nats.CustomDialer].
func (d *reasonedDialer) Dial(network, address string) (net.Conn, error) {
	conn, err := d.inner.Dial(network, address)
	if err != nil {
		d.last.Store(&err)
		return nil, err
	}
	d.last.Store(nil)
	return conn, nil
}
