package modeltest

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// gone is what a context had, and may have again.
type gone struct {
	servers map[int64]dnsmodel.Server
	views   map[int64]dnsmodel.View
	zones   map[int64]goneZone
	records map[int64]goneRecord
	// linked is since when a zone's links are open, by view. ended are those that ended last.
	linked map[int64]map[int64]domain.Position
	ended  map[[2]int64]endedLink
}

type goneZone struct {
	dns.ZoneData
	settings dns.ZoneSettings
}

type goneRecord struct {
	dnsmodel.Record
	at domain.Position
}

type endedLink struct {
	since, until domain.Position
	records      map[int64]dnsmodel.Record
}

func nothingGone() gone {
	return gone{
		servers: map[int64]dnsmodel.Server{}, views: map[int64]dnsmodel.View{}, zones: map[int64]goneZone{}, records: map[int64]goneRecord{},
		linked: map[int64]map[int64]domain.Position{}, ended: map[[2]int64]endedLink{},
	}
}

// relinked notes that a zone has links to some views from an event on, before the records of
// those that end are taken away.
func (m *Naive) relinked(zone int64, views []int64, at domain.Position) {
	links := map[int64]domain.Position{}
	for _, view := range views {
		links[view] = at
	}
	for view, since := range m.gone.linked[zone] {
		if slices.Contains(views, view) {
			links[view] = since
			continue
		}
		end := endedLink{since: since, until: at, records: map[int64]dnsmodel.Record{}}
		for id, r := range m.Records {
			if r.ZoneID == zone && r.ViewID == view {
				end.records[id] = r
			}
		}
		m.gone.ended[[2]int64{zone, view}] = end
	}
	m.gone.linked[zone] = links
}

// stepBack brings something back.
func (m *Naive) stepBack() {
	switch m.rng.IntN(9) {
	case 0:
		m.serverBack()
	case 1:
		m.viewBack()
	case 2, 3, 4:
		m.zoneBack()
	case 5, 6:
		m.linksBack()
	default:
		m.recordBack()
	}
}

func (m *Naive) birth(key Key) *dns.Birth {
	t := m.Targets[key]
	return &dns.Birth{Created: t.Created, Creator: t.Creator}
}

func (m *Naive) serverBack() {
	id := Pick(m, m.gone.servers)
	if id == 0 {
		return
	}
	key, s := Key{access.KindServer, id}, m.gone.servers[id]
	at := m.event(dns.ServerCreated{ID: id, Server: s.ServerData, Privilege: m.Targets[key].Privilege, Birth: m.birth(key)})
	m.Servers[id] = dnsmodel.Server{ID: id, ServerData: s.ServerData, Changed: at}
	delete(m.gone.servers, id)
}

func (m *Naive) viewBack() {
	id := Pick(m, m.gone.views)
	if id == 0 {
		return
	}
	key, v := Key{access.KindView, id}, m.gone.views[id]
	at := m.event(dns.ViewCreated{ID: id, View: v.ViewData, Privilege: m.Targets[key].Privilege, Birth: m.birth(key)})
	m.Views[id] = dnsmodel.View{ID: id, ViewData: v.ViewData, Changed: at}
	delete(m.gone.views, id)
}

// zoneBack brings back a deleted zone, as it was or otherwise.
func (m *Naive) zoneBack() {
	id := Pick(m, m.gone.zones)
	if id == 0 || len(m.Views) == 0 {
		return
	}
	was := m.gone.zones[id]
	after := was.ZoneData
	if other := m.zoneData(after.Group); m.rng.IntN(3) == 0 {
		after.Name, after.ViewIDs = other.Name, other.ViewIDs
	}
	after.ViewIDs = slices.DeleteFunc(slices.Clone(after.ViewIDs), func(v int64) bool { _, alive := m.Views[v]; return !alive })
	if after.Group.Rendered() && len(after.ViewIDs) == 0 {
		return
	}
	m.restore(id, nil, after, was.settings)
	delete(m.gone.zones, id)
}

// linksBack links a zone again to views that it had left, and may let it leave others.
func (m *Naive) linksBack() {
	id := Pick(m, m.Zones)
	z := m.Zones[id]
	if id == 0 || !z.Group.Rendered() {
		return
	}
	after := z.ZoneData
	after.ViewIDs = slices.Clone(after.ViewIDs)
	if m.rng.IntN(3) == 0 {
		after.ViewIDs = after.ViewIDs[1:]
	}
	for _, view := range SortedKeys(m.Views) {
		if _, ended := m.gone.ended[[2]int64{id, view}]; ended && !slices.Contains(z.ViewIDs, view) {
			after.ViewIDs = append(after.ViewIDs, view)
		}
	}
	slices.Sort(after.ViewIDs)
	if subset(after.ViewIDs, z.ViewIDs) {
		return
	}
	before := z.ZoneData
	m.restore(id, &before, after, dns.ZoneSettings{})
}

func (m *Naive) restore(id int64, before *dns.ZoneData, after dns.ZoneData, settings dns.ZoneSettings) {
	t := m.Targets[Key{access.KindZone, id}]
	e := dns.ZoneRestored{
		ID: id, Before: before, After: after, Privilege: t.Privilege, Created: t.Created, Creator: t.Creator, Settings: settings,
	}
	var left []int64
	if before != nil {
		left = before.ViewIDs
	}
	for _, view := range dns.LinkedViews(after) {
		end, ended := m.gone.ended[[2]int64{id, view}]
		if ended && !slices.Contains(left, view) && (before != nil || m.rng.IntN(4) > 0) {
			e.Links = append(e.Links, dns.RestoredLink{View: view, Since: end.since, Until: end.until})
		}
	}
	z := dnsmodel.Zone{ID: id, ZoneData: after, Changed: m.event(e)}
	m.Zones[id] = z
	m.relinked(id, dns.LinkedViews(after), z.Changed)
	if !subset(left, after.ViewIDs) {
		m.dropRecords(z.Changed, func(r dnsmodel.Record) bool { return r.ZoneID == id && !slices.Contains(after.ViewIDs, r.ViewID) })
	}
	for _, l := range e.Links {
		m.gone.linked[id][l.View] = l.Since
		for record, r := range m.gone.ended[[2]int64{id, l.View}].records {
			m.Records[record] = r
		}
	}
	m.markLinks(id, left, before == nil)
	if settings != (dns.ZoneSettings{}) {
		m.Settings[id] = settings
	}
}

// recordBack undoes the deletion of a record, whose zone is linked to its view now.
func (m *Naive) recordBack() {
	id := Pick(m, m.gone.records)
	r := m.gone.records[id].Record
	if _, linked := m.gone.linked[r.ZoneID][r.ViewID]; id == 0 || !linked {
		return
	}
	r.Changed = m.event(dns.RecordAdded{ID: id, ZoneID: r.ZoneID, Record: r.RecordData})
	m.Events[len(m.Events)-1].Causation = m.gone.records[id].at
	m.Records[id] = r
	m.mark(r, r.Changed)
	delete(m.gone.records, id)
}
