package modeltest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
)

// Key names a server, view, zone or record.
type Key struct {
	Kind access.Kind
	ID   int64
}

// Naive is the dns context as a child would model it: it makes random valid
// events and applies them to plain maps, deleting what goes one by one.
type Naive struct {
	Chain
	rng     *rand.Rand
	last    int64
	ids     map[access.Kind]int64
	Servers map[int64]dnsmodel.Server
	Views   map[int64]dnsmodel.View
	Zones   map[int64]dnsmodel.Zone
	Records map[int64]dnsmodel.Record
	Conf    *dnsmodel.BindConf
	// Fleet is without what has moved.
	Fleet    dnsmodel.Fleet
	Order    []int64
	Settings map[int64]dns.ZoneSettings
	Bases    dns.SerialBases
	// Changed is, by zone and view, when the zone last changed there.
	Changed map[int64]map[int64]domain.Position
	// Removed is, by position, how many records a zone event took away.
	Removed map[domain.Position]int
	// Entries counts the events that the operation log tells of.
	Entries int
	// Targets are the servers, views and zones that ever were, as rights see them.
	Targets    map[Key]access.Target
	privileges int64
	// gone is what may come back.
	gone gone
}

// NewNaive returns a context without events.
func NewNaive(seed uint64) *Naive {
	return &Naive{
		rng: rand.New(rand.NewPCG(seed, 1)), ids: map[access.Kind]int64{}, Targets: map[Key]access.Target{},
		Servers: map[int64]dnsmodel.Server{}, Views: map[int64]dnsmodel.View{}, Zones: map[int64]dnsmodel.Zone{}, Records: map[int64]dnsmodel.Record{},
		Settings: map[int64]dns.ZoneSettings{}, Bases: dns.SerialBases{},
		Changed: map[int64]map[int64]domain.Position{}, Removed: map[domain.Position]int{}, gone: nothingGone(),
	}
}

// Run makes n events.
func (m *Naive) Run(n int) {
	for len(m.Events) < n {
		m.step()
	}
}

// step makes an event, or none.
func (m *Naive) step() {
	switch k := m.rng.IntN(100); {
	case k < 5:
		m.stepServer()
	case k < 12:
		m.stepView()
	case k < 27:
		m.stepZone()
	case k < 45:
		m.stepBack()
	case k < 88:
		m.stepRecord()
	case k < 92:
		m.stepImport()
	case k < 98:
		m.stepSettings()
	default:
		at := m.event(dns.BindConfChanged{Text: fmt.Sprint("conf ", m.number()), Secrets: []string{"s"}})
		e := m.Events[len(m.Events)-1].Event.(dns.BindConfChanged)
		m.Conf = &dnsmodel.BindConf{Text: e.Text, Secrets: e.Secrets, Changed: at}
	}
}

func (m *Naive) number() int64 { m.last++; return m.last }

// newID is the next id of a kind. Each kind counts from 1, so one number names
// several resources.
func (m *Naive) newID(kind access.Kind) int64 { m.ids[kind]++; return m.ids[kind] }

func (m *Naive) event(e domain.Event) domain.Position {
	m.Entries++
	at := m.Add(domain.UserID(m.rng.IntN(5)), e)
	m.target(m.Events[len(m.Events)-1])
	return at
}

// NewPrivilege is the first of the next three ids.
func (m *Naive) NewPrivilege() int64 {
	m.privileges++
	return access.FirstPrivilege + (m.privileges-1)*access.PrivilegeStep
}

func (m *Naive) target(e domain.Recorded) {
	begins := func(kind access.Kind, id, privilege int64, name string, birth *dns.Birth) {
		if birth != nil { // as whose it was
			return
		}
		m.Targets[Key{kind, id}] = access.Target{Kind: kind, ID: id, Name: name, Privilege: privilege, Created: e.Position, Creator: e.Actor}
	}
	called := func(kind access.Kind, id int64, name string) {
		t := m.Targets[Key{kind, id}]
		t.Name = name
		m.Targets[Key{kind, id}] = t
	}
	switch event := e.Event.(type) {
	case dns.ServerCreated:
		begins(access.KindServer, event.ID, event.Privilege, event.Server.Host, event.Birth)
	case dns.ServerUpdated:
		called(access.KindServer, event.ID, event.After.Host)
	case dns.ViewCreated:
		begins(access.KindView, event.ID, event.Privilege, event.View.Name, event.Birth)
	case dns.ViewUpdated:
		called(access.KindView, event.ID, event.After.Name)
	case dns.ZoneCreated:
		begins(access.KindZone, event.ID, event.Privilege, event.Zone.Name, nil)
	case dns.ZoneUpdated:
		called(access.KindZone, event.ID, event.After.Name)
	case dns.ZoneRestored:
		called(access.KindZone, event.ID, event.After.Name)
	}
}

// Pick returns a random key, 0 of none.
func Pick[V any](m *Naive, rows map[int64]V) int64 {
	all := SortedKeys(rows)
	if len(all) == 0 {
		return 0
	}
	return all[m.rng.IntN(len(all))]
}

// SortedKeys returns the keys, ascending.
func SortedKeys[V any](rows map[int64]V) []int64 {
	all := make([]int64, 0, len(rows))
	for id := range rows {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func (m *Naive) stepServer() {
	data := dns.ServerData{Host: fmt.Sprint("ns", m.number()), IP: fmt.Sprint("ip", m.last), Env: "e", Type: "master"}
	id := Pick(m, m.Servers)
	s := m.Servers[id]
	switch k := m.rng.IntN(6); {
	case k == 0 || id == 0:
		id = m.newID(access.KindServer)
		m.Servers[id] = dnsmodel.Server{ID: id, ServerData: data, Changed: m.event(dns.ServerCreated{ID: id, Server: data, Privilege: m.NewPrivilege()})}
	case k == 1:
		m.event(dns.ServerDeleted{ID: id, Server: s.ServerData})
		m.gone.servers[id] = s
		delete(m.Servers, id)
	case k == 2:
		s.Changed = m.event(dns.ServerUpdated{ID: id, Before: s.ServerData, After: data})
		s.ServerData = data
		m.Servers[id] = s
	case k == 3:
		s.Enrolled, s.Serves = true, m.rng.IntN(2) == 0
		s.Changed = m.event(dns.ServerEnrolled{ID: id, Unproved: !s.Serves})
		m.Servers[id] = s
		m.Entries--
	case k == 4 && s.Enrolled:
		s.Serves, s.Changed = true, m.event(dns.ServerProved{ID: id})
		m.Servers[id] = s
		m.Entries--
	default:
		s.Enrolled, s.Serves, s.Changed = false, false, m.event(dns.ServerWithdrawn{ID: id})
		m.Servers[id] = s
		m.Entries--
	}
}

func (m *Naive) stepView() {
	data := dns.ViewData{Name: fmt.Sprint("view", m.number()), ACL: "any\n10.0.0.1"}
	id := Pick(m, m.Views)
	switch k := m.rng.IntN(3); {
	case k == 0 && len(m.Views) < 6 || id == 0:
		id = m.newID(access.KindView)
		m.Views[id] = dnsmodel.View{ID: id, ViewData: data, Changed: m.event(dns.ViewCreated{ID: id, View: data, Privilege: m.NewPrivilege()})}
	case k == 1 && !m.used(id):
		m.event(dns.ViewDeleted{ID: id, View: m.Views[id].ViewData})
		m.gone.views[id] = m.Views[id]
		delete(m.Views, id)
	default:
		before := m.Views[id].Name
		at := m.event(dns.ViewUpdated{ID: id, Before: m.Views[id].ViewData, After: data})
		m.Bases.Rename(before, data.Name, at)
		m.Views[id] = dnsmodel.View{ID: id, ViewData: data, Changed: at, Renamed: at}
		for _, changed := range m.Changed {
			if _, linked := changed[id]; linked {
				changed[id] = at
			}
		}
	}
}

func (m *Naive) used(view int64) bool {
	for _, z := range m.Zones {
		if slices.Contains(z.ViewIDs, view) {
			return true
		}
	}
	return false
}

func (m *Naive) stepZone() {
	id := Pick(m, m.Zones)
	z := m.Zones[id]
	switch k := m.rng.IntN(8); {
	case (k < 3 || id == 0) && len(m.Views) > 0 && len(m.Zones) < 12:
		id = m.newID(access.KindZone)
		z = dnsmodel.Zone{ID: id, ZoneData: m.zoneData(dns.ZoneGroup(m.rng.IntN(3)))}
		z.Changed = m.event(dns.ZoneCreated{ID: id, Zone: z.ZoneData, Privilege: m.NewPrivilege()})
		m.Zones[id], m.Changed[id] = z, map[int64]domain.Position{}
		m.relinked(id, dns.LinkedViews(z.ZoneData), z.Changed)
		m.markLinks(id, nil, true)
	case k == 3 && id != 0:
		at := m.event(dns.ZoneDeleted{ID: id, Zone: z.ZoneData})
		m.gone.zones[id] = goneZone{z.ZoneData, m.Settings[id]}
		m.relinked(id, nil, at)
		m.dropRecords(at, func(r dnsmodel.Record) bool { return r.ZoneID == id })
		delete(m.Zones, id)
		delete(m.Changed, id)
		delete(m.Settings, id)
	case id != 0:
		before, after := z.ZoneData, m.zoneData(z.Group)
		if m.rng.IntN(2) == 0 {
			after.Name, after.Type, after.Forwarders = before.Name, before.Type, before.Forwarders
		}
		z.ZoneData, z.Changed = after, m.event(dns.ZoneUpdated{ID: id, Before: before, After: after})
		m.Zones[id] = z
		m.relinked(id, dns.LinkedViews(after), z.Changed)
		gone := func(r dnsmodel.Record) bool {
			return r.ZoneID == id && r.ViewID != 0 && !slices.Contains(after.ViewIDs, r.ViewID)
		}
		if !subset(before.ViewIDs, after.ViewIDs) {
			m.dropRecords(z.Changed, gone)
		}
		m.markLinks(id, before.ViewIDs, before.Name != after.Name || before.Type != after.Type || after.Type == dns.ZoneForwardOnly && !slices.Equal(before.Forwarders, after.Forwarders))
	}
}

func subset(a, b []int64) bool {
	return !slices.ContainsFunc(a, func(id int64) bool { return !slices.Contains(b, id) })
}

func (m *Naive) dropRecords(at domain.Position, gone func(dnsmodel.Record) bool) {
	m.Removed[at] = 0
	for _, id := range SortedKeys(m.Records) {
		if gone(m.Records[id]) {
			delete(m.Records, id)
			m.Removed[at]++
		}
	}
}

// markLinks notes when the zone changed in its views: in all, or in new ones.
func (m *Naive) markLinks(id int64, before []int64, all bool) {
	z := m.Zones[id]
	was := m.Changed[id]
	m.Changed[id] = map[int64]domain.Position{}
	for _, view := range z.ViewIDs {
		m.Changed[id][view] = z.Changed
		if !all && slices.Contains(before, view) {
			m.Changed[id][view] = was[view]
		}
	}
}

func (m *Naive) zoneData(group dns.ZoneGroup) dns.ZoneData {
	n := m.number()
	d := dns.ZoneData{Name: fmt.Sprintf("zone%d.%sexample", n, []string{"", "team."}[n%2]), Group: group, Type: dns.ZoneMaster, Forwarders: []string{}, ViewIDs: []int64{}}
	if m.rng.IntN(4) == 0 {
		d.Type, d.Forwarders = dns.ZoneForwardOnly, []string{"192.0.2.1", fmt.Sprint("2001:db8::", m.last)}
	}
	if group.Rendered() {
		all := SortedKeys(m.Views)
		m.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		d.ViewIDs = all[:1+m.rng.IntN(len(all))]
		slices.Sort(d.ViewIDs)
	}
	return d
}

// stepSettings changes what zones have beside their records.
func (m *Naive) stepSettings() {
	id := Pick(m, m.Zones)
	switch z := m.Zones[id]; {
	case m.rng.IntN(4) == 0:
		before := m.Fleet.FleetData
		m.Fleet.FleetData = dns.FleetData{NS: []string{fmt.Sprintf("ns%d.example.", m.number())}, Addresses: []string{"192.0.2.1"}}
		m.Fleet.Changed = m.event(dns.FleetChanged{Before: before, After: m.Fleet.FleetData})
	case m.rng.IntN(4) == 0:
		m.Order = SortedKeys(m.Views)
		slices.Reverse(m.Order)
		m.event(dns.ViewsOrdered{ViewIDs: m.Order})
	case id != 0 && z.Group.Rendered():
		after := dns.ZoneSettings{MName: fmt.Sprintf("ns%d.example.", m.number())}
		raise := &dns.SerialRaise{Zone: z.Name, Views: z.ViewIDs, To: uint32(1000 * m.last)}
		at := m.event(dns.ZoneSettingsChanged{ID: id, Before: m.Settings[id], After: after, Raise: raise})
		m.Settings[id] = after
		var names []string
		for _, view := range z.ViewIDs {
			m.Changed[id][view] = at
			names = append(names, m.Views[view].Name)
		}
		m.Bases.Raise(*raise, names, at)
	}
}

func (m *Naive) stepRecord() {
	id := Pick(m, m.Records)
	r := m.Records[id]
	switch k := m.rng.IntN(6); {
	case (k < 3 || id == 0) && len(m.Zones) > 0:
		zone := Pick(m, m.Zones)
		r = dnsmodel.Record{ID: m.newID(access.KindRecord), ZoneID: zone, RecordData: m.recordData(zone)}
		r = m.addRecord(r)
	case k == 3 && id != 0:
		at := m.event(dns.RecordDeleted{ID: id, ZoneID: r.ZoneID, Record: r.RecordData})
		m.mark(r, at)
		m.gone.records[id] = goneRecord{r, at}
		delete(m.Records, id)
	case id != 0:
		after := m.recordData(r.ZoneID)
		if m.rng.IntN(3) == 0 { // what is served stays as it is
			after = r.RecordData
			after.Comment = fmt.Sprint("comment ", m.number())
			r.Changed = m.event(dns.RecordUpdated{ID: id, ZoneID: r.ZoneID, Before: r.RecordData, After: after})
			r.RecordData = after
			m.Records[id] = r
			return
		}
		at := m.event(dns.RecordUpdated{ID: id, ZoneID: r.ZoneID, Before: r.RecordData, After: after})
		m.mark(r, at)
		r.RecordData, r.Changed = after, at
		m.Records[id] = r
	}
	if after, ok := m.Records[r.ID]; ok {
		m.mark(after, after.Changed)
	}
}

func (m *Naive) addRecord(r dnsmodel.Record) dnsmodel.Record {
	r.Changed = m.event(dns.RecordAdded{ID: r.ID, ZoneID: r.ZoneID, Record: r.RecordData})
	m.made(&r)
	m.Records[r.ID] = r
	m.mark(r, r.Changed)
	return r
}

// made says of a record that the last event made it.
func (m *Naive) made(r *dnsmodel.Record) {
	by := m.Events[len(m.Events)-1]
	r.Created, r.Creator = by.At, fmt.Sprint("user", by.Actor)
	if by.Actor == domain.System {
		r.Creator = oplog.SystemOperator
	}
}

func (m *Naive) mark(r dnsmodel.Record, at domain.Position) {
	if r.ViewID != 0 {
		m.Changed[r.ZoneID][r.ViewID] = max(at, m.Changed[r.ZoneID][r.ViewID])
	}
}

func (m *Naive) recordData(zone int64) dns.RecordData {
	d := dns.RecordData{Host: fmt.Sprint("h", m.number()), Type: "TXT", TTL: uint32(m.rng.IntN(3)), Value: "v", Comment: "c"}
	if z := m.Zones[zone]; z.Group.Rendered() {
		d.ViewID = z.ViewIDs[m.rng.IntN(len(z.ViewIDs))]
	} else {
		d.Line = "default"
	}
	return d
}

// Named fills in what rows show of other rows.
func (m *Naive) Named() {
	for id, z := range m.Zones {
		z.ViewNames = []string{}
		for _, view := range z.ViewIDs {
			z.ViewNames = append(z.ViewNames, m.Views[view].Name)
		}
		z.Target = m.Targets[Key{access.KindZone, id}]
		m.Zones[id] = z
	}
	for id, s := range m.Servers {
		s.Target = m.Targets[Key{access.KindServer, id}]
		m.Servers[id] = s
	}
	for id, v := range m.Views {
		v.Target = m.Targets[Key{access.KindView, id}]
		m.Views[id] = v
	}
	for id, r := range m.Records {
		r.Zone = m.Targets[Key{access.KindZone, r.ZoneID}]
		r.Target = access.Target{Kind: access.KindRecord, ID: id, Name: r.Host}
		r.ViewName = r.Line
		if r.ViewID != 0 {
			r.ViewName = m.Views[r.ViewID].Name
		}
		m.Records[id] = r
	}
}
