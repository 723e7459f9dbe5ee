package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/eventstore"
)

// patientKey is where [patient] finds a request's context.
const patientKey = "patient"

// reaching answers at once while the database does not, and ends whatever waits
// for it when it stops answering: reads, and those on which a write is prepared,
// the caller's rights among them.
func (k *Kernel) reaching(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	if r.Offline {
		return next
	}
	return func(c echo.Context) error {
		reachable := k.Store.Reachable()
		if reachable.Err() != nil {
			return eventstore.ErrUnavailable
		}
		c.Set(patientKey, c.Request().Context())
		ctx, cancel := context.WithCancel(c.Request().Context())
		defer cancel()
		defer context.AfterFunc(reachable, cancel)()
		c.SetRequest(c.Request().WithContext(ctx))
		return told(next(c), reachable)
	}
}

// told returns the error of a request as its client is told of it: whatever ended
// with the database, or waited for it in vain, says so, but for an append of which
// nobody knows what became.
func told(err error, reachable context.Context) error {
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if ended && reachable.Err() != nil && !errors.Is(err, eventstore.ErrUnknownOutcome) {
		return eventstore.ErrUnavailable
	}
	return err
}

// patient returns the context of an append: it goes on when the database stops
// answering, for the store finds out what became of it.
func patient(c echo.Context) context.Context { return c.Get(patientKey).(context.Context) }
