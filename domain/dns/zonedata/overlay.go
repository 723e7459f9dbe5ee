package zonedata

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Overlay is what events leave of the records of a zone in a view, by id: those that they made or
// changed, and nil for those that they removed.
type Overlay map[int64]*dns.RecordData

// NewOverlay takes the events about a zone's records.
func NewOverlay(view int64, events []domain.Event) Overlay {
	o := Overlay{}
	put := func(id int64, d dns.RecordData) {
		if o[id] = nil; d.ViewID == view {
			o[id] = &d
		}
	}
	for _, e := range singly(events) {
		switch e := e.(type) {
		case dns.RecordAdded:
			put(e.ID, e.Record)
		case dns.RecordUpdated:
			put(e.ID, e.After)
		case dns.RecordDeleted:
			o[e.ID] = nil
		}
	}
	return o
}

// Lookup looks up the records that there are after the events in a zone of that name; at returns
// those before the events, as they are under the name. An overlay has no record that cannot be
// located: its events were decided.
func (o Overlay) Lookup(zone string, at func(Key) []Record) (Lookup, error) {
	made := Records{}
	for id, d := range o {
		if d == nil {
			continue
		}
		key, data, err := Locate(zone, *d)
		if err != nil {
			return nil, err
		}
		made[key] = append(made[key], Record{ID: id, TTL: d.TTL, Data: data})
	}
	return func(key Key) *RRset {
		kept := slices.DeleteFunc(slices.Clone(at(key)), func(r Record) bool { _, over := o[r.ID]; return over })
		return Assemble(append(kept, made[key]...))
	}, nil
}

// Write writes a zone as it is after the events, line by line, see [NewText]. Base goes through the
// records before them in canonical order.
func (o Overlay) Write(z Zone, base func(each func(id int64, d dns.RecordData) error) error, line func(string) error) error {
	text, err := NewText(z, line)
	if err != nil {
		return err
	}
	zone, made := dns.FoldName(z.Name), o.inOrder()
	add := func(id int64, d dns.RecordData) error {
		key, data, err := Locate(zone, d)
		if err != nil {
			return err
		}
		return text.Add(key, Record{ID: id, TTL: d.TTL, Data: data})
	}
	upTo := func(place string) error {
		for len(made) > 0 && made[0].place <= place {
			if err := add(made[0].id, *o[made[0].id]); err != nil {
				return err
			}
			made = made[1:]
		}
		return nil
	}
	err = base(func(id int64, d dns.RecordData) error {
		if _, over := o[id]; over {
			return nil
		}
		if err := upTo(dns.Place(d.Host)); err != nil {
			return err
		}
		return add(id, d)
	})
	if err != nil {
		return err
	}
	if err := upTo(afterAll); err != nil {
		return err
	}
	return text.End()
}

// placedID is the place of a record's owner.
type placedID struct {
	place string
	id    int64
}

func (o Overlay) inOrder() []placedID {
	var all []placedID
	for id, d := range o {
		if d != nil {
			all = append(all, placedID{dns.Place(d.Host), id})
		}
	}
	slices.SortFunc(all, func(a, b placedID) int { return strings.Compare(a.place, b.place) })
	return all
}
