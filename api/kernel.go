package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
)

// How many requests wait at once for what is yet to come, of all users and of one. Each
// holds a connection and a goroutine.
const maxWaiting, maxWaitingOfUser = 1024, 128

// Kernel carries the requests of all routes through.
type Kernel struct {
	Config
	// fingerprintKey keys the fingerprints of idempotent requests: a plain
	// digest of a body with a password would let it be guessed offline.
	fingerprintKey []byte
	bodies         bodiesInWork
	readiness      readiness
	// Waiting has a place for each request that waits, for a position or for name servers.
	Waiting *Places
	// past has a place for each list of the past, whose rows are counted one by one.
	past *Places
}

// New returns a kernel. It reads, or on the first start creates, its key in the
// vault. It starts nothing and needs no closing.
func New(ctx context.Context, cfg Config) (*Kernel, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	fingerprintKey, err := cfg.Vault.Named(ctx, "idempotency", identity.RandomKey)
	if err != nil {
		return nil, fmt.Errorf("key of request fingerprints: %w", err)
	}
	return &Kernel{
		Config: cfg, fingerprintKey: fingerprintKey,
		Waiting: NewPlaces(PlaceLimits{What: "requests that wait", Most: maxWaiting, Each: maxWaitingOfUser}),
		past:    NewPlaces(PlaceLimits{What: "lists of the past", Most: 8, Each: 2, Line: 16}),
	}, nil
}

// Handler returns the handler of the routes.
func (k *Kernel) Handler(routes []Route) (http.Handler, error) {
	m, err := newMetrics(k.Registerer)
	if err != nil {
		return nil, err
	}
	k.bodies = newBodiesInWork()
	e := echo.New()
	e.HTTPErrorHandler = k.answerError(spoken(routes))
	e.Use(lingering, requestID, k.accessLog(m), recoverPanic, keepPrivate, onlyWholePaths)
	for _, r := range routes {
		handle := limitBody(r, k.limitTime(r, k.reaching(r, k.guard(r))))
		if r.Method == http.MethodGet {
			handle = compress(handle)
			e.Add(http.MethodHead, r.Path, handle)
		}
		e.Add(r.Method, r.Path, handle)
	}
	return e, nil
}
