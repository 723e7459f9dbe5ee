package bind

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/protocol"
)

// The read model, which makes snapshots, and the engine, which follows events, number zones
// alike: after any history, and at several points of it, the read model has the positions, the
// bases and the fleet's changes that the engine has, and an engine that starts from its
// snapshot has the same serials. What the read model exports of each zone is what the engine
// serves, to the last record and the serial. And no serial of a name in a view ever falls.
func TestReadModelAndEngineNumberAlike(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool := modeltest.Serving(t)
			l := newRandomLog(t, seed)
			for range 6 {
				done := len(l.events)
				for range 400 {
					l.step()
				}
				modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", l.events[done:], 1+int(seed)*20)
				sameNumbers(t, l.state, pool)
				sameContent(t, l.state, pool)
			}
			for _, kind := range []string{
				"ViewUpdated renamed", "ZoneUpdated renamed", "ZoneUpdated linked", "ZoneUpdated unlinked", "ZoneUpdated type", "ZoneDeleted",
				"ZoneImported", "ImportVoided", "ViewDeleted", "ServerProved", "ServerWithdrawn", "FleetChanged", "RecordUpdated", "RecordDeleted", "ZoneSettingsChanged raised",
			} {
				if l.seen[kind] == 0 {
					t.Errorf("the history has no %s: %v", kind, l.seen)
				}
			}
		})
	}
}

// sameNumbers compares the engine's state with that of a snapshot of the read model.
func sameNumbers(t *testing.T, s *desiredState, pool *pgxpool.Pool) {
	t.Helper()
	var v rowVisitor
	if err := dnsmodel.NewReader(pool).Snapshot(t.Context(), &v); err != nil {
		t.Fatal(err)
	}
	late := newDesiredState()
	if err := late.reset(v.Snapshot); err != nil {
		t.Fatal(err)
	}
	modeltest.Same(t, "position", late.seen, s.seen)
	modeltest.Same(t, "bases", late.bases, s.bases)
	modeltest.Same(t, "the fleet's changes", late.changes, s.changes)
	modeltest.Same(t, "positions", changedIn(late), changedIn(s))
	modeltest.Same(t, "serials", numbers(late), numbers(s))
	for id := range s.zones {
		present, err := dnsmodel.NewReader(pool).Serials(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		views := slices.Sorted(maps.Keys(s.zones[id].copies))
		modeltest.Same(t, "present serials", len(present), len(views))
		for i, view := range views {
			key := zoneKey{view: view, zone: absoluteZone(s.zones[id].data.Name)}
			if now, numbered := numbers(s)[key]; numbered && !s.zones[id].copies[view].forwards() && dns.SerialLater(present[i], now) {
				t.Errorf("%v: the serial for the check of what is in reach is %d, above the true one, %d", key, present[i], now)
			}
		}
	}
}

// sameContent compares what the read model exports of each zone with what the engine serves.
func sameContent(t *testing.T, s *desiredState, pool *pgxpool.Pool) {
	t.Helper()
	for id, zone := range s.zones {
		for view, copy := range zone.copies {
			key := zoneKey{view: view, zone: absoluteZone(zone.data.Name)}
			if z := s.inView[key]; z == nil || z.want != copy || copy.forwards() {
				continue
			}
			a := s.fallback.apexWith(key.zone, copy.sets, copy.settings.TTL())
			file, err := zoneFile(content{zone: key.zone, sets: copy.sets, apex: a, settings: copy.settings}, numbers(s)[key])
			if err != nil {
				t.Fatal(err)
			}
			served := slices.Sorted(strings.Lines(strings.ReplaceAll(string(file), outside, "")))
			modeltest.Same(t, fmt.Sprint("content of ", key), exported(t, pool, id, view), served)
		}
	}
}

// exported is what the read model exports of a zone, its lines sorted.
func exported(t *testing.T, pool *pgxpool.Pool, zone, view int64) (lines []string) {
	t.Helper()
	err := dnsmodel.NewReader(pool).Content(t.Context(), zone, view, func(c *dnsmodel.Content) error {
		text, err := zonedata.NewText(c.Zone, func(line string) error { lines = append(lines, line+"\n"); return nil })
		if err != nil {
			return err
		}
		if err := c.Located(text.Add); err != nil {
			return err
		}
		return text.End()
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// changedIn are the positions of all zones in all views, whether records or forwarders are served.
func changedIn(s *desiredState) map[[2]int64]domain.Position {
	out := map[[2]int64]domain.Position{}
	for id, zone := range s.zones {
		for view, c := range zone.copies {
			out[[2]int64{id, view}] = c.changed
		}
	}
	return out
}

// rowVisitor makes the rows of a snapshot, as the control plane does.
type rowVisitor struct{ Snapshot }

func (v *rowVisitor) add(row protocol.SnapshotRow) error {
	v.Rows = append(v.Rows, row)
	return nil
}

func (v *rowVisitor) Begin(position, lastDNS domain.Position) error {
	v.Position, v.LastDNS = position, lastDNS
	return nil
}

func (v *rowVisitor) Server(s dnsmodel.Server) error {
	return v.add(protocol.SnapshotRow{Server: &protocol.SnapshotServer{ID: s.ID, Server: s.ServerData, Enrolled: s.Enrolled, Serves: s.Serves}})
}

func (v *rowVisitor) Fleet(f dnsmodel.Fleet) error {
	return v.add(protocol.SnapshotRow{Fleet: &protocol.SnapshotFleet{Fleet: f.FleetData, Changes: f.Moved}})
}

func (v *rowVisitor) View(w dnsmodel.View) error {
	return v.add(protocol.SnapshotRow{View: &protocol.SnapshotView{ID: w.ID, View: w.ViewData}})
}

func (v *rowVisitor) ServerSettings(dnsmodel.ServerSettings) error { return nil }

func (v *rowVisitor) Order(dnsmodel.ViewOrder) error   { return nil }
func (v *rowVisitor) BindConf(dnsmodel.BindConf) error { return nil }
func (v *rowVisitor) Rollout(dnsmodel.Rollout) error   { return nil }

func (v *rowVisitor) Base(of dns.SerialName, base dns.SerialBase) error {
	return v.add(protocol.SnapshotRow{Base: &protocol.SnapshotBase{Zone: of.Zone, View: of.View, Base: base}})
}

func (v *rowVisitor) Zone(z dnsmodel.Zone, settings dns.ZoneSettings, changed map[int64]domain.Position) error {
	return v.add(protocol.SnapshotRow{Zone: &protocol.SnapshotZone{ID: z.ID, Zone: z.ZoneData, Settings: settings, Changed: changed}})
}

func (v *rowVisitor) Record(r dnsmodel.Record) error {
	return v.add(protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: r.ID, ZoneID: r.ZoneID, Record: r.RecordData}})
}

// randomLog is a log of random commands, decided as the control plane decides them, and the state
// of an engine that follows it. Names are few, so that they come again.
type randomLog struct {
	t       *testing.T
	rng     *rand.Rand
	history *domaintest.History
	ids     map[domain.Sequence]int64
	events  []domain.Recorded
	state   *desiredState
	// last are the highest serials that were given out, by what secondaries know a zone by.
	last map[dns.SerialName]uint32
	// seen counts what the history has.
	seen  map[string]int
	steps int
	// ptr: many of the zones are reverse zones, which have PTRs of the others.
	ptr bool
	// records are those that were added ever, with their zones, as they were written last.
	records map[int64]dns.StagedChange
}

func newRandomLog(t *testing.T, seed uint64) *randomLog {
	return &randomLog{
		t: t, rng: rand.New(rand.NewPCG(seed, 7)), history: domaintest.NewHistory(), ids: map[domain.Sequence]int64{},
		state: newDesiredState(), last: map[dns.SerialName]uint32{}, seen: map[string]int{}, records: map[int64]dns.StagedChange{},
	}
}

// id is the id of something that there may be.
func (l *randomLog) id(kind domain.Sequence) int64 { return 1 + l.rng.Int64N(max(l.ids[kind], 1)) }

func oneOf[T any](l *randomLog, all ...T) T { return all[l.rng.IntN(len(all))] }

// step decides a random command, which may be refused.
func (l *randomLog) step() {
	if l.steps++; l.steps%23 == 0 {
		l.importZone()
		return
	}
	l.tried() // which may be refused
}

// append takes the events as one change.
func (l *randomLog) append(events []domain.Event) {
	l.t.Helper()
	change := Change{}
	for _, e := range events {
		last := l.history.Last()
		l.history.Append(e)
		change.Events = append(change.Events, domain.Recorded{Position: last + 1, Prev: last, At: domaintest.Now, Event: e})
		l.note(e)
	}
	if err := l.state.apply(change); err != nil {
		l.t.Fatal(err)
	}
	l.state.dirty = nil
	l.events = append(l.events, change.Events...)
	l.neverFalls(events)
}

// neverFalls compares all serials with those that secondaries may hold.
func (l *randomLog) neverFalls(events []domain.Event) {
	l.t.Helper()
	unserved := slices.ContainsFunc(events, func(e domain.Event) bool {
		settings, is := e.(dns.ZoneSettingsChanged)
		return is && settings.Raise != nil && settings.Raise.Unserved
	})
	for key, serial := range numbers(l.state) {
		z := l.state.inView[key]
		if z.want.forwards() {
			continue
		}
		name := dns.SerialName{Zone: dns.FoldName(key.zone), View: l.state.views[key.view].Name}
		if was, had := l.last[name]; had && was != serial && !unserved && !dns.SerialLater(serial, was) {
			l.t.Errorf("after %T at %d the serial of %v fell from %d to %d", events[0], l.history.Last(), name, was, serial)
		}
		l.last[name] = serial
	}
}

func (l *randomLog) note(event domain.Event) {
	name := event.EventType()
	l.seen[name]++
	count := func(what string, holds bool) {
		if holds {
			l.seen[name+" "+what]++
		}
	}
	switch e := event.(type) {
	case dns.RecordAdded:
		l.records[e.ID] = dns.StagedChange{ID: e.ZoneID, After: e.Record}
	case dns.RecordUpdated:
		l.records[e.ID] = dns.StagedChange{ID: e.ZoneID, After: e.After}
	case dns.ViewUpdated:
		count("renamed", e.Before.Name != e.After.Name)
	case dns.ZoneUpdated:
		count("renamed", dns.FoldName(e.Before.Name) != dns.FoldName(e.After.Name))
		count("linked", slices.ContainsFunc(e.After.ViewIDs, func(v int64) bool { return !slices.Contains(e.Before.ViewIDs, v) }))
		count("unlinked", slices.ContainsFunc(e.Before.ViewIDs, func(v int64) bool { return !slices.Contains(e.After.ViewIDs, v) }))
		count("type", e.Before.Type != e.After.Type)
	case dns.ZoneSettingsChanged:
		count("raised", e.Raise != nil)
	}
}

func (l *randomLog) command() (domain.Command, error) {
	if l.ptr && l.rng.IntN(3) > 0 {
		return l.ptrCommand()
	}
	switch l.rng.IntN(20) {
	case 0, 1:
		return l.serverCommand()
	case 2:
		return dns.NewCreateView(l.viewInput())
	case 3:
		return dns.NewUpdateView(l.id(domain.SequenceView), l.viewInput(), nil)
	case 4:
		return dns.NewDeleteView(l.id(domain.SequenceView), nil)
	case 5, 6:
		return dns.NewCreateZone(l.zoneInput())
	case 7, 8, 9:
		return dns.NewUpdateZone(l.id(domain.SequenceZone), l.zoneInput(), nil)
	case 10:
		return dns.NewDeleteZone(l.id(domain.SequenceZone), nil)
	case 11:
		return l.settingsCommand()
	case 12:
		if l.rng.IntN(8) == 0 {
			return dns.RenumberZones{}, nil
		}
		ns := oneOf(l, nil, []string{"ns.a.test."}, []string{"ns1.example.net.", "n.b.test."})
		addresses := oneOf(l, nil, []string{"192.0.2.1"})
		return dns.NewChangeFleet(dns.FleetInput{
			NS: dns.Setting[[]string]{Given: true, Value: &ns}, Addresses: dns.Setting[[]string]{Given: len(addresses) > 0, Value: &addresses},
		}, nil)
	case 13:
		return dns.NewDeleteRecord(l.id(domain.SequenceRecord), nil)
	case 14, 15:
		return dns.NewUpdateRecord(l.id(domain.SequenceRecord), l.recordInput(), nil)
	default:
		return dns.NewAddRecord(l.recordInput())
	}
}

func (l *randomLog) serverCommand() (domain.Command, error) {
	n := l.rng.IntN(4)
	host, ip, env, kind := fmt.Sprint("s", n), fmt.Sprint("192.0.2.", n), "e", oneOf(l, "master", "slave")
	in := dns.ServerInput{
		Host: &host, IP: &ip, Env: &env, Type: &kind, ZbProcessItem: &env, ZbPortItem: &env, ZbResolveItem: &env, ZbResolveRateItem: &env,
	}
	id := l.id(domain.SequenceServer)
	switch l.rng.IntN(8) {
	case 0, 1:
		return dns.NewCreateServer(in)
	case 5, 6:
		return dns.NewProveServer(id, l.state.seen)
	case 2:
		return dns.NewUpdateServer(id, in, nil)
	case 3:
		return dns.NewDeleteServer(id, nil)
	case 4:
		return dns.NewWithdrawServer(id)
	default:
		return dns.NewEnrollServer(id)
	}
}

func (l *randomLog) viewInput() dns.ViewInput {
	return dns.ViewInput{Name: new(oneOf(l, "v", "w", "x", "y")), ACL: new(oneOf(l, "any", "10.0.0.1"))}
}

func (l *randomLog) zoneInput() dns.ZoneInput {
	var views []int64
	for id := range l.state.views {
		views = append(views, id)
	}
	slices.Sort(views)
	l.rng.Shuffle(len(views), func(i, j int) { views[i], views[j] = views[j], views[i] })
	views = views[:l.rng.IntN(len(views)+1)]
	in := dns.ZoneInput{
		Name: new(oneOf(l, "a.test", "A.test", "b.test", "c.test", "d.test")), Group: new(1 + l.rng.IntN(2)), ViewIDs: &views,
		Type: new(oneOf(l, dns.ZoneMaster, dns.ZoneMaster, dns.ZoneForwardOnly)), Forwarders: new(oneOf(l, "192.0.2.1", "192.0.2.2")),
	}
	if l.ptr {
		in.Name = new(oneOf(l, "a.test", "A.test", "b.test", "10.in-addr.arpa", "0.10.in-addr.arpa", "ip6.arpa"))
	}
	if l.rng.IntN(10) == 0 {
		in.Group, in.ViewIDs = new(0), nil
	}
	return in
}

func (l *randomLog) recordInput() dns.RecordInput {
	zone := l.id(domain.SequenceZone)
	in := dns.RecordInput{
		ZoneID: &zone, Host: new(oneOf(l, "www", "ns", "master", "n", "@", "*")),
		TTL: new(uint32(l.rng.IntN(3))), Comment: new(fmt.Sprint(l.rng.IntN(3))),
	}
	kinds := map[string]string{"A": "10.0.0.1", "AAAA": "2001:db8::1", "TXT": "t", "NS": "ns", "CNAME": "www"}
	kind := oneOf(l, "A", "AAAA", "TXT", "NS", "CNAME")
	in.Type, in.Value = &kind, new(kinds[kind])
	if l.ptr {
		l.addressInput(&in)
	}
	if z := l.state.zones[zone]; z != nil {
		in.ViewName = new(l.state.views[oneOf(l, z.data.ViewIDs...)].Name)
	}
	return in
}

// settingsCommand asks for a serial, in reach or not, or for another TTL.
func (l *randomLog) settingsCommand() (domain.Command, error) {
	id := l.id(domain.SequenceZone)
	if l.ptr {
		return dns.NewChangeZoneSettings(id, l.ptrInput(), nil, nil)
	}
	in := dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: new(l.rng.Int64N(3))}}
	if l.rng.IntN(3) > 0 {
		least := oneOf(l, 1000, 100_000, 2_000_000_000, 4_294_967_295, l.rng.Int64N(1<<32-1)+1)
		in.SerialAtLeast = dns.Setting[int64]{Given: true, Value: &least}
	}
	var present []uint32
	if z := l.state.zones[id]; z != nil {
		for _, view := range z.data.ViewIDs {
			present = append(present, numbers(l.state)[zoneKey{view: view, zone: absoluteZone(z.data.Name)}])
		}
	}
	return dns.NewChangeZoneSettings(id, in, present, nil)
}
