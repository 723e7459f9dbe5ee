package api

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"
)

// limitTime ends the work of a request whose client may have long gone.
func (k *Kernel) limitTime(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := k.RequestTimeout
		if r.Limit != nil {
			limit = r.Limit(c.Request())
		}
		if limit == 0 {
			return next(c)
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// keepPrivate keeps replies out of caches, and browsers from taking them for
// anything but what their type says.
func keepPrivate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
		return next(c)
	}
}

// panicError is a panic that became an error; its text is for the log alone.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// recoverPanic turns a panic of a handler into an error, so that it is answered
// and logged like any other.
func recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v) // net/http's own way to drop a connection
			default:
				err = &panicError{value: v, stack: debug.Stack()}
			}
		}()
		return next(c)
	}
}
