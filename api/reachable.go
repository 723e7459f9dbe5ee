package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/eventstore"
)

// withoutDatabase are the routes that say something while the database is away.
var withoutDatabase = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/v1/openapi.yaml": true}

// reaching answers at once while the database does not, and ends the reads that
// wait when it stops answering. A write that is under way goes on: the store finds
// out what became of it.
func (s *server) reaching(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	if withoutDatabase[r.Path] {
		return next
	}
	return func(c echo.Context) error {
		reachable := s.Store.Reachable()
		if reachable.Err() != nil {
			return eventstore.ErrUnavailable
		}
		if r.Method == http.MethodGet {
			ctx, cancel := context.WithCancel(c.Request().Context())
			defer cancel()
			defer context.AfterFunc(reachable, cancel)()
			c.SetRequest(c.Request().WithContext(ctx))
		}
		err := next(c)
		ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
		if ended && reachable.Err() != nil && !errors.Is(err, eventstore.ErrUnknownOutcome) {
			return eventstore.ErrUnavailable
		}
		return err
	}
}
