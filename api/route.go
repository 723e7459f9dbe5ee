package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
)

// Route is one entry of the route table.
type Route struct {
	Method string
	// Path is an echo pattern: ":id" stands for one segment.
	Path   string
	Access Access
	// Reads are the contexts whose read models answer; Opsledger-Min-Position
	// is about these.
	Reads []domain.Context
	// Write is what a write does, nil for any other route; of that, Handle is all.
	Write  *Write
	Handle echo.HandlerFunc
	// Limit says how long the work of a request may take, 0 for as long as its client
	// stays; nil is [Config.RequestTimeout].
	Limit func(*http.Request) time.Duration
	// Count counts a request for the throttles that is refused since it asks for a dry run, where the
	// route is no write and has throttles.
	Count func(echo.Context) error
	// Query are the parameters of the query that the route knows; it sees no others.
	Query Names
	// Keys are what the route knows of a body that Handle reads by [ReadBody]. What a
	// write knows stands in [Write.Keys].
	Keys Names
	// Body bounds what the route takes.
	Body BodyLimit
	// Narrow routes are for programs, too, whose credential is for some records alone.
	Narrow bool
	// AllViews routes tell of all views, and are not for a credential for one of them.
	AllViews bool
	// Offline routes say something while the database is away.
	Offline bool
	// Dialect words the replies, see [Dialect.Routes].
	Dialect *Dialect
}

// Get returns a route that reads.
func Get(path string, access Access, reads []domain.Context, handle echo.HandlerFunc) Route {
	return Route{Method: http.MethodGet, Path: path, Access: access, Reads: reads, Handle: handle}
}

// WithQuery returns the route as one that knows these parameters of its query.
func (r Route) WithQuery(names Names) Route {
	r.Query = names
	return r
}

// WithPast returns the route as one that takes as_of: what it shows is of the read models
// alone, and of such of their tables as keep what was.
func (r Route) WithPast() Route {
	r.Query = r.Query.And(Names{paramAsOf})
	return r
}

// counts says that the route shows pages of a list, with the number of all of it.
func (r Route) counts() bool { return r.Query.has("pageSize") || r.Query.has("count") }

// ForNarrow returns the route as one that is for narrow credentials, too.
func (r Route) ForNarrow() Route {
	r.Narrow = true
	return r
}

// Post returns a route that writes.
func Post(path string, access Access, w Write) Route {
	return Route{Method: http.MethodPost, Path: path, Access: access, Write: &w}
}

// Put returns a route that changes the resource of its path.
func Put(path string, access Access, w Write) Route {
	return Route{Method: http.MethodPut, Path: path, Access: access, Write: &w}
}

// Patch returns a route that changes a part of the resource of its path.
func Patch(path string, access Access, w Write) Route {
	return Route{Method: http.MethodPatch, Path: path, Access: access, Write: &w}
}

// Delete returns a route that deletes.
func Delete(path string, access Access, w Write) Route {
	return Route{Method: http.MethodDelete, Path: path, Access: access, Write: &w}
}

// guard puts the route's access check before what it does.
func (k *Kernel) guard(r Route) echo.HandlerFunc {
	handle := r.Handle
	if r.Write != nil {
		handle = func(c echo.Context) error { return k.write(c, r) }
	}
	handle = k.asOf(r, k.admitBody(r, remark(r, noDryRun(r, enter(r.Dialect.Door, handle)))))
	if r.Access == AccessPublic {
		return handle
	}
	return func(c echo.Context) error {
		caller, err := k.Authenticate(c)
		if err != nil {
			return err
		}
		c.Set(callerKey, caller)
		if err := k.confine(c, r, caller); err != nil {
			return err
		}
		switch {
		case r.Access.right != nil:
			err = caller.Require(*r.Access.right)
		case r.Access.self:
			err = selfOrAdmin(c, caller)
		}
		if err != nil {
			return err
		}
		if err := k.awaitPosition(c, r.Reads); err != nil {
			return err
		}
		return handle(c)
	}
}
