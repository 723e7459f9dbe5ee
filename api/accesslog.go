package api

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/identity"
)

const maxRequestID = 64

// requestID gives every request an id: the client's X-Request-Id if it is of a
// harmless form, else a new one. The reply names it.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !harmlessID(id) {
			id = newRequestID()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

func newRequestID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return "unknown" // no randomness: the request fails where that matters
	}
	return id.String()
}

func harmlessID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// observeFunc records one answered request.
type observeFunc func(method, route string, status int, took time.Duration)

// observer registers the HTTP metrics. A nil registerer drops them.
func observer(registerer prometheus.Registerer) (observeFunc, error) {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "opsledger_http_request_duration_seconds",
		Help:    "Time to answer a request, by route pattern and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"method", "route", "status"})
	if registerer != nil {
		if err := registerer.Register(seconds); err != nil {
			return nil, err
		}
	}
	return func(method, route string, status int, took time.Duration) {
		seconds.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
	}, nil
}

// accessLog answers errors, measures, and writes one line per request: the one
// place where an error is logged.
func accessLog(log *slog.Logger, observe observeFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			took := time.Since(start)
			status := c.Response().Status
			method, route := labels(c)
			observe(method, route, status, took)
			level := levelOf(status, route, err)
			if !log.Enabled(c.Request().Context(), level) {
				return nil
			}
			attrs := []slog.Attr{
				slog.String("method", method), slog.String("route", route), slog.Int("status", status),
				slog.Duration("took", took), slog.String("request_id", c.Response().Header().Get(echo.HeaderXRequestID)),
				slog.String("remote", c.Request().RemoteAddr),
			}
			if caller, ok := c.Get(callerKey).(*identity.User); ok {
				attrs = append(attrs, slog.Int64("user", int64(caller.ID)))
			}
			if err != nil {
				attrs = append(attrs, slog.String("error", err.Error()))
			}
			log.LogAttrs(c.Request().Context(), level, "http request", attrs...)
			return nil
		}
	}
}

// labels are the request's method and route pattern; neither can be made up by
// a client, who could fill the metrics otherwise.
func labels(c echo.Context) (method, route string) {
	method = c.Request().Method
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions, http.MethodPatch:
	default:
		method = "other"
	}
	if route = c.Path(); route == "" {
		route = "unknown"
	}
	return method, route
}

// levelOf: what we did wrong is an error, writes and what clients did wrong are
// information, successful reads are noise.
func levelOf(status int, route string, err error) slog.Level {
	switch {
	case status >= http.StatusInternalServerError && route != "/readyz":
		return slog.LevelError
	case err != nil:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}
