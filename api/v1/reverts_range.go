package v1

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/revert"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// rangeRevert undoes what changes between two positions, both included, did to a zone and its
// records.
type rangeRevert struct {
	from, to domain.Position
	zone     int64
}

func readRange(p *api.Params, from, to, zone int64) rangeRevert {
	switch {
	case from < 1:
		p.Refuse("from", "must be a position of the log")
	case to < from:
		p.Refuse("to", "must not be before from")
	case zone < 1:
		p.Refuse("zone_id", "must be the id of a zone")
	}
	return rangeRevert{from: domain.Position(from), to: domain.Position(to), zone: zone}
}

func (r rangeRevert) command(a *API, w *api.Request) (domain.Command, error) {
	if err := a.seesZone(w, r.zone); err != nil {
		return nil, err
	}
	first, err := a.changeAt(w, "from", r.from)
	if err != nil {
		return nil, err
	}
	last, err := a.changeAt(w, "to", r.to)
	if err != nil {
		return nil, err
	}
	events, err := a.eventsOf(w.Context(), ofZone(r.zone, first[0].Position-1, last[0].ChangeEnd()), revert.MostInverses)
	if err != nil {
		return nil, err
	}
	seen, err := a.see(w, events)
	if err != nil {
		return nil, err
	}
	done, err := wholly(seen)
	if err != nil {
		return nil, err
	}
	return a.undoingAll(w, done)
}

// changeAt is the change that a position is in.
func (a *API) changeAt(w *api.Request, field string, p domain.Position) ([]protocol.Envelope, error) {
	events, err := a.Store.ReadChange(w.Context(), p)
	if err == nil && len(events) == 0 {
		err = domain.Invalid(field, "the log has not reached the position")
	}
	return events, err
}

// ofZone are the events of a part of the log that change a zone or its records: what an import
// stages does so with the end of the import.
func ofZone(zone int64, after, upTo domain.Position) eventstore.Selection {
	of := eventstore.Selection{After: after, UpTo: upTo, Tags: []domain.Tag{dns.TagZone(zone), dns.TagZoneRecords(zone)}}
	for _, e := range []domain.Event{
		dns.ZoneCreated{}, dns.ZoneUpdated{}, dns.ZoneDeleted{}, dns.ZoneRestored{}, dns.ZoneSettingsChanged{}, dns.ZoneImported{},
		dns.RecordAdded{}, dns.RecordUpdated{}, dns.RecordDeleted{},
	} {
		of.Types = append(of.Types, e.EventType())
	}
	return of
}

// seesZone refuses a zone that the caller does not see, there or gone, as one that never was.
func (a *API) seesZone(w *api.Request, zone int64) error {
	sees, err := a.Feed.SeesZone(w.Context(), w.Caller, zone)
	if err == nil && !sees {
		err = domain.NotFound("%s %d 不存在！", "Zone", zone)
	}
	return err
}
