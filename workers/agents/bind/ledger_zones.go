package bind

import (
	"fmt"
	"maps"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

func absoluteZone(name string) string { return dns.FoldName(name) + "." }

// addZone makes the zone's faces. changed holds their serials (snapshot), else p is it.
func (l *ledger) addZone(id int64, data dns.ZoneData, changed map[int64]domain.Position, p domain.Position) {
	if !data.Group.Rendered() {
		return
	}
	z := &zone{data: data, faces: map[int64]*face{}}
	l.zones[id] = z
	for _, view := range data.ViewIDs {
		f := newFace(id, data, max(p, changed[view]))
		z.faces[view] = f
		l.place(view, data.Name, f, f.changed)
	}
}

func newFace(id int64, data dns.ZoneData, changed domain.Position) *face {
	f := &face{zoneID: id, changed: changed, sets: map[setKey][]member{}}
	if data.Type == dns.ZoneForwardOnly {
		f.forwarders = append([]string{}, data.Forwarders...)
	}
	return f
}

// place says what is wanted at a zone's place in a view; nil for nothing.
func (l *ledger) place(view int64, name string, want *face, p domain.Position) {
	key := siteKey{view: view, zone: absoluteZone(name)}
	s := l.sites[key]
	if s == nil {
		// The inventory made sites of all that named had, so this it has not; if
		// somebody added it since, adding it says so.
		s = &site{key: key, installed: installed{known: l.stock.owes() == 0}}
		l.sites[key] = s
	}
	s.replace(want)
	l.owe(s, p)
}

// leave empties a place if it is the face's still: in the same event another
// zone cannot have taken it, but an earlier event's removal may be under way.
func (l *ledger) leave(view int64, name string, f *face, p domain.Position) {
	s := l.sites[siteKey{view: view, zone: absoluteZone(name)}]
	if s != nil && s.want == f {
		s.replace(nil)
		l.owe(s, p)
	}
}

func (l *ledger) dropZone(id int64, p domain.Position) {
	z := l.zones[id]
	if z == nil {
		return
	}
	delete(l.zones, id)
	for view, f := range z.faces {
		l.leave(view, z.data.Name, f, p)
	}
}

// updateZone unlinks, links, renames, and switches the type, as the data says.
func (l *ledger) updateZone(id int64, after dns.ZoneData, p domain.Position) error {
	z := l.zones[id]
	if z == nil {
		if after.Group.Rendered() {
			return fmt.Errorf("zone %d is not known", id)
		}
		return nil
	}
	before := z.data
	z.data = after
	for _, view := range before.ViewIDs {
		if !slices.Contains(after.ViewIDs, view) {
			l.leave(view, before.Name, z.faces[view], p)
			delete(z.faces, view)
		}
	}
	renamed := absoluteZone(before.Name) != absoluteZone(after.Name)
	retyped := before.Type != after.Type || after.Type == dns.ZoneForwardOnly && !slices.Equal(before.Forwarders, after.Forwarders)
	for _, view := range after.ViewIDs {
		old := z.faces[view]
		if old != nil && !renamed && !retyped {
			continue
		}
		if err := l.remake(id, z, view, before, p); err != nil {
			return err
		}
	}
	return nil
}

// remake gives the zone a new face in a view, with the records of the old one.
func (l *ledger) remake(id int64, z *zone, view int64, before dns.ZoneData, p domain.Position) error {
	next := newFace(id, z.data, p)
	if old := z.faces[view]; old != nil {
		if !next.forwards() {
			sets, err := rebase(old.sets, absoluteZone(before.Name), absoluteZone(z.data.Name))
			if err != nil {
				return err
			}
			next.sets = sets
		}
		if absoluteZone(before.Name) != absoluteZone(z.data.Name) {
			l.leave(view, before.Name, old, p)
		}
	}
	z.faces[view] = next
	l.place(view, z.data.Name, next, p)
	return nil
}

// rebase renders records for another zone name: names in values may be relative to it.
func rebase(sets map[setKey][]member, from, to string) (map[setKey][]member, error) {
	if from == to {
		return maps.Clone(sets), nil
	}
	out := make(map[setKey][]member, len(sets))
	for key, members := range sets {
		next := make([]member, 0, len(members))
		for _, m := range members {
			data, err := dns.ParseRData(zoneOf(to), mdns.TypeToString[key.rrtype], m.value)
			if err != nil {
				return nil, fmt.Errorf("record %d: %w", m.id, err)
			}
			if m.rdata, err = rdataOf(data.RR(".", m.ttl)); err != nil {
				return nil, fmt.Errorf("record %d: %w", m.id, err)
			}
			next = append(next, m)
		}
		out[key] = next
	}
	return out, nil
}

// zoneOf is the zone's name as the domain has it, without final dot.
func zoneOf(absolute string) string { return dns.FoldName(absolute) }
