package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many readers of /metrics are served at once: anybody may be one.
const maxScrapes = 4

// Routes returns the routes by which the process is operated.
func (k *Kernel) Routes() []Route {
	plain := Plain()
	return plain.Routes(
		Route{Method: http.MethodGet, Path: "/healthz", Access: AccessPublic, Offline: true, Handle: showHealth},
		Route{Method: http.MethodGet, Path: "/readyz", Access: AccessPublic, Offline: true, Handle: k.showReady},
		Route{Method: http.MethodGet, Path: "/metrics", Access: AccessPublic, Offline: true, Handle: k.showMetrics},
	)
}

// statusBody is the reply of the health checks.
type statusBody struct {
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// showHealth says that the process answers.
func showHealth(c echo.Context) error { return WriteJSON(c, http.StatusOK, statusBody{Status: "ok"}) }

// showReady says whether a write would be served now.
func (k *Kernel) showReady(c echo.Context) error {
	if err := k.readiness.of(c.Request().Context(), k.Ready); err != nil {
		return WriteJSON(c, http.StatusServiceUnavailable, statusBody{Status: "unready", Error: err.Error()})
	}
	return WriteJSON(c, http.StatusOK, statusBody{Status: "ready"})
}

// readyFor is how long what was found about readiness holds.
const readyFor = 100 * time.Millisecond

// readiness is what was found last. Anybody may ask, but the database is asked once
// for all of them.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// of returns what look found lately, or finds now.
func (r *readiness) of(ctx context.Context, look func(context.Context) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < readyFor {
		return r.err
	}
	err := look(ctx)
	if ctx.Err() == nil { // else it says more about who asked
		r.at, r.err = time.Now(), err
	}
	return err
}

func (k *Kernel) showMetrics(c echo.Context) error {
	if k.Gatherer == nil {
		return echo.ErrNotFound
	}
	options := promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, DisableCompression: true}
	promhttp.HandlerFor(k.Gatherer, options).ServeHTTP(c.Response(), c.Request())
	return nil
}
