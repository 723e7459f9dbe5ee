package v1

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/projections/query"
)

// historyTime is how long the log is looked through for one page.
const historyTime = time.Second

// historyKind is a kind of resources whose history is shown.
type historyKind struct {
	api.Resource
	access api.Access
	// reads are the contexts whose read models say what the resources were.
	reads []domain.Context
	// about is the resource with an id; its tags begin with that of the event that made it.
	about func(id int64) []domain.Tag
}

func historyKinds() map[string]historyKind {
	// Who may see an event follows from these in any case.
	zones := []domain.Context{domain.ContextAccess, domain.ContextDNS}
	hosts := append(slices.Clone(zones), domain.ContextOps)
	return map[string]historyKind{
		"servers": {api.Server, api.AccessUser, zones, func(id int64) []domain.Tag { return []domain.Tag{dns.TagServer(id)} }},
		"views":   {api.View, api.AccessUser, zones, func(id int64) []domain.Tag { return []domain.Tag{dns.TagView(id)} }},
		"zones":   {api.Zone, api.AccessUser, zones, func(id int64) []domain.Tag { return []domain.Tag{dns.TagZone(id), dns.TagZoneRecords(id)} }},
		"records": {api.Record, api.AccessUser, zones, func(id int64) []domain.Tag { return []domain.Tag{dns.TagRecord(id)} }},
		"roles":   {api.Role, api.AccessAdmin, zones, func(id int64) []domain.Tag { return []domain.Tag{access.TagRole(id)} }},
		"users": {api.User, api.AccessAdmin, hosts, func(id int64) []domain.Tag {
			return []domain.Tag{access.TagUser(domain.UserID(id)), access.TagUserKeys(domain.UserID(id))}
		}},
		"machines": {api.Machine, api.AccessCode(access.CodeGetMachine), hosts, func(id int64) []domain.Tag {
			return []domain.Tag{ops.TagMachine(id), ops.TagMachineAccounts(id)}
		}},
		"tasks": {api.Task, api.AccessCode(access.CodeGetTask), hosts, nil},
	}
}

// histories are the routes that show what resources were.
func (a *API) histories() []api.Route {
	var routes []api.Route
	kinds := historyKinds()
	for _, path := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[path]
		page := api.Reads(limitOf).And(api.Reads(historyCursorOf))
		r := api.Get("/v1/"+path+"/:id/history", kind.access, kind.reads, func(c echo.Context) error { return a.showHistory(c, kind) }).WithQuery(page)
		switch kind.Resource {
		case api.Zone:
			r = r.WithQuery(page.And(api.Reads(readHistoryFilter))).ForNarrow()
		case api.Record:
			r = r.ForNarrow()
		}
		routes = append(routes, r)
	}
	return routes
}

// historyFilter leaves of a zone's history that of some records.
type historyFilter struct{ host, recordType string }

func readHistoryFilter(q *api.Params) historyFilter {
	return historyFilter{api.Given(q.Text("host")), strings.ToUpper(api.Given(q.Text("type")))}
}

// matches is as the lists of records are: a part of the host, as it is kept or as it is typed,
// and the whole type.
func (f historyFilter) matches(states ...dns.RecordData) bool {
	mapped := dns.MapTyped(f.host)
	return slices.ContainsFunc(states, func(r dns.RecordData) bool {
		named := strings.Contains(strings.ToLower(r.Host), strings.ToLower(f.host)) ||
			mapped != "" && (strings.Contains(strings.ToLower(r.Host), mapped) || strings.Contains(dns.TypedName(r.Host), mapped))
		return named && (f.recordType == "" || r.Type == f.recordType)
	})
}

// historyBody is something that happened to a resource.
type historyBody struct {
	Position domain.Position `json:"position"`
	Time     time.Time       `json:"time"`
	Actor    historyActor    `json:"actor"`
	Door     *domain.Door    `json:"door"`
	// What is the type of the event.
	What string `json:"what"`
	// Before and After are the resource before and after the change that the event is of.
	Before any `json:"before"`
	After  any `json:"after"`
}

type historyActor struct {
	ID       domain.UserID `json:"id"`
	Username *string       `json:"username"`
}

func (a *API) showHistory(c echo.Context, kind historyKind) error {
	q := api.ReadQuery(c.Request())
	limit, from, filter := limitOf(q), historyCursorOf(q), historyFilter{}
	if kind.Resource == api.Zone {
		filter = readHistoryFilter(q)
	}
	if q.Err != nil {
		return q.Err
	}
	if a.Feed == nil {
		return errNoFeed
	}
	ctx := c.Request().Context()
	head, err := a.AwaitHead(ctx, kind.reads...)
	if err != nil {
		return err
	}
	about, err := a.historyAbout(c, kind)
	if err != nil {
		return err
	}
	leave, err := a.eventPages.Take(ctx, api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	w := historyWalk{a: a, c: c, about: about, filter: filter, limit: limit, until: time.Now().Add(historyTime)}
	w.of = eventstore.Selection{UpTo: head, Tags: about.tags, Types: a.historyTypes(), Newest: true}
	body := struct {
		History []historyBody `json:"history"`
		Next    *string       `json:"next"`
	}{}
	if body.Next, err = w.run(from); err != nil {
		return readLate(err)
	}
	body.History = w.entries
	return api.WriteJSON(c, http.StatusOK, body)
}

// historyAbout is the resource whose history is shown.
type historyAbout struct {
	api.Resource
	id   int64
	tags []domain.Tag
}

// historyAbout finds the resource that the path names in the log, also one that is gone.
func (a *API) historyAbout(c echo.Context, kind historyKind) (historyAbout, error) {
	about := historyAbout{Resource: kind.Resource}
	var missing error
	if kind.Resource == api.Task {
		name := c.Param("id")
		missing = domain.NotFound("Task %s 不存在！", api.PrintableName(strings.ToValidUTF8(name, "")))
		if !ops.IsTaskID(name) {
			return about, missing
		}
		about.tags = []domain.Tag{ops.TagTask(name)}
	} else {
		id, err := api.PathID(c, kind.Resource)
		if err != nil {
			return about, err
		}
		missing = api.Found(kind.Resource, id, query.ErrNotFound)
		about.id, about.tags = id, kind.about(id)
	}
	first, err := a.firstOf(c.Request().Context(), about.tags[0])
	if err != nil {
		return about, err
	}
	switch e := first.(type) {
	case nil:
		if kind.Resource != api.Role || !isBuiltin(about.id) {
			return about, missing
		}
	case ops.TaskCreated:
		about.id = e.ID
	case dns.RecordAdded:
		about.tags = append(about.tags, dns.TagZone(e.ZoneID))
	case dns.RecordsStaged:
		about.tags = append(about.tags, dns.TagZone(e.ZoneID))
	}
	return about, nil
}

// firstOf is the first event with a tag, nil if there is none.
func (a *API) firstOf(ctx context.Context, tag domain.Tag) (domain.Event, error) {
	events, err := a.Store.ReadTag(ctx, tag, 0, 1)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	recorded, err := events[0].Decode(a.Store.Codec())
	return recorded.Event, err
}

// historyTypes are the types of events that a history shows. What an import stages is shown with
// the event by which it holds, so that one that came to nothing leaves nothing.
func (a *API) historyTypes() []string {
	var types []string
	for _, d := range a.Store.Codec().Descriptors() {
		switch d.Name {
		case dns.ImportBegun{}.EventType(), dns.RecordsStaged{}.EventType(), dns.ImportVoided{}.EventType():
		default:
			types = append(types, d.Name)
		}
	}
	return types
}

// stateOf reads the states of a kind of resource.
func (a *API) stateOf(kind api.Resource) api.States {
	if kind == zoneSettings {
		return a.settingsStates
	}
	for _, of := range a.States {
		if states, ok := of[kind]; ok {
			return states
		}
	}
	return nil
}

// happening is something that happened to a resource.
type happening struct {
	seen *feed.Seen
	of   api.Resource
	id   int64
	// perhaps: it happened to the resource only if its states differ.
	perhaps bool
	// behind is where the list goes on behind it.
	behind historyCursor
}

func isBuiltin(role int64) bool {
	return slices.ContainsFunc(access.BuiltinRoles(), func(b access.BuiltinRole) bool { return b.ID == role })
}

// readLate says of what the feed does not know that it will.
func readLate(err error) error {
	if errors.Is(err, feed.ErrUnknown) {
		return api.Unavailable("the read model has not reached the end of the log yet, try again")
	}
	return err
}
