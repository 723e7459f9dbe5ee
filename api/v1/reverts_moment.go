package v1

import (
	"errors"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/revert"
	"github.com/opsledger/opsledger/eventstore"
)

// mostSince is how many events on a zone and its records are looked at for a moment.
const mostSince = 100_000

// momentRevert brings a zone and its records to what they were at a moment.
type momentRevert struct {
	zone int64
	asOf string
}

func readMoment(p *api.Params, zone int64, asOf string) momentRevert {
	if zone < 1 {
		p.Refuse("zone_id", "must be the id of a zone")
	}
	return momentRevert{zone: zone, asOf: asOf}
}

func (r momentRevert) command(a *API, w *api.Request) (domain.Command, error) {
	if err := a.seesZone(w, r.zone); err != nil {
		return nil, err
	}
	position, err := a.PositionOf(w.Context(), "as_of", r.asOf)
	if err != nil {
		return nil, err
	}
	head, err := a.Store.Head(w.Context())
	if err != nil {
		return nil, err
	}
	m := revert.NewMoment(r.zone, "zone:"+strconv.FormatInt(r.zone, 10))
	if err := r.replay(a, w, m, position, head.Position); err != nil {
		return nil, err
	}
	if !m.Existed() {
		return nil, domain.Refused("zone %d was not there at position %d", r.zone, int64(position)).Blame("as_of")
	}
	cmd, err := m.Command()
	return sinceFound{cmd}, err
}

// replay shows the moment what happened before and since.
func (r momentRevert) replay(a *API, w *api.Request, m *revert.Moment, position, head domain.Position) error {
	life := eventstore.Selection{UpTo: position, Tags: []domain.Tag{dns.TagZone(r.zone)}}
	before, err := a.eventsOf(w.Context(), life, mostSince)
	if err != nil {
		return err
	}
	since, err := a.eventsOf(w.Context(), ofZone(r.zone, position, head), mostSince)
	if err != nil {
		return err
	}
	for _, e := range before {
		recorded, err := e.Decode(a.Store.Codec())
		if err != nil {
			return err
		}
		m.Before(recorded)
	}
	done := make([]revert.Done, len(since))
	for i, e := range since {
		if done[i].Recorded, err = e.Decode(a.Store.Codec()); err != nil {
			return err
		}
	}
	if done, err = a.withParts(w.Context(), done, mostSince); err != nil {
		return err
	}
	for _, d := range done {
		m.Since(d)
	}
	return nil
}

// sinceFound is a revert that is made anew where something has changed since it was made. Where a
// rule stands against a part of it, the parts behind that one find something else than they would
// have, and another try would find the same.
type sinceFound struct{ domain.Command }

// Decide implements [domain.Command].
func (c sinceFound) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := c.Command.Decide(h, env)
	if refused, is := errors.AsType[*revert.Error](err); is {
		if !slices.ContainsFunc(refused.Conflicts, func(c revert.Conflict) bool { return c.Reason != revert.ReasonChanged }) {
			return nil, api.ErrStale
		}
	}
	return events, err
}
