package bind

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// ledger is the desired state and how much of it is proved: pure, without I/O
// or locks. An event costs O(what it changes), whatever the zone's size.
type ledger struct {
	// own is this name server's address, for zones when no master is known.
	own   netip.Addr
	names []string

	servers map[int64]dns.ServerData
	views   map[int64]dns.ViewData
	zones   map[int64]*zone
	conf    dns.BindConfChanged

	sites    map[siteKey]*site
	settings settings
	// stock is owed from the engine's start until named's zones were listed: one of
	// them may be of a zone that was deleted, which no wanted site knows of.
	stock    pending
	fallback nameServers
	frontier frontier
	failing  map[*site]struct{}
	seen     domain.Position

	// woken collects the sites to be worked on; the caller takes them.
	woken []*site
}

// zone is a rendered zone of the log.
type zone struct {
	data  dns.ZoneData
	faces map[int64]*face
}

// settings is named's configuration as a unit of work.
type settings struct {
	pending
	// version rises with every change of what the configuration is made of.
	version int
	// tried is the version that was last tried.
	tried int
	// live lists the views that named is known to have.
	live map[int64]bool
	// spent rises when a forward-only zone went: named goes on forwarding until
	// its views are built anew. renewed is the value that this was last done for.
	spent, renewed int
}

func newLedger(own netip.Addr, names []string) *ledger {
	l := &ledger{own: own, names: absoluteNames(names), sites: map[siteKey]*site{}, failing: map[*site]struct{}{}}
	l.settings.live = map[int64]bool{}
	l.clear()
	return l
}

func absoluteNames(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, strings.TrimSuffix(strings.ToLower(name), ".")+".")
	}
	return out
}

func (l *ledger) clear() {
	l.servers, l.views, l.zones = map[int64]dns.ServerData{}, map[int64]dns.ViewData{}, map[int64]*zone{}
	l.conf = dns.BindConfChanged{}
	l.resolveFallback()
}

// reset replaces the desired state. What is known of named stays known as far
// as places go, but every zone is compared anew.
func (l *ledger) reset(s Snapshot) error {
	l.clear()
	clear(l.failing)
	for _, site := range l.sites {
		site.replace(nil)
		site.failure = nil
	}
	for _, row := range s.Rows {
		if err := l.load(row); err != nil {
			return err
		}
	}
	l.seen = s.Position
	l.resolveFallback()
	for _, site := range l.sites {
		at := max(s.LastDNS, 1)
		if site.want != nil && site.want.changed > 0 {
			at = site.want.changed
		}
		l.owe(site, at)
	}
	l.settings.failure = nil
	l.oweSettings(max(s.LastDNS, 1))
	return nil
}

func (l *ledger) load(row protocol.SnapshotRow) error {
	switch {
	case row.Server != nil:
		l.servers[row.Server.ID] = row.Server.Server
	case row.View != nil:
		l.views[row.View.ID] = row.View.View
	case row.BindConf != nil:
		l.conf = row.BindConf.Conf
	case row.Zone != nil:
		l.addZone(row.Zone.ID, row.Zone.Zone, row.Zone.Changed, 0)
	case row.Record != nil:
		return l.loadRecord(row.Record.ID, row.Record.ZoneID, row.Record.Record)
	}
	return nil
}

// apply takes the next event of the log.
func (l *ledger) apply(e domain.Recorded) error {
	if e.Position <= l.seen {
		return fmt.Errorf("event %d comes after position %d", e.Position, l.seen)
	}
	if err := l.dispatch(e.Event, e.Position); err != nil {
		return fmt.Errorf("event %d (%s): %w", e.Position, e.Event.EventType(), err)
	}
	l.seen = e.Position
	return nil
}

func (l *ledger) dispatch(event domain.Event, p domain.Position) error {
	switch e := event.(type) {
	case dns.ServerCreated:
		l.changeServer(e.ID, &e.Server, p)
	case dns.ServerUpdated:
		l.changeServer(e.ID, &e.After, p)
	case dns.ServerDeleted:
		l.changeServer(e.ID, nil, p)
	case dns.ViewCreated:
		l.changeView(e.ID, &e.View, p)
	case dns.ViewUpdated:
		l.changeView(e.ID, &e.After, p)
	case dns.ViewDeleted:
		l.changeView(e.ID, nil, p)
	case dns.BindConfChanged:
		l.conf = e
		l.oweSettings(p)
	case dns.ZoneCreated:
		l.addZone(e.ID, e.Zone, nil, p)
	case dns.ZoneUpdated:
		return l.updateZone(e.ID, e.After, p)
	case dns.ZoneDeleted:
		l.dropZone(e.ID, p)
	case dns.RecordAdded:
		return l.addRecord(e.ID, e.ZoneID, e.Record, p)
	case dns.RecordUpdated:
		return l.updateRecord(e, p)
	case dns.RecordDeleted:
		return l.dropRecord(e.ID, e.ZoneID, e.Record, p)
	}
	return nil
}

// advance says that nothing up to the position changes anything.
func (l *ledger) advance(p domain.Position) { l.seen = max(l.seen, p) }

// owe notes that the site lacks the event at p and wakes it.
func (l *ledger) owe(s *site, p domain.Position) {
	if s.waiting == 0 || p < s.waiting {
		s.waiting = p
	}
	l.frontier.note(&s.pending)
	l.woken = append(l.woken, s)
}

func (l *ledger) oweSettings(p domain.Position) {
	l.settings.version++
	if l.settings.waiting == 0 {
		l.settings.waiting = p
	}
	l.frontier.note(&l.settings.pending)
}

func (l *ledger) changeView(id int64, data *dns.ViewData, p domain.Position) {
	if data == nil {
		delete(l.views, id)
	} else {
		l.views[id] = *data
	}
	l.oweSettings(p)
}

// take hands out the site's work, or false when there is none to be done now.
func (l *ledger) take(s *site, check bool) job {
	j := s.take(l.fallback, check)
	l.frontier.note(&s.pending)
	return j
}

func (l *ledger) settle(s *site, j job, o outcome, now time.Time) {
	s.settle(j, o, now)
	l.afterwards(s)
	if s.want == nil && s.owes() == 0 && s.failure == nil && s.installed.known && s.installed.kind == "" {
		delete(l.sites, s.key)
	}
}

func (l *ledger) fail(s *site, message string) {
	s.distrust()
	s.fail(message, l.seen)
	l.afterwards(s)
}

// postpone gives work back that could not be tried.
func (l *ledger) postpone(s *site) {
	s.distrust()
	s.postpone()
	l.afterwards(s)
}

func (l *ledger) afterwards(s *site) {
	l.frontier.note(&s.pending)
	if s.failure != nil {
		l.failing[s] = struct{}{}
	} else {
		delete(l.failing, s)
	}
}
