package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/domain/plainjson"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/rowset"
)

// formerState withholds what events of a dry run tell of the state before the request.
//
// Invariants:
//  1. Whoever does not see the operation log's entries of others on a resource, see
//     [access.Actor.Sees], is shown null for all that the resource was, and for what of it stays:
//     what they may change is not for that reason for them to read.
//  2. What the request itself supplies or makes is shown. What comes from the log is not of the
//     request: it is former state.
type formerState struct {
	caller *identity.User
	known  rights.Known
	// fromLog: what the resources become is not of the request, see [Write.FromLog].
	fromLog bool
}

// formerState reads what rights on the resources of events follow from, once the read models have
// caught up with the log.
func (k *Kernel) formerState(w *Request, events []domain.Event) (*formerState, error) {
	f := &formerState{caller: w.Caller, fromLog: w.write.FromLog}
	if w.Caller == nil || w.Caller.Sees(access.Entry{}) || !k.anyOf(domain.ContextDNS, events) {
		return f, nil // admin sees every entry
	}
	if _, err := k.AwaitHead(w.Context(), domain.ContextDNS); err != nil {
		return nil, err
	}
	var servers, zones, records rowset.Keys[int64]
	add := func(to *rowset.Keys[int64], id int64) {
		if id != 0 && !eventstore.Undrawn(id) {
			to.Add(id)
		}
	}
	for _, e := range events {
		switch e := e.(type) {
		case dns.ServerCreated: // which has an id already if it comes back
			add(&servers, e.ID)
		case dns.ServerUpdated:
			add(&servers, e.ID)
		case dns.ServerDeleted:
			add(&servers, e.ID)
		case dns.RecordUpdated:
			add(&records, e.ID)
		case dns.RecordDeleted:
			add(&records, e.ID)
		case dns.RecordsStaged:
			for _, r := range e.Changed {
				add(&records, r.ID)
			}
			for _, r := range e.Removed {
				add(&records, r.ID)
			}
		}
		add(&zones, zoneOfEvent(e))
	}
	var err error
	if f.known, err = k.DNS.Known(w.Context(), servers.List, zones.List, records.List); err != nil {
		return nil, fmt.Errorf("read what rights on events follow from: %w", err)
	}
	return f, nil
}

// zoneOfEvent is the zone of whose state, or whose records' state, an event tells; 0 for none.
func zoneOfEvent(e domain.Event) int64 {
	switch e := e.(type) {
	case dns.ZoneUpdated:
		return e.ID
	case dns.ZoneDeleted:
		return e.ID
	case dns.ZoneRestored:
		return e.ID
	case dns.ZoneSettingsChanged:
		return e.ID
	case dns.RecordAdded:
		return e.ZoneID
	case dns.RecordUpdated:
		return e.ZoneID
	case dns.RecordDeleted:
		return e.ZoneID
	case dns.RecordsStaged:
		return e.ZoneID
	default:
		return 0
	}
}

// show is an event's stored form as the caller is shown it.
func (f *formerState) show(e domain.Event, data json.RawMessage) (json.RawMessage, error) {
	if staged, is := e.(dns.RecordsStaged); is {
		return f.showStaged(staged, data)
	}
	return f.withheld(e).Null(data)
}

// withheld says what of an event is withheld from the caller. Views are for everybody; what else has
// no case here is of admin's events alone, or tells of no former state.
func (f *formerState) withheld(e domain.Event) *access.Withheld {
	var seen bool
	var w *access.Withheld
	switch e := e.(type) {
	case dns.ServerCreated:
		seen, w = f.seesServer(e.ID), whole("server", "privilege", "birth")
	case dns.ServerUpdated:
		seen, w = f.seesServer(e.ID), update(e.Before, e.After)
	case dns.ServerDeleted:
		seen, w = f.seesServer(e.ID), whole("server", "privilege")
	case dns.ZoneUpdated:
		seen, w = f.seesZone(e.ID), update(e.Before, e.After)
	case dns.ZoneDeleted:
		seen, w = f.seesZone(e.ID), whole("zone", "privilege")
	case dns.ZoneRestored:
		seen, w = f.seesZone(e.ID), whole("before", "after", "privilege", "created", "creator", "links", "settings")
	case dns.ZoneSettingsChanged:
		seen, w = f.seesZone(e.ID), update(e.Before, e.After)
		w.Fields["raise"] = whole("zone", "views", "unserved")
	case dns.RecordAdded: // which has an id already if it comes back
		seen, w = f.seesRecord(e.ID, e.ZoneID), whole("record")
	case dns.RecordUpdated:
		seen, w = f.seesRecord(e.ID, e.ZoneID), update(e.Before, e.After)
	case dns.RecordDeleted:
		seen, w = f.seesRecord(e.ID, e.ZoneID), whole("record")
	case dns.RolloutStarted: // which follows from a change of views as well, and names servers
		seen, w = f.caller != nil && f.caller.May(access.EditBindConf()), whole("order", "soak_s")
	case ops.MachineAdded:
		seen, w = f.holds(access.CodeGetMachine) || eventstore.Undrawn(e.ID), whole("machine")
	case ops.MachineUpdated:
		seen, w = f.holds(access.CodeGetMachine) || eventstore.Undrawn(e.ID), update(e.Before, e.After)
	case ops.MachineDeleted:
		seen, w = f.holds(access.CodeGetMachine) || eventstore.Undrawn(e.ID), whole("machine")
	case ops.UserKeysChanged:
		seen, w = f.holds(access.CodeGetSSHKey) || f.isCaller(e.User), whole("before")
	case access.UserProfileChanged:
		seen, w = f.holds(access.CodeGetUser) || f.isCaller(e.ID), update(e.Before, e.After)
	}
	if seen || w == nil {
		return nil
	}
	if _, is := w.Fields["after"]; is && f.fromLog {
		w.Fields["after"] = &access.Withheld{Whole: true}
	}
	return w
}

// showStaged withholds by the right to each record.
func (f *formerState) showStaged(e dns.RecordsStaged, data json.RawMessage) (json.RawMessage, error) {
	var shown struct {
		Import  json.RawMessage   `json:"import"`
		ZoneID  json.RawMessage   `json:"zone_id"`
		ViewID  json.RawMessage   `json:"view_id"`
		Added   json.RawMessage   `json:"added,omitempty"`
		Changed []json.RawMessage `json:"changed,omitempty"`
		Removed []json.RawMessage `json:"removed,omitempty"`
	}
	if err := json.Unmarshal(data, &shown); err != nil {
		return nil, err
	}
	for i, r := range e.Changed {
		if f.seesRecord(r.ID, e.ZoneID) {
			continue
		}
		var err error
		if shown.Changed[i], err = update(r.Before, r.After).Null(shown.Changed[i]); err != nil {
			return nil, err
		}
	}
	for i, r := range e.Removed {
		if f.seesRecord(r.ID, e.ZoneID) {
			continue
		}
		var err error
		if shown.Removed[i], err = whole("record").Null(shown.Removed[i]); err != nil {
			return nil, err
		}
	}
	return plainjson.Line(shown)
}

// whole withholds some fields.
func whole(fields ...string) *access.Withheld {
	w := &access.Withheld{Fields: map[string]*access.Withheld{}}
	for _, name := range fields {
		w.Fields[name] = &access.Withheld{Whole: true}
	}
	return w
}

// update withholds what was before, and what is the same after it: whether the request has supplied
// that, or it has stayed, is not known.
func update[T any](before, after T) *access.Withheld {
	w, same := whole("before"), whole()
	was, is := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range was.NumField() {
		if reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			name, _, _ := strings.Cut(was.Type().Field(i).Tag.Get("json"), ",")
			same.Fields[name] = &access.Withheld{Whole: true}
		}
	}
	w.Fields["after"] = same
	return w
}

func (f *formerState) isCaller(id domain.UserID) bool { return f.caller != nil && f.caller.ID == id }

func (f *formerState) holds(code int) bool { return f.sees(access.Entry{Code: code}) }

func (f *formerState) sees(e access.Entry) bool { return f.caller != nil && f.caller.Sees(e) }

func (f *formerState) seesServer(id int64) bool { return f.seesOneOf(f.known.Servers, id) }

func (f *formerState) seesZone(id int64) bool { return f.seesOneOf(f.known.Zones, id) }

// seesOneOf says whether the caller sees a resource. One that the read models do not have is for admin.
func (f *formerState) seesOneOf(all map[int64]rights.Resource, id int64) bool {
	if eventstore.Undrawn(id) || f.sees(access.Entry{}) {
		return true
	}
	r, known := all[id]
	return known && f.sees(access.Entry{Target: &r.Target, Deleted: r.Gone()})
}

// seesRecord says whether the caller sees a record: without a privilege of its own it is seen as its
// zone is.
func (f *formerState) seesRecord(id, zone int64) bool {
	manual, own := f.known.Records[id]
	if eventstore.Undrawn(id) || !own {
		return eventstore.Undrawn(id) || f.seesZone(zone)
	}
	z, known := f.known.Zones[zone]
	return known && f.sees(access.Entry{
		Target: &access.Target{Kind: access.KindRecord, ID: id, Manual: manual}, Zone: z.Target, ZoneDeleted: z.Gone(),
	})
}
