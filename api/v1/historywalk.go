package v1

import (
	"errors"
	"reflect"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/projections/query"
)

// historyPortion is how many events are read, and of how many happenings the states, at once.
const historyPortion = 100

// zoneSettings are a zone's settings as a resource.
const zoneSettings api.Resource = "ZoneSettings"

// historyWalk makes one page of a history, from the newest event down.
//
// Invariants:
//  1. An event is shown to who sees the entry of the operation log on it, whatever there is
//     of the resource now. What an event did to records that it does not have is shown to who
//     would see it if it were another's. Who acts with a credential is shown events and states within its
//     bounds alone.
//  2. Before and after are what the read model has at two positions. The first is that before
//     the event, which is inside its change or before it, and has the state before the change.
//  3. The records of an import are shown with its end, each by itself. An import that came to
//     nothing is not shown.
//  4. A page has no more than its limit, and its work is bounded; its cursor goes on, also in
//     the middle of an import.
type historyWalk struct {
	a      *API
	c      echo.Context
	about  historyAbout
	filter historyFilter
	of     eventstore.Selection
	limit  int
	// until is when no more is begun.
	until time.Time

	entries []historyBody
	// behind is, for each entry, where the list goes on behind it.
	behind []historyCursor
	// waiting are happenings whose states are not read yet.
	waiting []happening
}

// run returns where the rest begins, nil if there is none.
func (w *historyWalk) run(from historyCursor) (*string, error) {
	w.entries = []historyBody{}
	if from.at > 0 {
		w.of.UpTo = min(w.of.UpTo, from.at)
	}
	for more := w.of.After < w.of.UpTo; more; {
		w.of.Limit = historyPortion
		seen, reached, err := w.a.Feed.Seen(w.c.Request().Context(), api.Caller(w.c), w.of)
		if err != nil {
			return nil, err
		}
		for i := range seen {
			inside := historyCursor{}
			if seen[i].Position == from.at {
				inside = from
			}
			rest, err := w.take(&seen[i], inside)
			if err != nil || rest != nil {
				return w.end(rest, err)
			}
		}
		if err := w.flush(); err != nil || w.full() {
			return w.end(nil, err)
		}
		if w.of, more = w.of.Rest(reached); more && w.late() {
			return w.end(&historyCursor{at: reached}, nil)
		}
	}
	return w.end(nil, nil)
}

func (w *historyWalk) full() bool { return len(w.entries) > w.limit }

func (w *historyWalk) late() bool { return time.Now().After(w.until) }

// end cuts what is too much. rest is where the rest begins unless something is cut.
func (w *historyWalk) end(rest *historyCursor, err error) (*string, error) {
	if err == nil {
		err = w.flush()
	}
	if w.full() {
		rest, w.entries = &w.behind[w.limit-1], w.entries[:w.limit]
	}
	if err != nil || rest == nil {
		return nil, err
	}
	return new(rest.String()), nil
}

// take takes an event, or what is behind a cursor of those of one import. It returns where the rest
// begins if it has stopped.
func (w *historyWalk) take(seen *feed.Seen, inside historyCursor) (*historyCursor, error) {
	h := happening{seen: seen, of: w.about.Resource, id: w.about.id, behind: historyCursor{at: seen.Position - 1}}
	_, settings := seen.Event.(dns.ZoneSettingsChanged)
	if w.about.Resource == api.Record && settings {
		return nil, nil // which may be of one change with an import
	}
	if w.about.Resource != api.Zone {
		h.perhaps = w.about.Resource == api.Record && !seen.OnRecord
		return nil, w.add(h, h.perhaps && seen.Allowed || !h.perhaps && seen.Within)
	}
	switch e := seen.Event.(type) {
	case dns.RecordAdded:
		return nil, w.addRecord(h, e.ID, e.Record)
	case dns.RecordUpdated:
		return nil, w.addRecord(h, e.ID, e.Before, e.After)
	case dns.RecordDeleted:
		return nil, w.addRecord(h, e.ID, e.Record)
	case dns.ZoneSettingsChanged:
		h.of = zoneSettings
	case dns.ZoneImported:
		if inside.staged == 0 {
			h.behind = historyCursor{at: seen.Position, staged: seen.Position - 1, index: -1}
			if err := w.add(h, seen.Within && w.filter == historyFilter{}); err != nil {
				return nil, err
			}
		}
		return w.imported(seen, e, inside)
	}
	return nil, w.add(h, seen.Within && w.filter == historyFilter{})
}

func (w *historyWalk) addRecord(h happening, id int64, states ...dns.RecordData) error {
	h.of, h.id = api.Record, id
	return w.add(h, h.seen.Within && w.filter.matches(states...))
}

// imported takes the records of an import that is done, from the last that it staged to the first.
func (w *historyWalk) imported(seen *feed.Seen, done dns.ZoneImported, inside historyCursor) (*historyCursor, error) {
	of := eventstore.Selection{
		After: done.Import, UpTo: seen.Position - 1, Tags: []domain.Tag{dns.TagZoneRecords(done.ZoneID)},
		Types: []string{dns.RecordsStaged{}.EventType()}, Newest: true, Limit: 1,
	}
	if inside.staged != 0 {
		of.UpTo = min(of.UpTo, inside.staged)
	}
	for more := of.After < of.UpTo; more; {
		events, reached, err := w.a.Store.Select(w.c.Request().Context(), of)
		if err != nil {
			return nil, err
		}
		for i := range events {
			recorded, err := events[i].Decode(w.a.Store.Codec())
			if err != nil {
				return nil, err
			}
			first := 0
			if events[i].Position == inside.staged {
				first = inside.index + 1
			}
			if err := w.staged(seen, recorded, first); err != nil {
				return nil, err
			}
		}
		if of, more = of.Rest(reached); more && (w.late() || w.full()) {
			return &historyCursor{at: seen.Position, staged: reached, index: -1}, nil
		}
	}
	return nil, nil
}

// staged takes the records that one event of an import stages, from one of them on. The bounds of
// a credential are those on their states.
func (w *historyWalk) staged(seen *feed.Seen, recorded domain.Recorded, first int) error {
	e, _ := recorded.Event.(dns.RecordsStaged)
	for i := first; i < e.Len() && !w.full(); i++ {
		id, states := stagedAt(e, i)
		h := happening{
			seen: seen, of: api.Record, id: id, perhaps: true,
			behind: historyCursor{at: seen.Position, staged: recorded.Position, index: i},
		}
		if err := w.add(h, seen.Allowed && w.filter.matches(states...)); err != nil {
			return err
		}
	}
	return nil
}

// stagedAt is one of the records that an event stages, with its states.
func stagedAt(e dns.RecordsStaged, i int) (id int64, states []dns.RecordData) {
	if i < len(e.Added) {
		return e.Added[i].ID, []dns.RecordData{e.Added[i].Record}
	}
	if i -= len(e.Added); i < len(e.Changed) {
		return e.Changed[i].ID, []dns.RecordData{e.Changed[i].Before, e.Changed[i].After}
	}
	i -= len(e.Changed)
	return e.Removed[i].ID, []dns.RecordData{e.Removed[i].Record}
}

// add takes a happening that is to be shown.
func (w *historyWalk) add(h happening, shown bool) error {
	if !shown {
		return nil
	}
	if w.waiting = append(w.waiting, h); len(w.waiting) < historyPortion {
		return nil
	}
	return w.flush()
}

// flush makes entries of the happenings that wait.
func (w *historyWalk) flush() error {
	states, err := w.states()
	if err != nil {
		return err
	}
	for i, h := range w.waiting {
		before, after := states[2*i], states[2*i+1]
		if h.perhaps && reflect.DeepEqual(before, after) {
			continue
		}
		body := historyBody{
			Position: h.seen.Position, Time: h.seen.RecordedAt, Actor: historyActor{h.seen.Actor, h.seen.Username},
			What: h.seen.Type, Before: before, After: after,
		}
		if h.seen.Door != "" {
			body.Door = &h.seen.Door
		}
		w.entries, w.behind = append(w.entries, body), append(w.behind, h.behind)
	}
	w.waiting = nil
	return nil
}

// states are those before and after each happening that waits. Each kind is read at once.
func (w *historyWalk) states() ([]any, error) {
	states := make([]any, 2*len(w.waiting))
	wanted, places := map[api.Resource][]query.Then{}, map[api.Resource][]int{}
	for i, h := range w.waiting {
		wanted[h.of] = append(wanted[h.of], query.Then{ID: h.id, At: h.seen.Position - 1}, query.Then{ID: h.id, At: h.seen.ChangeEnd()})
		places[h.of] = append(places[h.of], 2*i, 2*i+1)
	}
	for kind, thens := range wanted {
		read, err := w.a.stateOf(kind)(w.c, thens)
		if err != nil {
			return nil, err
		}
		for i, place := range places[kind] {
			states[place] = read[i]
		}
	}
	return states, nil
}

// settingsStates are the settings of zones, one zone after the other.
func (a *API) settingsStates(c echo.Context, wanted []query.Then) ([]any, error) {
	items := make([]any, len(wanted))
	for i, then := range wanted {
		ctx := query.AsOf(c.Request().Context(), then.At)
		zone, err := a.DNS.Zone(ctx, then.ID)
		if errors.Is(err, query.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		settings, err := a.DNS.ZoneSettings(ctx, then.ID)
		if err != nil {
			return nil, err
		}
		items[i] = settingsFor(zone, settings.ZoneSettings)
	}
	return items, nil
}
