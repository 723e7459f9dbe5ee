package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
)

// headerDryRun asks for what a write would do.
//
// Invariants:
//  1. A dry run decides as the write would, and appends nothing, draws no id, and keeps nothing.
//  2. Every write can be asked for as one, unless it says why not: then, and for every request
//     that is no write, the header is refused. It is never ignored.
//  3. It tells nobody what anything was that they may not ACCESS, see [formerState].
const headerDryRun = "Opsledger-Dry-Run"

// dryRunBody is the reply to a dry run.
type dryRunBody struct {
	DryRun  bool        `json:"dry_run"`
	Events  []dryEvent  `json:"events"`
	Diff    []zoneDiff  `json:"diff"`
	Config  *configDiff `json:"config"`
	Servers []int64     `json:"servers"`
}

type dryEvent struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// errNoDryRun refuses a request that cannot be asked for as a dry run.
func errNoDryRun() error {
	return domain.Invalid(headerDryRun, "this request cannot be asked for as a dry run")
}

// NoDryRun is the [Write.NoDryRun] of a write that checks a secret, or acts outside of the log,
// whatever the request says.
func NoDryRun(*Request) error { return errNoDryRun() }

// noDryRun refuses the header where the route is no write.
func noDryRun(r Route, next echo.HandlerFunc) echo.HandlerFunc {
	if r.Write != nil {
		return next
	}
	return func(c echo.Context) error {
		if !remarksOf(c).dry {
			return next(c)
		}
		if r.Count != nil {
			if err := r.Count(c); err != nil {
				return err
			}
		}
		return errNoDryRun()
	}
}

// dryRun answers what the write would do.
func (k *Kernel) dryRun(w *Request) error {
	if w.write.NoDryRun != nil {
		if err := w.write.NoDryRun(w); err != nil {
			return w.prefer(err)
		}
	}
	var p eventstore.Preview
	err := w.fresh(func(cmd domain.Command) (err error) {
		p, err = k.Store.Preview(w.Context(), w.carrying(cmd))
		return err
	})
	if err != nil {
		return err
	}
	w.remarks().warn(p.Warnings...)
	k.warn(w, p.Events, k.hiddenByCuts, k.strangeStages) // of records that there are; the read models do not know new views
	body := dryRunBody{DryRun: true, Events: make([]dryEvent, len(p.Events)), Diff: []zoneDiff{}, Servers: []int64{}}
	former, err := k.formerState(w, p.Events)
	if err != nil {
		return err
	}
	for i, e := range p.Events {
		data, err := withoutWithheld(e, p.Data[i])
		if err == nil {
			data, err = former.show(e, data)
		}
		if err != nil {
			return fmt.Errorf("event %d of a dry run: %w", i, err)
		}
		body.Events[i] = dryEvent{Type: e.EventType(), Data: data}
	}
	if err := k.sayEffects(w, p.Events, &body); err != nil {
		return err
	}
	return WriteJSON(w.echo, http.StatusOK, body)
}

// sayEffects says what events would change on name servers.
func (k *Kernel) sayEffects(w *Request, events []domain.Event, body *dryRunBody) error {
	if !k.anyOf(domain.ContextDNS, events) {
		return nil
	}
	d, err := k.newDifference(w, events)
	if err != nil {
		return err
	}
	if body.Diff, err = d.find(); err != nil {
		return err
	}
	if body.Config, err = d.config(); err != nil {
		return err
	}
	body.Servers, err = d.serverIDs()
	return err
}

// anyOf says whether one of the events is of a context.
func (k *Kernel) anyOf(context domain.Context, events []domain.Event) bool {
	for _, e := range events {
		if d, known := k.Store.Codec().Descriptor(e.EventType()); known && d.Context == context {
			return true
		}
	}
	return false
}
