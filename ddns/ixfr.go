package ddns

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

const (
	// mostEvents is how many events of a zone are read for an IXFR; the client of a zone that has had
	// more since its serial gets the whole zone. So does one where more RRsets were changed than
	// mostTouched, of which each is held in memory.
	mostEvents, mostTouched = 1_000_000, 200_000
	eventsPage              = 1_000
	// looked is how many owners are read at once.
	looked = 500
)

// errWhole says that there are no differences to be sent, but the whole zone.
var errWhole = errors.New("the whole zone is to be sent")

// ixfr sends what has changed since the client's serial, as the log has it: the SOA alone where
// nothing has, the whole zone where that cannot be said, or is too much. By UDP it sends the SOA
// alone, upon which the client asks by TCP.
func (s *Server) ixfr(ctx context.Context, a *asked, at placed, out *stream) error {
	var now zonedata.Zone
	err := s.content(ctx, at, func(c *dnsmodel.Content) error {
		if now = c.Zone; now.Name != out.wire.zone { // it was renamed just now
			return query.ErrNotFound
		}
		return nil
	})
	if err != nil {
		return err
	}
	serial, _ := a.serial()
	a.position = now.Position
	if a.conn == nil || !dns.SerialLater(now.Serial, serial) {
		return out.end(now.SOA())
	}
	d, err := s.difference(ctx, at, serial, now)
	if errors.Is(err, errWhole) {
		return s.axfr(ctx, a, at, out)
	}
	if err != nil {
		return err
	}
	return d.send(out)
}

// difference is what a zone serves otherwise than it did before.
type difference struct {
	before, after  *mdns.SOA
	removed, added []keyedSet
}

// keyedSet is an RRset with its key.
type keyedSet struct {
	key zonedata.Key
	set *zonedata.RRset
}

// send sends it as RFC 1995, section 4, has it, as one difference.
func (d *difference) send(out *stream) error {
	if err := out.soa(d.after); err != nil {
		return err
	}
	for _, part := range []struct {
		soa  *mdns.SOA
		sets []keyedSet
	}{{d.before, d.removed}, {d.after, d.added}} {
		if err := out.soa(part.soa); err != nil {
			return err
		}
		for _, s := range part.sets {
			if err := out.set(s.key, s.set); err != nil {
				return err
			}
		}
	}
	return out.end(d.after)
}

// difference compares the zone with what it was when it had the serial: at the RRsets that events
// since then are about, and at those that are generated, now or then.
func (s *Server) difference(ctx context.Context, at placed, serial uint32, now zonedata.Zone) (*difference, error) {
	then, end, err := s.withSerial(ctx, at, serial, now)
	if err != nil {
		return nil, err
	}
	touched, err := s.touched(ctx, at, then, now)
	if err != nil {
		return nil, err
	}
	for _, z := range []zonedata.Zone{then, now} {
		for key := range z.Sets {
			touched[key] = true
		}
	}
	keys := inOrder(touched)
	before, err := s.setsAsOf(ctx, at, then, end, keys)
	if err != nil {
		return nil, err
	}
	if end, err = s.endOf(ctx, now.Position); err != nil {
		return nil, err
	}
	after, err := s.setsAsOf(ctx, at, now, end, keys)
	if err != nil {
		return nil, err
	}
	d := &difference{before: then.SOA(), after: now.SOA()}
	for i, key := range keys {
		d.compare(key, before[i], after[i])
	}
	return d, nil
}

// compare adds what is otherwise in an RRset.
func (d *difference) compare(key zonedata.Key, before, after *zonedata.RRset) {
	if before.Equal(after) {
		return
	}
	gone, come := before, after
	if before != nil && after != nil && before.TTL == after.TTL {
		gone, come = beyond(before, after), beyond(after, before)
	}
	d.removed, d.added = append(d.removed, keyedSet{key, gone}), append(d.added, keyedSet{key, come})
}

// beyond is the data of an RRset that another has not.
func beyond(set, other *zonedata.RRset) *zonedata.RRset {
	out := &zonedata.RRset{TTL: set.TTL}
	for _, data := range set.Data {
		if _, has := slices.BinarySearch(other.Data, data); !has {
			out.Data = append(out.Data, data)
		}
	}
	return out
}

func inOrder(touched map[zonedata.Key]bool) []zonedata.Key {
	keys := make([]zonedata.Key, 0, len(touched))
	for key := range touched {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b zonedata.Key) int {
		return cmp.Or(strings.Compare(dns.Place(a.Owner), dns.Place(b.Owner)), cmp.Compare(a.Type, b.Type))
	})
	return keys
}

// setsAsOf reads RRsets as they were served when the zone was so, at the end of a change.
func (s *Server) setsAsOf(
	ctx context.Context, at placed, was zonedata.Zone, end domain.Position, keys []zonedata.Key,
) (sets []*zonedata.RRset, err error) {
	err = s.content(query.AsOf(ctx, end), at, func(c *dnsmodel.Content) error {
		if c.Serial != was.Serial {
			return errWhole
		}
		sets = make([]*zonedata.RRset, 0, len(keys))
		for part := range slices.Chunk(keys, looked) {
			owners := make([]string, len(part))
			for i, key := range part {
				owners[i] = key.Owner
			}
			if err := c.Look(owners...); err != nil {
				return err
			}
			for _, key := range part {
				sets = append(sets, c.Served(key))
			}
		}
		return nil
	})
	return sets, err
}

// endOf is the end of the change that an event is part of: inside a change no zone was ever served,
// and the read models have no rows of it.
func (s *Server) endOf(ctx context.Context, p domain.Position) (domain.Position, error) {
	events, err := s.cfg.Store.Read(ctx, p-1, 1)
	if err != nil || len(events) == 0 || events[0].Position != p {
		return p, err
	}
	return events[0].ChangeEnd(), nil
}

// withSerial returns the zone as it was when it had a serial, and the end of a change at which it was so,
// or errWhole where it never had it.
// A serial tells the position as long as the base of serials is the same; else the log is bisected:
// no serial is less than those before it.
func (s *Server) withSerial(
	ctx context.Context, at placed, serial uint32, now zonedata.Zone,
) (then zonedata.Zone, end domain.Position, err error) {
	first, past := domain.Position(0), now.Position // not later than the serial, and later
	guess := now.Position - domain.Position(now.Serial-serial)
	for past-first > 1 {
		if guess <= first || guess >= past {
			guess = first + (past-first)/2
		}
		if end, err = s.endOf(ctx, guess); err != nil {
			return then, end, err
		}
		err = s.content(query.AsOf(ctx, end), at, func(c *dnsmodel.Content) error {
			then = c.Zone
			return nil
		})
		switch {
		case errors.Is(err, query.ErrNotFound):
			first = guess
		case err != nil:
			return then, end, err
		case then.Serial == serial && then.Name == now.Name:
			return then, end, nil
		case dns.SerialLater(serial, then.Serial):
			first = guess
		default:
			past = guess
		}
		guess = 0
	}
	return then, end, errWhole
}

// touched finds the RRsets that events about the zone in the view are about. The error is errWhole
// for an event that is about more than some of them.
func (s *Server) touched(ctx context.Context, at placed, then, now zonedata.Zone) (map[zonedata.Key]bool, error) {
	after, upTo := then.Position, now.Position
	t := &touches{at: at, zone: dns.FoldName(at.Name), settings: now.Settings, keys: map[zonedata.Key]bool{}}
	if !slices.Equal(then.Settings.KeptFrom(), now.Settings.KeptFrom()) {
		return nil, errWhole
	}
	if err := s.readKept(ctx, t, then, now); err != nil {
		return nil, err
	}
	wanted := eventstore.Selection{
		After: after, UpTo: upTo, Limit: eventsPage,
		Tags: []domain.Tag{dns.TagZoneRecords(at.ID), dns.TagZone(at.ID)},
	}
	for id := range t.kept {
		wanted.Tags = append(wanted.Tags, dns.TagZoneRecords(id), dns.TagZone(id))
	}
	read := 0
	for more := after < upTo; more; {
		events, reached, err := s.cfg.Store.Select(ctx, wanted)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			recorded, err := e.Decode(s.cfg.Store.Codec())
			if err != nil {
				return nil, err
			}
			if err := t.take(recorded.Event); err != nil {
				return nil, err
			}
		}
		if read += len(events); read > mostEvents || len(t.keys) > mostTouched {
			return nil, errWhole
		}
		wanted, more = wanted.Rest(reached)
	}
	return t.keys, nil
}

// readKept finds the zones whose PTRs the zone had or has.
func (s *Server) readKept(ctx context.Context, t *touches, zones ...zonedata.Zone) error {
	for _, z := range zones {
		if len(z.Settings.KeptFrom()) == 0 {
			continue
		}
		end, err := s.endOf(ctx, z.Position)
		if err != nil {
			return err
		}
		err = s.content(query.AsOf(ctx, end), t.at, func(c *dnsmodel.Content) error { return c.KeptZones(t.keep) })
		if err != nil {
			return err
		}
	}
	return nil
}

// touches are the RRsets of a zone in a view that events are about.
type touches struct {
	at       placed
	zone     string
	settings dns.ZoneSettings
	// kept are the zones whose PTRs the zone has, with their names.
	kept map[int64]string
	keys map[zonedata.Key]bool
}

func (t *touches) keep(id int64, name string) {
	if t.kept == nil {
		t.kept = map[int64]string{}
	}
	t.kept[id] = name
}

// take takes an event about the zone, or about one whose PTRs it has.
func (t *touches) take(event domain.Event) error {
	for _, change := range dns.AddressChanges(event, func(id int64) string { return t.kept[id] }) {
		if change.View != t.at.view || !change.Concerns(t.zone, t.settings) {
			continue
		}
		if change.Any {
			return errWhole
		}
		for _, d := range change.Of {
			if key, _, is := zonedata.Kept(t.zone, change.Zone, 0, d); is {
				t.keys[key] = true
			}
		}
	}
	if event.SubjectKey() != t.at.ID {
		return nil
	}
	return t.own(event)
}

// own takes an event about the zone. What changes a link, or the zone's records by the many, has no
// RRsets.
func (t *touches) own(event domain.Event) error {
	switch e := event.(type) {
	case dns.RecordAdded:
		return t.record(e.Record)
	case dns.RecordUpdated:
		return errors.Join(t.record(e.Before), t.record(e.After))
	case dns.RecordDeleted:
		return t.record(e.Record)
	case dns.ZoneUpdated:
		if slices.Contains(e.Before.ViewIDs, t.at.view) && slices.Contains(e.After.ViewIDs, t.at.view) && !dns.ServedOtherwise(e.Before, e.After) {
			return nil
		}
		return errWhole
	case dns.ZoneImported:
		if e.ViewID != t.at.view {
			return nil
		}
		return errWhole
	case dns.ZoneSettingsChanged, dns.ImportBegun, dns.RecordsStaged, dns.ImportVoided, dns.DriftFound:
		return nil // of settings follows what is generated, and of the others nothing by itself
	default:
		return errWhole
	}
}

func (t *touches) record(d dns.RecordData) error {
	if d.ViewID != t.at.view {
		return nil
	}
	key, _, err := zonedata.Locate(t.zone, d)
	if err != nil {
		return errWhole
	}
	t.keys[key] = true
	if key.Type == mdns.TypeCNAME { // which stands in the place of the PTR of another zone
		t.keys[zonedata.Key{Owner: key.Owner, Type: mdns.TypePTR}] = true
	}
	return nil
}
