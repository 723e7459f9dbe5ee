package v1

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/feed"
)

// errNoFeed: nobody shows the log.
const errNoFeed = api.Unavailable("events cannot be read now, try again")

// placesOfPages bounds how many pages of events are in work at once: a page that finds little
// keeps the database at work for a second.
func placesOfPages() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "requests for events", Most: 8, Each: 2, Line: 16})
}

// eventsFilter is which events a request asks for.
type eventsFilter struct {
	after, before *int64
	since, until  *time.Time
	types         []string
	context       domain.Context
	actor         string
	tags          []domain.Tag
}

func readEventsFilter(q *api.Params) eventsFilter {
	f := eventsFilter{
		after: q.Integer("after"), before: q.Integer("before"), since: q.Moment("since", nil), until: q.Moment("until", nil),
		context: domain.Context(api.Given(q.Text("context"))), actor: api.Given(q.Text("actor")),
	}
	switch {
	case f.after != nil && *f.after < 0:
		q.Refuse("after", "must not be negative")
	case f.before != nil && *f.before < 0:
		q.Refuse("before", "must not be negative")
	}
	if text := q.Text("type"); text != nil {
		f.types = strings.Split(*text, ",")
	}
	switch f.context {
	case "", domain.ContextAccess, domain.ContextDNS, domain.ContextOps:
	default:
		q.Refuse("context", "must be access, dns or ops")
	}
	if text := q.Text("resource"); text != nil {
		var ok bool
		if f.tags, ok = feed.ParseResource(*text); !ok {
			q.Refuse("resource", "must be a kind and an id, such as zone:12")
		}
	}
	return f
}

// eventsPage is which part of a list of events a request asks for; a stream knows none.
type eventsPage struct {
	// order is empty where the request does not say.
	order  string
	limit  *int64
	cursor *int64
}

func readEventsPage(q *api.Params) eventsPage {
	p := eventsPage{order: api.Given(q.Text("order")), limit: q.Integer("limit"), cursor: q.Integer("cursor")}
	switch {
	case p.order != "" && p.order != "asc" && p.order != "desc":
		q.Refuse("order", "must be asc or desc")
	case p.limit != nil && (*p.limit < 1 || *p.limit > maxLimit):
		q.Refuse("limit", "must be 1 to %d", maxLimit)
	case p.cursor != nil && *p.cursor < 0:
		q.Refuse("cursor", "is not one that a list gave")
	}
	return p
}

func (a *API) eventsRoute() api.Route {
	route := api.Get("/v1/events", api.AccessUser, []domain.Context{domain.ContextAccess, domain.ContextDNS}, a.showEvents).ForNarrow()
	route.Limit, route.Query = limitOfStream, api.Reads(readEventsFilter).And(api.Reads(readEventsPage))
	return route
}

// eventsBody is a page of events.
type eventsBody struct {
	Events []json.RawMessage `json:"events"`
	Next   *string           `json:"next"`
	// Head is the position of the last event of the log.
	Head domain.Position `json:"head"`
}

// showEvents shows events of the log: as a stream of those to come to who accepts that, else
// a page.
func (a *API) showEvents(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	filter, page := readEventsFilter(q), readEventsPage(q)
	for _, name := range filter.types {
		if _, known := a.Store.Codec().Descriptor(name); !known {
			q.Refuse("type", "%s is no type of events", api.PrintableName(name))
		}
	}
	if q.Err != nil {
		return q.Err
	}
	if a.Feed == nil {
		return errNoFeed
	}
	if wantsEvents(c.Request()) {
		return a.followEvents(c, filter, page)
	}
	return a.listEvents(c, filter, page)
}

func (a *API) listEvents(c echo.Context, filter eventsFilter, page eventsPage) error {
	ctx := c.Request().Context()
	head, err := a.AwaitHead(ctx, domain.ContextAccess, domain.ContextDNS)
	if err != nil {
		return err
	}
	leave, err := a.eventPages.Take(ctx, api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	of, err := a.selection(ctx, filter, head)
	if err != nil {
		return err
	}
	of.Newest, of.Limit = page.order != "asc", defaultLimit
	if page.limit != nil {
		of.Limit = int(*page.limit)
	}
	if page.cursor != nil {
		of, _ = of.Rest(domain.Position(*page.cursor))
	}
	shown, next, err := a.Feed.Page(ctx, api.Caller(c), of)
	if err != nil {
		return readLate(err)
	}
	body := eventsBody{Events: make([]json.RawMessage, len(shown)), Head: head}
	for i, e := range shown {
		body.Events[i] = e.JSON
	}
	if next != nil {
		body.Next = cursor(int64(*next))
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// selection is what a filter asks for of a log with that head.
func (a *API) selection(ctx context.Context, f eventsFilter, head domain.Position) (of eventstore.Selection, err error) {
	of = eventstore.Selection{UpTo: head, Types: f.types, Context: f.context, Tags: f.tags}
	if f.after != nil {
		of.After = domain.Position(*f.after)
		if of.After > head {
			return of, domain.Invalid("after", "the log has not reached the position")
		}
	}
	if f.before != nil && *f.before <= int64(head) {
		of.UpTo = domain.Position(max(*f.before-1, 0))
	}
	if f.since != nil {
		first, err := a.Store.FirstSince(ctx, head, *f.since)
		if err != nil {
			return of, err
		}
		of.After = max(of.After, first-1)
	}
	if f.until != nil {
		first, err := a.Store.FirstSince(ctx, head, *f.until)
		if err != nil {
			return of, err
		}
		of.UpTo = min(of.UpTo, first-1)
	}
	if f.actor != "" {
		of.Actors, err = a.usersEverNamed(ctx, f.actor)
	}
	return of, err
}

// nobody has made no event.
const nobody domain.UserID = -1

// usersEverNamed are those who have or had a name, which may pass to somebody else. For a name
// that nobody has had they are nobody: the log is looked through then as for any other name,
// so that the work and the reply do not tell who exists.
func (a *API) usersEverNamed(ctx context.Context, name string) ([]domain.UserID, error) {
	users := []domain.UserID{}
	if access.FoldUsername(name) == "system" {
		return append(users, domain.System), nil
	}
	events, err := a.Store.ReadTag(ctx, access.TagUsername(name), 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		recorded, err := e.Decode(a.Store.Codec())
		if err != nil {
			return nil, err
		}
		if registered, ok := recorded.Event.(access.UserRegistered); ok {
			users = append(users, registered.ID)
		}
	}
	if len(users) == 0 {
		users = append(users, nobody)
	}
	return users, nil
}
