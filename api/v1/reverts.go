package v1

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/revert"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/protocol"
)

// placesOfReverts bounds how many reverts are in work at once: each is as large as a batch.
func placesOfReverts() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "reverts", Most: 2, Each: 1, Line: 4})
}

// revertedBody is the reply to a revert that was carried out.
type revertedBody struct {
	Message string `json:"message"`
	// Undone are the positions of the events that were undone, the newest first.
	Undone []domain.Position `json:"undone"`
}

// revert undoes changes.
func (a *API) revert() api.Write {
	return api.Write{
		Places: placesOfReverts(), Unversioned: true, FromLog: true, Keys: api.Names{"positions", "from", "to", "zone_id", "as_of"},
		Command: a.undoing,
		Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
			aboutMany(w)
			return revertedBody{Message: "OK", Undone: undoneBy(receipt.Events)}, nil
		},
	}
}

// undoneBy follows from the events, so that a repeat gets the reply that the first one got.
func undoneBy(events []domain.Recorded) []domain.Position {
	undone := []domain.Position{}
	for _, e := range events {
		if e.Causation != 0 {
			undone = append(undone, e.Causation)
		}
	}
	slices.Sort(undone)
	slices.Reverse(undone)
	return slices.Compact(undone)
}

const tooManyInverses = api.TooLarge("more than 10,000 inverses would be needed, which is more than one change may have: undo less at once")

// undoing makes the command that undoes what a request names.
func (a *API) undoing(w *api.Request) (domain.Command, error) {
	wanted := readRevert(w.Params)
	if w.Err != nil {
		return nil, w.Err
	}
	if a.Feed == nil {
		return nil, errNoFeed
	}
	if _, err := a.AwaitHead(w.Context(), domain.ContextDNS, domain.ContextAccess); err != nil {
		return nil, err
	}
	cmd, err := wanted.command(a, w)
	if errors.Is(err, revert.ErrTooMany) {
		err = tooManyInverses
	}
	return cmd, err
}

// undoingAll is the command that undoes some events, which are in the order of the log.
func (a *API) undoingAll(w *api.Request, done []revert.Done) (domain.Command, error) {
	done, err := a.withParts(w.Context(), done, revert.MostInverses)
	if err != nil {
		return nil, err
	}
	if err := a.withFormer(w.Context(), done); err != nil {
		return nil, err
	}
	if err := a.recheckConf(w, done); err != nil {
		return nil, err
	}
	return revert.Events(done)
}

// withFormer gives events of which the inverse needs it the event before them.
func (a *API) withFormer(ctx context.Context, done []revert.Done) error {
	for i, d := range done {
		item, needed := revert.Former(d.Event)
		if !needed {
			continue
		}
		of := eventstore.Selection{UpTo: d.Position - 1, Tags: []domain.Tag{item.Tag}, Types: item.Types, Newest: true, Limit: 1}
		for more := of.UpTo > 0; more && done[i].Former == nil; {
			events, reached, err := a.Store.Select(ctx, of)
			if err != nil {
				return err
			}
			for _, e := range events {
				former, err := e.Decode(a.Store.Codec())
				if err != nil {
					return err
				}
				done[i].Former = &former
			}
			of, more = of.Rest(reached)
		}
	}
	return nil
}

// wantedRevert is what a request wants undone.
type wantedRevert interface {
	// command makes the command. Its error may be [revert.ErrTooMany].
	command(a *API, w *api.Request) (domain.Command, error)
}

// readRevert reads the body, which has one of three forms.
func readRevert(p *api.Params) wantedRevert {
	positions, from, to, zone := p.Integers("positions"), p.Integer("from"), p.Integer("to"), p.Integer("zone_id")
	asOf := p.Scalar("as_of")
	switch {
	case positions != nil && from == nil && to == nil && zone == nil && asOf == nil:
		return readPositions(p, *positions)
	case positions == nil && from != nil && to != nil && zone != nil && asOf == nil:
		return readRange(p, *from, *to, *zone)
	case positions == nil && from == nil && to == nil && zone != nil && asOf != nil:
		return readMoment(p, *zone, *asOf)
	default:
		p.Refuse("positions", "give one of: positions; from, to and zone_id; zone_id and as_of")
		return nil
	}
}

// positionsRevert undoes the changes that some positions are in.
type positionsRevert []domain.Position

func readPositions(p *api.Params, list []int64) positionsRevert {
	if len(list) == 0 || len(list) > revert.MostInverses {
		p.Refuse("positions", "must be 1 to %d positions", revert.MostInverses)
	}
	positions := make(positionsRevert, len(list))
	for i, n := range list {
		if positions[i] = domain.Position(n); n < 1 {
			p.Refuse("positions", "must be positions of the log")
		}
	}
	return positions
}

func (r positionsRevert) command(a *API, w *api.Request) (domain.Command, error) {
	events, err := a.Store.ReadChangesAt(w.Context(), r, revert.MostInverses)
	if err != nil || len(events) > revert.MostInverses {
		return nil, cmp.Or(err, error(tooManyInverses))
	}
	seen, err := a.see(w, events)
	if err != nil {
		return nil, err
	}
	change, visible := map[domain.Position]domain.Position{}, map[domain.Position]int{}
	for _, e := range seen {
		if change[e.Position] = e.End(); e.Visible {
			visible[e.End()]++
		}
	}
	for _, p := range r {
		if visible[change[p]] == 0 {
			return nil, domain.NotFound("there is no change at position %d", int64(p))
		}
	}
	done, err := wholly(seen)
	if err != nil {
		return nil, err
	}
	return a.undoingAll(w, done)
}

// wholly returns the events as what is to be undone, if all of them are visible.
func wholly(seen []feed.Examined) ([]revert.Done, error) {
	done := make([]revert.Done, len(seen))
	for i, e := range seen {
		if !e.Visible {
			return nil, domain.Forbidden("not allowed: the change at position %d has events that you may not see", int64(e.End()))
		}
		done[i] = revert.Done{Recorded: e.Recorded, Resource: e.Resource}
	}
	return done, nil
}

// see says which of some events the caller sees.
func (a *API) see(w *api.Request, events []protocol.Envelope) ([]feed.Examined, error) {
	seen, err := a.Feed.See(w.Context(), w.Caller, events)
	return seen, readLate(err)
}

// withParts gives imports that are done what they have staged: of all of them together no more
// than most records.
func (a *API) withParts(ctx context.Context, done []revert.Done, most int) ([]revert.Done, error) {
	staged := 0
	for i, d := range done {
		imported, is := d.Event.(dns.ZoneImported)
		if !is {
			continue
		}
		if staged += imported.Total(); staged > most {
			return nil, tooManyInverses
		}
		events, err := a.eventsOf(ctx, eventstore.Selection{
			After: imported.Import, UpTo: d.Position,
			Tags: []domain.Tag{dns.TagZoneRecords(imported.ZoneID)}, Types: []string{dns.RecordsStaged{}.EventType()},
		}, most)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			recorded, err := e.Decode(a.Store.Codec())
			if err != nil {
				return nil, err
			}
			if staged := recorded.Event.(dns.RecordsStaged); staged.Import == imported.Import {
				done[i].Parts = append(done[i].Parts, staged)
			}
		}
	}
	return done, nil
}

// eventsOf reads a selection to its end, in order; more than most events are refused.
func (a *API) eventsOf(ctx context.Context, of eventstore.Selection, most int) (all []protocol.Envelope, err error) {
	for more := of.After < of.UpTo; more; {
		of.Limit = most + 1
		events, reached, err := a.Store.Select(ctx, of)
		if err != nil {
			return nil, err
		}
		if all = append(all, events...); len(all) > most {
			return nil, tooManyInverses
		}
		of, more = of.Rest(reached)
	}
	return all, nil
}
