package projections

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// naive is the dns context as a child would model it: it makes random valid
// events and applies them to plain maps, deleting what goes one by one.
type naive struct {
	chain
	rng     *rand.Rand
	last    int64
	ids     map[access.Kind]int64
	servers map[int64]Server
	views   map[int64]View
	zones   map[int64]Zone
	changed map[int64]map[int64]domain.Position
	records map[int64]Record
	conf    *BindConf
	// removed is, by position, how many records a zone event took away.
	removed map[domain.Position]int
	entries int
	// targets are the servers, views and zones that ever were, as rights see them.
	targets    map[resourceKey]access.Target
	privileges int64
}

func newNaive(seed uint64) *naive {
	return &naive{
		rng: rand.New(rand.NewPCG(seed, 1)), ids: map[access.Kind]int64{}, servers: map[int64]Server{}, views: map[int64]View{}, zones: map[int64]Zone{},
		changed: map[int64]map[int64]domain.Position{}, records: map[int64]Record{}, removed: map[domain.Position]int{}, targets: map[resourceKey]access.Target{},
	}
}

// run makes n events.
func (m *naive) run(n int) {
	for len(m.events) < n {
		m.step()
	}
}

// step makes an event, or none.
func (m *naive) step() {
	switch k := m.rng.IntN(100); {
	case k < 5:
		m.stepServer()
	case k < 12:
		m.stepView()
	case k < 30:
		m.stepZone()
	case k < 98:
		m.stepRecord()
	default:
		at := m.event(dns.BindConfChanged{Text: fmt.Sprint("conf ", m.id()), Secrets: []string{"s"}})
		e := m.events[len(m.events)-1].Event.(dns.BindConfChanged)
		m.conf = &BindConf{Text: e.Text, Secrets: e.Secrets, Changed: at}
	}
}

func (m *naive) id() int64 { m.last++; return m.last }

// newID is the next id of a kind. Each kind counts from 1, so one number names
// several resources.
func (m *naive) newID(kind access.Kind) int64 { m.ids[kind]++; return m.ids[kind] }

func (m *naive) event(e domain.Event) domain.Position {
	m.entries++
	at := m.add(domain.UserID(m.rng.IntN(5)), e)
	m.target(m.events[len(m.events)-1])
	return at
}

// privilege is the first of the next three ids.
func (m *naive) privilege() int64 {
	m.privileges++
	return access.FirstPrivilege + (m.privileges-1)*access.PrivilegeStep
}

func (m *naive) target(e domain.Recorded) {
	begins := func(kind access.Kind, id, privilege int64, name string) {
		m.targets[resourceKey{kind, id}] = access.Target{Kind: kind, ID: id, Name: name, Privilege: privilege, Created: e.Position, Creator: e.Actor}
	}
	called := func(kind access.Kind, id int64, name string) {
		t := m.targets[resourceKey{kind, id}]
		t.Name = name
		m.targets[resourceKey{kind, id}] = t
	}
	switch event := e.Event.(type) {
	case dns.ServerCreated:
		begins(access.KindServer, event.ID, event.Privilege, event.Server.Host)
	case dns.ServerUpdated:
		called(access.KindServer, event.ID, event.After.Host)
	case dns.ViewCreated:
		begins(access.KindView, event.ID, event.Privilege, event.View.Name)
	case dns.ViewUpdated:
		called(access.KindView, event.ID, event.After.Name)
	case dns.ZoneCreated:
		begins(access.KindZone, event.ID, event.Privilege, event.Zone.Name)
	case dns.ZoneUpdated:
		called(access.KindZone, event.ID, event.After.Name)
	}
}

// pick returns a random key, 0 of none.
func pick[V any](m *naive, rows map[int64]V) int64 {
	all := sortedKeys(rows)
	if len(all) == 0 {
		return 0
	}
	return all[m.rng.IntN(len(all))]
}

func sortedKeys[V any](rows map[int64]V) []int64 {
	all := make([]int64, 0, len(rows))
	for id := range rows {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func (m *naive) stepServer() {
	data := dns.ServerData{Host: fmt.Sprint("ns", m.id()), IP: fmt.Sprint("ip", m.last), Env: "e", Type: "master"}
	id := pick(m, m.servers)
	s := m.servers[id]
	switch k := m.rng.IntN(5); {
	case k == 0 || id == 0:
		id = m.newID(access.KindServer)
		m.servers[id] = Server{ID: id, ServerData: data, Changed: m.event(dns.ServerCreated{ID: id, Server: data, Privilege: m.privilege()})}
	case k == 1:
		m.event(dns.ServerDeleted{ID: id, Server: s.ServerData})
		delete(m.servers, id)
	case k == 2:
		s.Changed = m.event(dns.ServerUpdated{ID: id, Before: s.ServerData, After: data})
		s.ServerData = data
		m.servers[id] = s
	case k == 3:
		s.Enrolled, s.Changed = true, m.event(dns.ServerEnrolled{ID: id})
		m.servers[id] = s
		m.entries--
	default:
		s.Enrolled, s.Changed = false, m.event(dns.ServerWithdrawn{ID: id})
		m.servers[id] = s
		m.entries--
	}
}

func (m *naive) stepView() {
	data := dns.ViewData{Name: fmt.Sprint("view", m.id()), ACL: "any\n10.0.0.1"}
	id := pick(m, m.views)
	switch k := m.rng.IntN(3); {
	case k == 0 && len(m.views) < 6 || id == 0:
		id = m.newID(access.KindView)
		m.views[id] = View{ID: id, ViewData: data, Changed: m.event(dns.ViewCreated{ID: id, View: data, Privilege: m.privilege()})}
	case k == 1 && !m.used(id):
		m.event(dns.ViewDeleted{ID: id, View: m.views[id].ViewData})
		delete(m.views, id)
	default:
		m.views[id] = View{ID: id, ViewData: data, Changed: m.event(dns.ViewUpdated{ID: id, Before: m.views[id].ViewData, After: data})}
	}
}

func (m *naive) used(view int64) bool {
	for _, z := range m.zones {
		if slices.Contains(z.ViewIDs, view) {
			return true
		}
	}
	return false
}

func (m *naive) stepZone() {
	id := pick(m, m.zones)
	z := m.zones[id]
	switch k := m.rng.IntN(8); {
	case (k < 3 || id == 0) && len(m.views) > 0 && len(m.zones) < 12:
		id = m.newID(access.KindZone)
		z = Zone{ID: id, ZoneData: m.zoneData(dns.ZoneGroup(m.rng.IntN(3)))}
		z.Changed = m.event(dns.ZoneCreated{ID: id, Zone: z.ZoneData, Privilege: m.privilege()})
		m.zones[id], m.changed[id] = z, map[int64]domain.Position{}
		m.markLinks(id, nil, true)
	case k == 3 && id != 0:
		at := m.event(dns.ZoneDeleted{ID: id, Zone: z.ZoneData})
		m.dropRecords(at, func(r Record) bool { return r.ZoneID == id })
		delete(m.zones, id)
		delete(m.changed, id)
	case id != 0:
		before, after := z.ZoneData, m.zoneData(z.Group)
		if m.rng.IntN(2) == 0 {
			after.Name, after.Type, after.Forwarders = before.Name, before.Type, before.Forwarders
		}
		z.ZoneData, z.Changed = after, m.event(dns.ZoneUpdated{ID: id, Before: before, After: after})
		m.zones[id] = z
		gone := func(r Record) bool {
			return r.ZoneID == id && r.ViewID != 0 && !slices.Contains(after.ViewIDs, r.ViewID)
		}
		if !subset(before.ViewIDs, after.ViewIDs) {
			m.dropRecords(z.Changed, gone)
		}
		m.markLinks(id, before.ViewIDs, before.Name != after.Name || before.Type != after.Type || !slices.Equal(before.Forwarders, after.Forwarders))
	}
}

func subset(a, b []int64) bool {
	return !slices.ContainsFunc(a, func(id int64) bool { return !slices.Contains(b, id) })
}

func (m *naive) dropRecords(at domain.Position, gone func(Record) bool) {
	m.removed[at] = 0
	for _, id := range sortedKeys(m.records) {
		if gone(m.records[id]) {
			delete(m.records, id)
			m.removed[at]++
		}
	}
}

// markLinks notes when the zone changed in its views: in all, or in new ones.
func (m *naive) markLinks(id int64, before []int64, all bool) {
	z := m.zones[id]
	was := m.changed[id]
	m.changed[id] = map[int64]domain.Position{}
	for _, view := range z.ViewIDs {
		m.changed[id][view] = z.Changed
		if !all && slices.Contains(before, view) {
			m.changed[id][view] = was[view]
		}
	}
}

func (m *naive) zoneData(group dns.ZoneGroup) dns.ZoneData {
	d := dns.ZoneData{Name: fmt.Sprintf("zone%d.example", m.id()), Group: group, Type: dns.ZoneMaster, Forwarders: []string{}, ViewIDs: []int64{}}
	if m.rng.IntN(4) == 0 {
		d.Type, d.Forwarders = dns.ZoneForwardOnly, []string{"192.0.2.1", fmt.Sprint("2001:db8::", m.last)}
	}
	if group.Rendered() {
		all := sortedKeys(m.views)
		m.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		d.ViewIDs = all[:1+m.rng.IntN(len(all))]
		slices.Sort(d.ViewIDs)
	}
	return d
}

func (m *naive) stepRecord() {
	id := pick(m, m.records)
	r := m.records[id]
	switch k := m.rng.IntN(6); {
	case (k < 3 || id == 0) && len(m.zones) > 0:
		zone := pick(m, m.zones)
		r = Record{ID: m.newID(access.KindRecord), ZoneID: zone, RecordData: m.recordData(zone)}
		r.Changed = m.event(dns.RecordAdded{ID: r.ID, ZoneID: zone, Record: r.RecordData})
		added := m.events[len(m.events)-1]
		r.Created, r.Creator = added.At, fmt.Sprint("user", added.Actor)
		if added.Actor == domain.System {
			r.Creator = SystemOperator
		}
		m.records[r.ID] = r
	case k == 3 && id != 0:
		at := m.event(dns.RecordDeleted{ID: id, ZoneID: r.ZoneID, Record: r.RecordData})
		m.mark(r, at)
		delete(m.records, id)
	case id != 0:
		after := m.recordData(r.ZoneID)
		at := m.event(dns.RecordUpdated{ID: id, ZoneID: r.ZoneID, Before: r.RecordData, After: after})
		m.mark(r, at)
		r.RecordData, r.Changed = after, at
		m.records[id] = r
	}
	if after, ok := m.records[r.ID]; ok {
		m.mark(after, after.Changed)
	}
}

func (m *naive) mark(r Record, at domain.Position) {
	if r.ViewID != 0 {
		m.changed[r.ZoneID][r.ViewID] = max(at, m.changed[r.ZoneID][r.ViewID])
	}
}

func (m *naive) recordData(zone int64) dns.RecordData {
	d := dns.RecordData{Host: fmt.Sprint("h", m.id()), Type: "TXT", TTL: uint32(m.rng.IntN(3)), Value: "v", Comment: "c"}
	if z := m.zones[zone]; z.Group.Rendered() {
		d.ViewID = z.ViewIDs[m.rng.IntN(len(z.ViewIDs))]
	} else {
		d.Line = "default"
	}
	return d
}

// named fills in what rows show of other rows.
func (m *naive) named() {
	for id, z := range m.zones {
		z.ViewNames = []string{}
		for _, view := range z.ViewIDs {
			z.ViewNames = append(z.ViewNames, m.views[view].Name)
		}
		z.Target = m.targets[resourceKey{access.KindZone, id}]
		m.zones[id] = z
	}
	for id, s := range m.servers {
		s.Target = m.targets[resourceKey{access.KindServer, id}]
		m.servers[id] = s
	}
	for id, v := range m.views {
		v.Target = m.targets[resourceKey{access.KindView, id}]
		m.views[id] = v
	}
	for id, r := range m.records {
		r.Zone = m.targets[resourceKey{access.KindZone, r.ZoneID}]
		r.Target = access.Target{Kind: access.KindRecord, ID: id, Name: r.Host}
		r.ViewName = r.Line
		if r.ViewID != 0 {
			r.ViewName = m.views[r.ViewID].Name
		}
		m.records[id] = r
	}
}
