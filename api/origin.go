package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

// doorKey is where the door of a request's route stands in its context.
const doorKey = "door"

// enter notes by which door requests come.
func enter(door domain.Door, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(doorKey, door)
		return next(c)
	}
}

// origin is a request to the store with what is known about where it comes from. Whatever
// a request of HTTP appends begins with it.
func origin(c echo.Context, actor domain.UserID) eventstore.Request {
	door, _ := c.Get(doorKey).(domain.Door)
	request := eventstore.Request{Actor: actor, Door: door, Correlation: correlation(c)}
	if caller, known := c.Get(callerKey).(*identity.User); known {
		request.Credential = caller.CredentialID()
	}
	return request
}
