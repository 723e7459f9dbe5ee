package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/identity"
)

// Request is one write on its way to the log, with the parameters of its body.
type Request struct {
	*Params
	// ID is that of the resource that the path names, if it names one.
	ID int64
	// Caller sent the request; nil where the route is public.
	Caller *identity.User
	// IfMatch is the version that the client has seen, nil without one.
	IfMatch *domain.Position
	// Action is what the request wants done, where a route does several things.
	Action string

	echo    echo.Context
	dialect *Dialect
	write   Write
	key     requestKey
}

// Context is that of the HTTP request.
func (w *Request) Context() context.Context { return w.echo.Request().Context() }

// HTTP is the HTTP request, whose body was read.
func (w *Request) HTTP() *http.Request { return w.echo.Request() }

// Header is the header of the reply.
func (w *Request) Header() http.Header { return w.echo.Response().Header() }

// parse reads what a write came with.
func (k *Kernel) parse(c echo.Context, route Route) (*Request, error) {
	w := &Request{echo: c, dialect: route.Dialect, write: *route.Write}
	w.Caller, _ = c.Get(callerKey).(*identity.User)
	var err error
	if slices.Contains(c.ParamNames(), "id") {
		if w.ID, err = PathID(c, w.write.Kind); err != nil {
			return nil, err
		}
	}
	var canonical []byte
	if w.Params, canonical, err = ReadBody(c); err != nil {
		return nil, err
	}
	if w.IfMatch, err = readIfMatch(c.Request()); err != nil {
		return nil, err
	}
	if w.dialect.InQuery {
		canonical = append(append([]byte(c.Request().URL.RawQuery), 0), canonical...)
	}
	w.key, err = k.identify(c.Request(), w.Caller, canonical)
	return w, err
}

// choose finds the write that the request asks for.
func (w *Request) choose() (err error) {
	for err == nil && w.write.Choose != nil {
		w.write, err = w.write.Choose(w)
	}
	return err
}

// correlation ties what follows from a request together in the log: the request id
// where that is a UUID, else a new one.
func correlation(c echo.Context) uuid.UUID {
	if id, err := uuid.Parse(c.Response().Header().Get(echo.HeaderXRequestID)); err == nil {
		return id
	}
	return uuid.New()
}
