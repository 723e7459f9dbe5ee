package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// headerDryRun asks for what a write would do.
//
// Invariants:
//  1. A dry run decides as the write would, and appends nothing, draws no id, and keeps nothing.
//  2. A route that cannot be asked for one refuses the header: it is never ignored.
const headerDryRun = "Opsledger-Dry-Run"

const (
	// maxDiff is how many lines of zone text the reply to a dry run has.
	maxDiff = 10_000
	// maxCompared is how many zones in views are compared for it: each takes some milliseconds,
	// and a replacement may be about 10,000.
	maxCompared = 1000
)

// dryRunBody is the reply to a dry run.
type dryRunBody struct {
	DryRun bool       `json:"dry_run"`
	Events []dryEvent `json:"events"`
	Diff   []zoneDiff `json:"diff"`
	// Config is null: no write that may be asked for changes it.
	Config  *struct{} `json:"config"`
	Servers []int64   `json:"servers"`
}

type dryEvent struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// zoneDiff is what changes of what a zone serves in a view.
type zoneDiff struct {
	ZoneID  int64    `json:"zone_id"`
	View    string   `json:"view"`
	Removed []string `json:"removed"`
	Added   []string `json:"added"`
	// More says that not all lines are there, or that the zone was not compared.
	More bool `json:"more,omitempty"`
}

// noDryRun refuses the header where the route is no write that may be asked for a dry run.
func noDryRun(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	if r.Write != nil && r.Write.DryRun {
		return next
	}
	return func(c echo.Context) error {
		if remarksOf(c).dry {
			return domain.Invalid(headerDryRun, "this request cannot be asked for as a dry run")
		}
		return next(c)
	}
}

// dryRun answers what the write would do.
func (k *Kernel) dryRun(w *Request) error {
	var p eventstore.Preview
	err := w.fresh(func(cmd domain.Command) (err error) {
		p, err = k.Store.Preview(w.Context(), w.carrying(cmd))
		return err
	})
	if err != nil {
		return err
	}
	w.remarks().warn(p.Warnings...)
	body := dryRunBody{DryRun: true, Events: make([]dryEvent, len(p.Events)), Servers: []int64{}}
	for i, e := range p.Events {
		body.Events[i] = dryEvent{Type: e.EventType(), Data: p.Data[i]}
	}
	if body.Diff, err = k.diff(w.Context(), p.Events); err != nil {
		return err
	}
	if len(body.Diff) > 0 && !w.Caller.Narrow() {
		if body.Servers, err = k.serving(w); err != nil {
			return err
		}
	}
	return WriteJSON(w.echo, http.StatusOK, body)
}

// serving lists the servers that have an agent and that the caller may ACCESS: all of them
// serve all zones.
func (k *Kernel) serving(w *Request) ([]int64, error) {
	servers, _, err := k.DNS.Servers(w.Context(), Viewer(w.echo), dnsmodel.ServerFilter{}, query.Everything())
	if err != nil {
		return nil, fmt.Errorf("read servers: %w", err)
	}
	ids := []int64{}
	for _, s := range servers {
		if s.Enrolled {
			ids = append(ids, s.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// zoneInView names what a difference is of.
type zoneInView struct{ zone, view int64 }

// diff says what events would change of what zones serve, in the order of the zones' and the
// views' ids.
func (k *Kernel) diff(ctx context.Context, events []domain.Event) ([]zoneDiff, error) {
	touched, err := k.touched(ctx, events)
	if err != nil {
		return nil, err
	}
	order := slices.SortedFunc(maps.Keys(touched), func(a, b zoneInView) int {
		return cmp.Or(cmp.Compare(a.zone, b.zone), cmp.Compare(a.view, b.view))
	})
	all, room := []zoneDiff{}, maxDiff
	for i, of := range order {
		if i == maxCompared || room == 0 {
			return k.uncompared(ctx, all, order[i:])
		}
		d := zoneDiff{ZoneID: of.zone}
		err := k.DNS.Content(ctx, of.zone, of.view, func(c *dnsmodel.Content) (err error) {
			d.View = c.ViewName
			d.Removed, d.Added, err = differenceOf(c, touched[of])
			return err
		})
		if errors.Is(err, query.ErrNotFound) {
			continue // it went a moment ago
		}
		if err != nil {
			return nil, fmt.Errorf("compare zone %d in view %d: %w", of.zone, of.view, err)
		}
		if len(d.Removed)+len(d.Added) == 0 {
			continue
		}
		room -= d.cut(room)
		all = append(all, d)
	}
	return all, nil
}

// uncompared adds zones in views of which it is not said what changes.
func (k *Kernel) uncompared(ctx context.Context, all []zoneDiff, rest []zoneInView) ([]zoneDiff, error) {
	views, _, err := k.DNS.Views(ctx, dnsmodel.ViewFilter{}, query.Everything())
	if err != nil {
		return nil, fmt.Errorf("read views: %w", err)
	}
	names := make(map[int64]string, len(views))
	for _, v := range views {
		names[v.ID] = v.Name
	}
	for _, of := range rest {
		all = append(all, zoneDiff{ZoneID: of.zone, View: names[of.view], Removed: []string{}, Added: []string{}, More: true})
	}
	return all, nil
}

// cut leaves so many lines, and returns how many there are then.
func (d *zoneDiff) cut(room int) int {
	removed := min(len(d.Removed), room)
	added := min(len(d.Added), room-removed)
	d.More = removed < len(d.Removed) || added < len(d.Added)
	d.Removed, d.Added = append([]string{}, d.Removed[:removed]...), append([]string{}, d.Added[:added]...)
	return removed + added
}

// touched sorts the events by the zones and views whose content they may change.
func (k *Kernel) touched(ctx context.Context, events []domain.Event) (map[zoneInView][]domain.Event, error) {
	touched := map[zoneInView][]domain.Event{}
	add := func(e domain.Event, zone int64, views ...int64) {
		slices.Sort(views)
		for _, view := range slices.Compact(views) {
			if of := (zoneInView{zone, view}); view != 0 { // else its provider serves it
				touched[of] = append(touched[of], e)
			}
		}
	}
	for _, e := range events {
		switch e := e.(type) {
		case dns.RecordAdded:
			add(e, e.ZoneID, e.Record.ViewID)
		case dns.RecordUpdated:
			add(e, e.ZoneID, e.Before.ViewID, e.After.ViewID)
		case dns.RecordDeleted:
			add(e, e.ZoneID, e.Record.ViewID)
		case dns.RecordsStaged:
			add(e, e.ZoneID, e.ViewID)
		case dns.ZoneSettingsChanged:
			zone, err := k.DNS.Zone(ctx, e.ID)
			if err != nil {
				return nil, err
			}
			add(e, e.ID, slices.Clone(zone.ViewIDs)...)
		}
	}
	return touched, nil
}

func differenceOf(c *dnsmodel.Content, events []domain.Event) (removed, added []string, err error) {
	edit := zonedata.NewEdit(c.Zone, c.View, c.At)
	owners, err := edit.Owners(events)
	if err != nil {
		return nil, nil, err
	}
	if err := c.Look(owners...); err != nil {
		return nil, nil, err
	}
	for _, e := range events {
		if err := edit.Apply(e); err != nil {
			return nil, nil, err
		}
	}
	return edit.Diff()
}
