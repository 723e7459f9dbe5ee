package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/plainjson"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/rowset"
)

// sightLife is how old what rights follow from may be when an event is shown.
const sightLife = 50 * time.Millisecond

// sight is what rights on an event follow from, as the read models had it at a time.
type sight struct {
	at    time.Time
	entry access.Entry
	// zone is the name of the event's zone now, name that of its resource, empty for none
	// that the read models know.
	zone, name string
}

func (s *sight) fresh(now time.Time) bool { return s != nil && now.Sub(s.at) < sightLife }

// ErrUnknown says that the read models do not have a zone or a server that an event is on,
// though they have had the event: they have lost it to a crash of the database, and will have
// it again.
var ErrUnknown = errors.New("the read models do not have what an event is on, yet")

// look makes sure that what rights on events of the window follow from is known as of now.
// Readers that want the same at the same moment look once.
func (f *Feed) look(ctx context.Context, events []*event) error {
	if fresh(events) {
		return nil
	}
	select {
	case f.looking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-f.looking }()
	if fresh(events) {
		return nil // while we waited
	}
	return f.see(ctx, events)
}

// see reads what rights on the events follow from.
func (f *Feed) see(ctx context.Context, events []*event) error {
	began := time.Now()
	var servers, zones, records rowset.Keys[int64]
	for _, e := range events {
		if err := e.open(f.codec); err != nil {
			return err
		}
		if e.subject.kind == kindServer {
			servers.Add(e.subject.id)
		}
		if e.subject.kind == kindRecord {
			records.Add(e.subject.id)
		}
		if zone := e.zoneID(); zone != 0 {
			zones.Add(zone)
		}
	}
	known, err := rights.Know(ctx, f.pool, servers.List, zones.List, records.List)
	if err != nil {
		return fmt.Errorf("read what rights on events follow from: %w", err)
	}
	for _, e := range events {
		s, ok := sightOf(e, &known)
		if !ok {
			return fmt.Errorf("%w: event %d", ErrUnknown, e.Position)
		}
		s.at = began
		e.sight.Store(s)
	}
	return nil
}

func fresh(events []*event) bool {
	now := time.Now()
	for _, e := range events {
		if !e.sight.Load().fresh(now) {
			return false
		}
	}
	return true
}

// sightOf is false if something is missing.
func sightOf(e *event, known *rights.Known) (s *sight, ok bool) {
	on := &e.subject
	s = &sight{entry: access.Entry{Actor: e.Actor, Code: on.code}}
	if zone := e.zoneID(); zone != 0 {
		z, there := known.Zones[zone]
		if !there {
			return nil, false
		}
		s.entry.Zone, s.entry.ZoneDeleted, s.zone = z.Target, z.Gone(), z.Name
	}
	switch on.kind {
	case kindView, kindViewOrder:
		s.entry.Target = &access.Target{Kind: access.KindView, ID: on.id}
	case kindServer:
		r, there := known.Servers[on.id]
		if !there {
			return nil, false
		}
		s.entry.Target, s.entry.Deleted, s.name = &r.Target, r.Gone(), r.Name
	case kindZone:
		s.entry.Target, s.entry.Deleted, s.name = &s.entry.Zone, s.entry.ZoneDeleted, s.zone
	case kindRecord:
		// Without a privilege of its own a record is seen as its zone is, gone or not.
		manual, own := known.Records[on.id]
		s.entry.Target = &access.Target{Kind: access.KindRecord, ID: on.id, Manual: manual}
		s.entry.Deleted = !own
	}
	return s, true
}

// show returns those of the events that the user sees, as they see them. The user must be as
// of now, and the events looked at.
func (f *Feed) show(ctx context.Context, who *identity.User, events []*event) ([]Shown, error) {
	shown := make([]Shown, 0, len(events))
	for _, e := range events {
		s := e.sight.Load()
		if !who.Sees(s.entry) {
			continue
		}
		one, err := f.within(ctx, who.Credential, e, s)
		if err != nil {
			return nil, err
		}
		if one != nil {
			shown = append(shown, *one)
		}
	}
	return shown, nil
}

// within shows an event within the bounds of a credential; nil: nothing of it.
func (f *Feed) within(ctx context.Context, c *access.Credential, e *event, s *sight) (*Shown, error) {
	if c == nil {
		return f.shownWhole(ctx, e, s)
	}
	part, any := dns.Shown(&c.CredentialState, s.zone, e.decoded)
	if !any {
		return nil, nil
	}
	if _, many := part.(dns.RecordsStaged); !many {
		return f.shownWhole(ctx, e, s)
	}
	data, err := plainjson.Line(part)
	if err != nil {
		return nil, err
	}
	return f.render(ctx, e, s, data)
}
