package zonedata

import (
	"cmp"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Edit is what events make of a zone in a view: the content before them, and after.
type Edit struct {
	before Zone
	view   int64
	// at returns the records of an RRset before the events.
	at func(Key) []Record
	// touched are the RRsets that the events are about, as they are after them.
	touched  Records
	settings dns.ZoneSettings
	fleet    dns.Fleet
	kept     KeptDiff
}

// KeptDiff are the PTRs that a zone may have of other zones, before events and after them, by owner:
// all of which that may differ, whatever stands in their place.
type KeptDiff struct{ Before, After map[string]*RRset }

// Owners are those of both.
func (d KeptDiff) Owners() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for owner := range d.Before {
			if !yield(owner) {
				return
			}
		}
		for owner := range d.After {
			if _, both := d.Before[owner]; !both && !yield(owner) {
				return
			}
		}
	})
}

// Keep says which PTRs of other zones there are.
func (e *Edit) Keep(d KeptDiff) { e.kept = d }

// withKept is a lookup of what is served of a zone's own records and those that are kept.
func withKept(own Lookup, kept map[string]*RRset) Lookup {
	return func(key Key) *RRset {
		set := own(key)
		if set == nil && key.Type == mdns.TypePTR && kept[key.Owner] != nil && own(Key{Owner: key.Owner, Type: mdns.TypeCNAME}) == nil {
			return kept[key.Owner]
		}
		return set
	}
}

// NewEdit begins an edit of what a zone serves in a view.
func NewEdit(before Zone, view int64, at func(Key) []Record) *Edit {
	return &Edit{before: before, view: view, at: at, touched: Records{}, settings: before.Settings, fleet: before.Fleet}
}

// Fleet says which fleet there is after the events; without it, it stays.
func (e *Edit) Fleet(after dns.Fleet) { e.fleet = after }

// Hosts lists the owners of the records that events are about.
func Hosts(events []domain.Event) (hosts []string) {
	for _, event := range singly(events) {
		switch event := event.(type) {
		case dns.RecordAdded:
			hosts = append(hosts, event.Record.Host)
		case dns.RecordUpdated:
			hosts = append(hosts, event.Before.Host, event.After.Host)
		case dns.RecordDeleted:
			hosts = append(hosts, event.Record.Host)
		}
	}
	return hosts
}

// States lists what records were before events and are after them.
func States(events []domain.Event) (states []dns.RecordData) {
	for _, event := range singly(events) {
		if _, _, before, after := dns.AboutRecord(event); before != nil || after != nil {
			for _, state := range []*dns.RecordData{before, after} {
				if state != nil {
					states = append(states, *state)
				}
			}
		}
	}
	return states
}

// KeptLines are the lines of the PTRs that are served of those that a zone may have of others, given the zone's own.
func KeptLines(zone string, own Lookup, kept map[string]*RRset) (lines []string, err error) {
	served := withKept(own, kept)
	for owner := range kept {
		key := Key{Owner: owner, Type: mdns.TypePTR}
		if own(key) != nil {
			continue
		}
		more, err := served(key).Lines(zone, key)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	slices.Sort(lines)
	return lines, nil
}

// singly has an event of its own for each record that is staged.
func singly(events []domain.Event) (all []domain.Event) {
	for _, e := range events {
		if staged, is := e.(dns.RecordsStaged); is {
			all = append(all, staged.Singly()...)
		} else {
			all = append(all, e)
		}
	}
	return all
}

func (e *Edit) zone() string { return dns.FoldName(e.before.Name) }

// Apply takes the next event about the zone's records or settings.
func (e *Edit) Apply(event domain.Event) error {
	switch event := event.(type) {
	case dns.RecordsStaged:
		for _, single := range event.Singly() {
			if err := e.Apply(single); err != nil {
				return err
			}
		}
	case dns.RecordAdded:
		return e.put(event.ID, event.Record)
	case dns.RecordUpdated:
		if err := e.take(event.ID, event.Before); err != nil {
			return err
		}
		return e.put(event.ID, event.After)
	case dns.RecordDeleted:
		return e.take(event.ID, event.Record)
	case dns.ZoneSettingsChanged:
		e.settings = event.After
	}
	return nil
}

func (e *Edit) put(id int64, d dns.RecordData) error {
	if d.ViewID != e.view {
		return nil
	}
	key, data, err := Locate(e.zone(), d)
	if err != nil {
		return err
	}
	e.touched[key] = append(e.records(key), Record{ID: id, TTL: d.TTL, Data: data})
	return nil
}

func (e *Edit) take(id int64, d dns.RecordData) error {
	if d.ViewID != e.view {
		return nil
	}
	key, _, err := Locate(e.zone(), d)
	if err != nil {
		return err
	}
	e.touched[key] = slices.DeleteFunc(e.records(key), func(r Record) bool { return r.ID == id })
	return nil
}

// records are those of an RRset so far, in a list of the caller's.
func (e *Edit) records(key Key) []Record {
	if records, touched := e.touched[key]; touched {
		return records
	}
	return slices.Clone(e.at(key))
}

// Diff lists the lines of zone text that go and those that come, in canonical order. The SOA is
// among them only if more than its serial changes, and has the present serial then, which is asked
// for only in that case.
func (e *Edit) Diff(serial func() (uint32, error)) (removed, added []string, err error) {
	after := e.before
	after.Settings, after.Fleet = e.settings, e.fleet
	var own Lookup = func(key Key) *RRset {
		if records, touched := e.touched[key]; touched {
			return Assemble(records)
		}
		return Assemble(e.at(key))
	}
	after.Generated = Generate(after.Name, after.Fleet, after.Settings.TTL(), own)
	if before, now := e.before.SOA(), after.SOA(); before.String() != now.String() {
		if before.Serial, err = serial(); err != nil {
			return nil, nil, err
		}
		now.Serial = before.Serial
		removed, added = append(removed, before.String()), append(added, now.String())
	}
	was := withKept(func(key Key) *RRset { return Assemble(e.at(key)) }, e.kept.Before)
	own = withKept(own, e.kept.After)
	for _, key := range e.keys(after) {
		before, now := e.before.Set(key, was), after.Set(key, own)
		if before.Equal(now) {
			continue
		}
		goes, err := before.Lines(after.Name, key)
		if err != nil {
			return nil, nil, err
		}
		comes, err := now.Lines(after.Name, key)
		if err != nil {
			return nil, nil, err
		}
		removed, added = append(removed, without(goes, comes)...), append(added, without(comes, goes)...)
	}
	return removed, added, nil
}

// keys are those of all RRsets that may differ, in canonical order.
func (e *Edit) keys(after Zone) []Key {
	all := map[Key]bool{}
	for key := range e.touched {
		all[key] = true
	}
	for _, owner := range e.kept.Owners() {
		all[Key{Owner: owner, Type: mdns.TypePTR}] = true
	}
	for _, z := range []Zone{e.before, after} {
		for key := range z.Sets {
			all[key] = true
		}
	}
	keys := make([]Key, 0, len(all))
	for key := range all {
		if key.Type != mdns.TypeSOA {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(strings.Compare(dns.Place(a.Owner), dns.Place(b.Owner)), cmp.Compare(a.Type, b.Type))
	})
	return keys
}

func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
}
