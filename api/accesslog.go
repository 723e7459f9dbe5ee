package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

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

// accessLog answers errors, measures, and writes one line for every request: the one
// place where an error is logged.
func (k *Kernel) accessLog(m *metrics) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			took := time.Since(start)
			method, route := labels(c)
			m.answered(method, route, c.Response().Status, took)
			if errors.Is(err, identity.ErrLoginFailed) {
				m.failedLogins.Inc()
			}
			k.logRequest(c, method, route, took, err)
			return nil
		}
	}
}

func (k *Kernel) logRequest(c echo.Context, method, route string, took time.Duration, err error) {
	ctx, status := c.Request().Context(), c.Response().Status
	level := levelOf(status, route)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		level = slog.LevelInfo // the client left: a page asks anew with each letter of a filter
	}
	if !k.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("route", route), slog.Int("status", status),
		slog.Float64("took_ms", float64(took.Microseconds())/1000),
		slog.String("request_id", c.Response().Header().Get(echo.HeaderXRequestID)),
		slog.String("remote", k.ClientAddress(c.Request()).String()),
	}
	if caller, ok := c.Get(callerKey).(*identity.User); ok {
		attrs = append(attrs, slog.Int64("user", int64(caller.ID)))
		if id := caller.CredentialID(); id != 0 {
			attrs = append(attrs, slog.Int64("credential", int64(id)))
		}
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	k.Log.LogAttrs(ctx, level, "http request", attrs...)
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

// levelOf: what we did wrong is an error, everything else is information.
func levelOf(status int, route string) slog.Level {
	if status >= http.StatusInternalServerError && route != "/readyz" {
		return slog.LevelError
	}
	return slog.LevelInfo
}
