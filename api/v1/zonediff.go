package v1

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/plainjson"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// mostTouched is up to how many events on records the log is asked which records they were on.
// Of more, comparing all of the zone costs less.
const mostTouched = 50_000

func placesOfDiffs() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "comparisons of zones", Most: 4, Each: 2, Line: 4})
}

// diffFilter is what a query asks for, each as it was given.
type diffFilter struct{ from, to *string }

func readDiffFilter(q *api.Params) diffFilter { return diffFilter{q.Text("from"), q.Text("to")} }

func (a *API) diffRoute(reads []domain.Context) api.Route {
	r := api.Get("/v1/zones/:id/diff", api.AccessUser, reads, a.diffZone).WithQuery(api.Reads(readDiffFilter)).ForNarrow()
	r.Limit = api.LimitOfStream
	return r
}

// zoneDiff is the difference of a zone between two positions.
type zoneDiff struct {
	id       int64
	from, to domain.Position
	// before and after are the zone as rights see it, zero where it was not there.
	before, after access.Target
}

func (a *API) diffZone(c echo.Context) error {
	id, err := api.PathID(c, api.Zone)
	if err != nil {
		return err
	}
	d, err := a.diffOf(c, id)
	if err != nil {
		return err
	}
	leave, err := a.diffs.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	ctx := c.Request().Context()
	ids, err := a.touched(ctx, d)
	if err != nil {
		return err
	}
	view := int64(0)
	if who := api.Caller(c); who.Credential != nil {
		view = who.Credential.View
	}
	compared, err := a.DNS.Compare(ctx, id, view, d.from, d.to, ids)
	if err != nil {
		return err
	}
	states, err := a.stateOf(api.Zone)(c, []query.Then{{ID: id, At: d.from}, {ID: id, At: d.to}})
	if err != nil {
		return err
	}
	out := api.NewStream(c, echo.MIMEApplicationJSON, a.Still(c))
	return out.End(a.writeDiff(c, d, states, compared, out.Line))
}

// diffOf reads between what a zone is compared, and refuses who may not see it.
func (a *API) diffOf(c echo.Context, id int64) (zoneDiff, error) {
	q, ctx, d := api.ReadQuery(c.Request()), c.Request().Context(), zoneDiff{id: id}
	asked := readDiffFilter(q)
	if asked.from == nil && q.Err == nil {
		q.Refuse("from", "is required: a position of the log, or a time")
	}
	if q.Err != nil {
		return d, q.Err
	}
	var err error
	if d.to, err = a.AwaitHead(ctx, domain.ContextDNS, domain.ContextAccess); err != nil {
		return d, err
	}
	if d.from, err = a.PositionOf(ctx, "from", *asked.from); err != nil {
		return d, err
	}
	if asked.to != nil {
		if d.to, err = a.PositionOf(ctx, "to", *asked.to); err != nil {
			return d, err
		}
	}
	if d.from > d.to {
		return d, domain.Invalid("to", "must not be before from")
	}
	return d, a.allowDiff(c, &d)
}

// allowDiff finds the zone at both positions. Its name may lie within the bounds of a credential
// at one of them alone.
func (a *API) allowDiff(c echo.Context, d *zoneDiff) error {
	who, known := api.Caller(c), false
	for _, side := range []struct {
		at     domain.Position
		target *access.Target
	}{{d.from, &d.before}, {d.to, &d.after}} {
		zone, err := a.DNS.Zone(query.AsOf(c.Request().Context(), side.at), d.id)
		if errors.Is(err, query.ErrNotFound) {
			continue
		}
		if err == nil {
			err = who.Require(access.On(zone.Target, access.OperationAccess))
		}
		if err != nil {
			return err
		}
		*side.target, known = zone.Target, true
	}
	if !known {
		return api.Found(api.Zone, d.id, query.ErrNotFound)
	}
	return who.RequireWholeZone()
}

// touched are the records of the zone that events between the positions were on, nil for too many
// events.
func (a *API) touched(ctx context.Context, d zoneDiff) ([]int64, error) {
	of := eventstore.Selection{
		After: d.from, UpTo: d.to, Tags: []domain.Tag{dns.TagZoneRecords(d.id)}, Limit: 5000,
		Types: []string{dns.RecordAdded{}.EventType(), dns.RecordUpdated{}.EventType(), dns.RecordDeleted{}.EventType()},
	}
	ids, events := []int64{}, 0
	for more := of.After < of.UpTo; more; {
		part, reached, err := a.Store.Select(ctx, of)
		if err != nil {
			return nil, err
		}
		if events += len(part); events > mostTouched {
			return nil, nil
		}
		for i := range part {
			recorded, err := part[i].Decode(a.Store.Codec())
			if err != nil {
				return nil, err
			}
			id, _, _, _ := dns.AboutRecord(recorded.Event)
			ids = append(ids, id)
		}
		of, more = of.Rest(reached)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// diffHead is what a difference begins with.
type diffHead struct {
	From domain.Position `json:"from"`
	To   domain.Position `json:"to"`
	Zone *diffPair       `json:"zone"`
}

type diffPair struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

// writeDiff writes the difference as it is read, so that one of a large zone costs little memory.
func (a *API) writeDiff(c echo.Context, d zoneDiff, states []any, compared *dnsmodel.Comparison, line func(string) error) error {
	head := diffHead{From: d.from, To: d.to}
	if !reflect.DeepEqual(states[0], states[1]) {
		head.Zone = &diffPair{states[0], states[1]}
	}
	text, err := plainjson.Line(head)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	print := func(r dnsmodel.Record, zone access.Target) any {
		r.Zone = zone
		return a.PrintRecord(c, r)
	}
	lists := diffLists{line: line}
	if err := line(strings.TrimSuffix(string(text), "}")); err != nil {
		return err
	}
	err = lists.list("added", func(item func(any) error) error {
		return compared.EachAdded(ctx, func(r dnsmodel.Record) error { return item(print(r, d.after)) })
	})
	if err != nil {
		return err
	}
	err = lists.list("removed", func(item func(any) error) error {
		return compared.EachRemoved(ctx, func(r dnsmodel.Record) error { return item(print(r, d.before)) })
	})
	if err != nil {
		return err
	}
	err = lists.list("changed", func(item func(any) error) error {
		return compared.EachChanged(ctx, func(before, after dnsmodel.Record) error {
			return item(diffPair{print(before, d.before), print(after, d.after)})
		})
	})
	if err != nil {
		return err
	}
	return line("}")
}
