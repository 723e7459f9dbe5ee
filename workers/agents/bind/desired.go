package bind

import (
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// desiredState is what named is to serve, a fold of the log's dns events, and how
// much of it is proved. It is pure, without I/O or locks. Applying an event costs
// O(its changes), whatever the zone's size.
type desiredState struct {
	// self is the server that the engine is on, and onDrift what becomes of drift there.
	self    int64
	onDrift dns.DriftMode
	servers dns.FleetServers
	views   map[int64]dns.ViewData
	// order is that in which views are matched, see [dns.InOrder].
	order []int64
	zones map[int64]*logZone
	// keeping are those of zones that have PTRs of others.
	keeping map[int64]*logZone
	conf    dns.BindConfChanged
	// rollout is the one under way, nil for none: views, order and conf are those of the log, see
	// [desiredState.configuration].
	rollout *rollout
	fleet   dns.FleetData
	// peers follow from the servers, and left is when one of these last lost its agent.
	peers peers
	left  domain.Position
	// fallback is what follows from fleet and servers.
	fallback nameServers
	changes  dns.FleetChanges
	bases    dns.SerialBases
	// imports are those under way whose begin was seen.
	imports map[domain.Position]*heldImport

	inView   map[zoneKey]*zoneInView
	settings settings
	// inventory is unapplied from the engine's start until named's zones were
	// listed: one of them may have been deleted from the log meanwhile, and nothing
	// in the desired state would tell.
	inventory pending
	frontier  frontier
	failing   map[*zoneInView]struct{}
	// seen is the end of the last change that the state has, and origin the place in the log.
	seen   domain.Position
	origin Origin
	// begun is the first event of the change that is being applied, 0 for none.
	begun domain.Position

	// dirty collects the zones to be worked on; the caller queues them.
	dirty []*zoneInView
}

// logZone is a zone of the log that named serves, with its copy for each view.
type logZone struct {
	data     dns.ZoneData
	settings dns.ZoneSettings
	copies   map[int64]*viewCopy
}

// settings is named's configuration as a unit of work.
type settings struct {
	pending
	// version rises with every change of what the configuration is made of.
	version int
	// tried is the version that was last tried.
	tried int
	// configured lists the views that named is known to have.
	configured map[int64]bool
	// secondary says that named is configured as a slave's.
	secondary bool
	// forwardsRemoved counts the forward-only zones that were removed: named goes on
	// forwarding for each until its views are built anew. forwardsCleared is the
	// count at the last time that they were.
	forwardsRemoved, forwardsCleared int
}

func newDesiredState() *desiredState {
	s := &desiredState{inView: map[zoneKey]*zoneInView{}, failing: map[*zoneInView]struct{}{}}
	s.settings.configured = map[int64]bool{}
	s.clear()
	return s
}

func (s *desiredState) clear() {
	s.servers, s.views, s.zones = dns.FleetServers{}, map[int64]dns.ViewData{}, map[int64]*logZone{}
	s.keeping = map[int64]*logZone{}
	s.conf, s.order, s.imports = dns.BindConfChanged{}, nil, map[domain.Position]*heldImport{}
	s.rollout = nil
	s.fleet, s.changes, s.bases = dns.FleetData{}, dns.FleetChanges{}, dns.SerialBases{}
	s.onDrift = dns.DriftRepair
	s.resolveFallback()
}

// reset replaces the desired state. It keeps which zones named has, but every zone
// is compared anew.
func (s *desiredState) reset(from Snapshot) error {
	return s.resetWith(from, func(*desiredState) error { return nil })
}

// resetWith is reset with a snapshot whose records fill adds.
func (s *desiredState) resetWith(from Snapshot, fill func(*desiredState) error) error {
	s.clear()
	clear(s.failing)
	for _, z := range s.inView {
		z.replace(nil)
		z.failure, z.proof = nil, nil
	}
	for _, row := range from.Rows {
		if err := s.load(row); err != nil {
			return err
		}
	}
	if err := fill(s); err != nil {
		return err
	}
	s.seen, s.origin = from.Position, Origin{Log: from.Log, LastDNS: from.LastDNS, LastID: from.LastID}
	s.resolveFallback()
	s.peers = peersOf(s.self, s.servers, s.left)
	for _, k := range s.keeping {
		for view, c := range k.copies {
			s.keepAnew(k, view, c.changed)
		}
	}
	for _, z := range s.inView {
		at := max(from.LastDNS, 1)
		if p := s.position(z); p > 0 {
			at = p
		}
		s.markDirty(z, at)
	}
	s.settings.failure = nil
	s.markSettingsDirty(max(from.LastDNS, 1))
	return nil
}

func (s *desiredState) load(row protocol.SnapshotRow) error {
	switch {
	case row.Server != nil:
		s.servers[row.Server.ID] = dns.FleetServer{ServerData: row.Server.Server, Enrolled: row.Server.Enrolled, Serves: row.Server.Serves}
	case row.ServerSettings != nil:
		if row.ServerSettings.ID == s.self {
			s.onDrift = row.ServerSettings.Settings.OnDrift
		}
	case row.Fleet != nil:
		s.fleet, s.changes = row.Fleet.Fleet, row.Fleet.Changes
	case row.Order != nil:
		s.order = row.Order.ViewIDs
	case row.Base != nil:
		s.bases[dns.SerialName{Zone: row.Base.Zone, View: row.Base.View}] = row.Base.Base
	case row.View != nil:
		s.views[row.View.ID] = row.View.View
	case row.BindConf != nil:
		s.conf = row.BindConf.Conf
	case row.Rollout != nil:
		s.rollout = &rollout{id: row.Rollout.ID, stages: row.Rollout.Stages, reached: row.Rollout.Reached, former: row.Rollout.Former}
	case row.Zone != nil:
		s.addZone(row.Zone.ID, row.Zone.Zone, row.Zone.Settings, row.Zone.Changed, 0)
	case row.Record != nil:
		return s.loadRecord(row.Record.ID, row.Record.ZoneID, row.Record.Record)
	}
	return nil
}

// apply folds the next change of the log into the state. Until all of it is applied, named
// lacks the whole change, from its first event on.
func (s *desiredState) apply(c Change) error {
	if err := s.hasAll(c); err != nil {
		return err // before anything of the change is wanted
	}
	s.begun = c.Events[0].Position
	defer func() { s.begun = 0 }()
	for _, e := range c.Events {
		if e.Position <= s.seen {
			return fmt.Errorf("event %d comes after position %d", e.Position, s.seen)
		}
		if err := s.dispatch(e.Event, e.Position); err != nil {
			return fmt.Errorf("event %d (%s): %w", e.Position, e.Event.EventType(), err)
		}
		s.touchKeepers(e.Event, e.Position)
		s.seen = e.Position
	}
	s.seen = max(s.seen, c.End)
	last := c.Events[len(c.Events)-1]
	s.origin.LastDNS, s.origin.LastID = last.Position, last.ID
	for _, z := range s.dirty {
		z.trail.endChange()
	}
	return nil
}

// lacking is from where on named lacks a change, of which p is an event.
func (s *desiredState) lacking(p domain.Position) domain.Position {
	if s.begun > 0 {
		return s.begun
	}
	return p
}

func (s *desiredState) dispatch(event domain.Event, p domain.Position) error {
	switch e := event.(type) {
	case dns.ServerCreated, dns.ServerUpdated, dns.ServerDeleted, dns.ServerEnrolled, dns.ServerProved, dns.ServerWithdrawn, dns.FleetChanged:
		s.changeFleet(e, p)
	case dns.ServerSettingsChanged:
		s.changeMode(e)
	case dns.ZonesRenumbered:
		s.renumber(p)
	case dns.ViewCreated:
		s.changeView(e.ID, &e.View, p)
	case dns.ViewUpdated:
		s.changeView(e.ID, &e.After, p)
	case dns.ViewDeleted:
		s.changeView(e.ID, nil, p)
	case dns.ViewsOrdered:
		s.order = e.ViewIDs
		s.markSettingsDirty(p)
	case dns.BindConfChanged:
		s.conf = e
		s.markSettingsDirty(p)
	case dns.RolloutStarted, dns.RolloutStageReached, dns.RolloutEnded, dns.RolloutStopped:
		s.changeRollout(e, p)
	case dns.ZoneCreated:
		s.addZone(e.ID, e.Zone, dns.ZoneSettings{}, nil, p)
	case dns.ZoneSettingsChanged:
		s.changeZoneSettings(e, p)
	case dns.ZoneUpdated:
		return s.updateZone(e.ID, e.After, p)
	case dns.ZoneDeleted:
		s.dropZone(e.ID, p)
	case dns.RecordAdded:
		return s.addRecord(e.ID, e.ZoneID, e.Record, p)
	case dns.RecordUpdated:
		return s.updateRecord(e, p)
	case dns.RecordDeleted:
		return s.dropRecord(e.ID, e.ZoneID, e.Record, p)
	default:
		return s.dispatchImport(event, p)
	}
	return nil
}

func (s *desiredState) dispatchImport(event domain.Event, p domain.Position) error {
	switch e := event.(type) {
	case dns.ImportBegun:
		s.imports[p] = &heldImport{}
	case dns.RecordsStaged:
		return s.stage(e)
	case dns.ZoneImported:
		return s.finishImport(e, p)
	case dns.ImportVoided:
		delete(s.imports, e.Import)
	}
	return nil
}

// markDirty notes that named lacks the event at p in a zone.
func (s *desiredState) markDirty(z *zoneInView, p domain.Position) {
	if p = s.lacking(p); z.waiting == 0 || p < z.waiting {
		z.waiting = p
	}
	s.frontier.note(&z.pending)
	s.dirty = append(s.dirty, z)
}

func (s *desiredState) markSettingsDirty(p domain.Position) {
	s.settings.version++
	if s.settings.waiting == 0 {
		s.settings.waiting = s.lacking(p)
	}
	s.frontier.note(&s.settings.pending)
}

func (s *desiredState) changeView(id int64, data *dns.ViewData, p domain.Position) {
	if data == nil {
		delete(s.views, id)
	} else {
		before, known := s.views[id]
		s.views[id] = *data
		if known && before.Name != data.Name {
			s.renameView(id, before.Name, data.Name, p)
		}
	}
	s.markSettingsDirty(p)
}

// renameView gives every zone of the view a new serial: under the view's next name another view
// may have given out later ones than those of the view's own zones.
func (s *desiredState) renameView(id int64, before, after string, p domain.Position) {
	s.bases.Rename(before, after, p)
	for _, zone := range s.zones {
		if c := zone.copies[id]; c != nil {
			s.touch(zone, id, p)
		}
	}
}

// changeMode has zones compared again whose drift was left.
func (s *desiredState) changeMode(e dns.ServerSettingsChanged) {
	if e.ID != s.self {
		return
	}
	s.onDrift = e.After.OnDrift
	for z := range s.failing {
		if z.reported != nil {
			z.checkDue = true
			s.dirty = append(s.dirty, z)
		}
	}
}

// startJob makes the job for a zone and notes that it is under way.
func (s *desiredState) startJob(z *zoneInView, check bool) job {
	z.secondary = s.peers.secondary
	j := s.number(z.startJob(s.fallback, check))
	j.onDrift = s.onDrift
	s.frontier.note(&z.pending)
	return j
}

func (s *desiredState) settle(z *zoneInView, j job, o outcome, now time.Time) {
	z.settle(j, o, now)
	s.noteOutcome(z)
	if z.want == nil && z.unapplied() == 0 && z.failure == nil && z.installed.known && z.installed.kind == "" {
		delete(s.inView, z.key)
	}
}

func (s *desiredState) fail(z *zoneInView, message string) {
	z.forget()
	z.fail(message, s.seen)
	s.noteOutcome(z)
}

// postpone puts a job back that could not be tried.
func (s *desiredState) postpone(z *zoneInView) {
	z.forget()
	z.postpone()
	s.noteOutcome(z)
}

func (s *desiredState) noteOutcome(z *zoneInView) {
	s.frontier.note(&z.pending)
	if z.failure != nil {
		s.failing[z] = struct{}{}
	} else {
		delete(s.failing, z)
	}
}
