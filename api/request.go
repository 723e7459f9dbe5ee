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
	// Status is that of the reply to a write that was carried out, 200 if it is 0.
	Status int
	// Action is what the request wants done, where a route does several things.
	Action string
	// Part is what the body calls the part of it that Params are, empty for the whole.
	Part string

	echo    echo.Context
	dialect *Dialect
	write   Write
	key     requestKey
	// dry: the write is decided and not carried out, see dryrun.go.
	dry bool
	// streamed: the body is read by [Write.Body]; the parameters are those of the query.
	streamed bool
	// sealed are the secrets that were made for the request, see [Request.Sealed].
	sealed []uuid.UUID
	// inspected are the parameters that were looked through for unknown ones.
	inspected *Params
}

// Context is that of the HTTP request.
func (w *Request) Context() context.Context { return w.echo.Request().Context() }

// PathText is what the path has for a parameter of the route.
func (w *Request) PathText(name string) string { return w.echo.Param(name) }

// HTTP is the HTTP request, whose body was read.
func (w *Request) HTTP() *http.Request { return w.echo.Request() }

// Header is the header of the reply.
func (w *Request) Header() http.Header { return w.echo.Response().Header() }

// parse reads what a write came with.
func (k *Kernel) parse(c echo.Context, route Route) (*Request, error) {
	w := &Request{echo: c, dialect: route.Dialect, write: *route.Write, streamed: route.Body.Streamed}
	w.dry = remarksOf(c).dry
	w.Caller, _ = c.Get(callerKey).(*identity.User)
	var err error
	if slices.Contains(c.ParamNames(), "id") {
		if w.ID, err = PathID(c, w.write.Kind); err != nil {
			return nil, err
		}
	}
	if w.IfMatch, err = readIfMatch(c.Request()); err != nil {
		return nil, err
	}
	if w.streamed {
		w.Params = ReadQuery(c.Request())
		w.key.actor = w.Caller.ID
		return w, nil
	}
	var canonical []byte
	if w.Params, canonical, err = readBody(c); err != nil {
		return nil, err
	}
	if w.dialect.InQuery {
		canonical = append(append([]byte(c.Request().URL.RawQuery), 0), canonical...)
	}
	if w.remarks().atOnce { // which makes another request of it
		canonical = append(append([]byte(headerRollout), 0), canonical...)
	}
	w.key, err = k.identify(c.Request(), w.Caller, canonical)
	return w, err
}

// choose finds the write that the request asks for, and takes out of the parameters
// what that write, or the choice, does not know.
func (w *Request) choose() (err error) {
	w.inspect()
	for err == nil && w.write.Choose != nil {
		w.write, err = w.write.Choose(w)
		w.inspect()
	}
	if refused := w.remarks().refused; err != nil && refused != nil {
		return refused
	}
	return err
}

func (w *Request) remarks() *remarks { return remarksOf(w.echo) }

// inspect looks through the parameters for what the write does not know, each of them
// once: what is chosen by some of them reads others of the same.
func (w *Request) inspect() {
	if w.streamed || w.inspected == w.Params || w.write.Choose != nil && w.write.Keys == nil {
		return
	}
	w.inspected = w.Params
	r := w.remarks()
	if err := r.inspect(w.Params, w.write.Keys, w.Part); r.refused == nil {
		r.refused = err
	}
}

// Inspect takes out of p what is not among the known names, and warns of it, or refuses
// it as the client wants. P is what the part of the body has, which the kernel has not seen.
func (w *Request) Inspect(p *Params, known Names, part string) error {
	return w.remarks().inspect(p, known, part)
}

// InspectAs is Inspect for a part that is a request to the route of a dialect, which
// may be stricter or less so than the one that the request came to. The error does not
// name the part.
func (w *Request) InspectAs(d *Dialect, p *Params, known Names, part string) error {
	r := w.remarks()
	if d.Strict || w.HTTP().Header.Get(headerStrict) == "true" {
		if unknown := p.without(known); len(unknown) > 0 {
			return unknownParameter(PrintableName(unknown[0]), "")
		}
		return nil
	}
	lenient := remarks{warnings: r.warnings}
	err := lenient.inspect(p, known, part)
	r.warnings = lenient.warnings
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
