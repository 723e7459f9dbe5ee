package zoneupdate

import (
	"cmp"
	"errors"
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// Target is the zone in a view that an update is for.
type Target struct {
	ZoneID int64
	// Zone is the zone's name, View that of the view.
	Zone   string
	ViewID int64
	View   string
	// Only says that the view was taken since the zone has no other.
	Only bool
	// Fleet is what is generated for zones without name servers of their own. Prerequisites are
	// compared with what is generated, too.
	Fleet dns.Fleet
	// SOA is the zone's in the view as a read model showed it that had applied SOAOf. It is needed
	// where a prerequisite is about its data, see [AsksForSOA].
	SOA   *mdns.SOA
	SOAOf domain.Position
	// Kept are the PTRs that the zone has of other zones, of the owners that prerequisites, or PTRs that
	// are wanted, are about.
	Kept map[string]*zonedata.RRset
}

// is says whether the log has the zone, which was read, as the target says.
func (to *Target) is(h domain.History, now *dns.Now) (settings dns.ZoneSettings, is bool, err error) {
	view := dns.ViewNamed(to.View)
	if err := h.Load(view); err != nil {
		return settings, false, err
	}
	zone, settings, _ := now.Zone(to.ZoneID) // one that has gone has no name
	is = dns.FoldName(zone.Name) == to.Zone && dns.HaveZoneFile(zone) == nil && view.HeldBy() == to.ViewID &&
		slices.Contains(zone.ViewIDs, to.ViewID) && (!to.Only || len(zone.ViewIDs) == 1)
	return settings, is, nil
}

// ErrStale says that the zone is not as the target says, or was written since its SOA was read: it is
// to be looked up anew.
var ErrStale = errors.New("the zone is otherwise by now")

// AsksForSOA says whether a prerequisite is about the data of the zone's SOA, and thereby about its
// serial.
func AsksForSOA(required []mdns.RR) bool {
	return slices.ContainsFunc(required, func(rr mdns.RR) bool {
		return rr.Header().Rrtype == mdns.TypeSOA && rr.Header().Class == mdns.ClassINET
	})
}

// Update is an update message as a command.
//
// Invariants:
//  1. Its prerequisites and what it ignores are decided on the log, and the append fails if a
//     record came, changed or went meanwhile at a name that one of them is about.
//  2. Prerequisites hold before anything of the message is done. The updates are done in their
//     order, each on what those before it left; the rules between records hold at the end.
//  3. It tells who may not ACCESS the zone nothing about it.
type Update struct {
	to            Target
	prerequisites prerequisites
	changes       []change
	// malformed is what is wrong with the updates. RFC 2136 has it said after the prerequisites.
	malformed *Failure
	// located remembers what is known of records: each step asks for those at its name.
	located map[dns.RecordData]located
}

// located is a record's RRset, and its data in canonical wire form.
type located struct {
	key   zonedata.Key
	rdata string
}

// New reads the sections of a message. Its error is a [Failure].
func New(to Target, required, updates []mdns.RR) (*Update, error) {
	u := &Update{to: to, located: map[dns.RecordData]located{}}
	u.to.Zone = dns.FoldName(to.Zone)
	if failure := u.prerequisites.read(u.zone(), required); failure != nil {
		return nil, failure
	}
	u.changes, u.malformed = readChanges(u.zone(), updates)
	return u, nil
}

// zone is the absolute name of the zone.
func (u *Update) zone() string { return zonedata.Absolute(u.to.Zone) }

// Touched are the names, relative to the zone, and types of all that the message asks about or
// changes; type ANY stands for all of a name.
func (u *Update) Touched() []zonedata.Key {
	keys := u.prerequisites.keys()
	for _, c := range u.changes {
		keys = append(keys, c.key)
	}
	return keys
}

// Allocates implements [domain.Allocator]: an id for each record that may be added.
func (u *Update) Allocates() []domain.Sequence {
	var all []domain.Sequence
	for _, c := range u.changes {
		all = append(all, c.takes()...)
	}
	return all
}

// Decide implements [domain.Command]. Its error is a [Failure], a [*batch.Error] of the updates
// that are refused, [batch.ErrTooManyEvents], or a [domain.Error].
func (u *Update) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	operations := []batch.Operation{batch.Of(opening{u}, nil)}
	for _, c := range u.changes {
		operations = append(operations, batch.Operation{Takes: c.takes(), Build: func([]int64) (domain.Command, error) {
			return step{u, c}, nil
		}})
	}
	all, err := batch.New(operations)
	if err != nil {
		return nil, err
	}
	events, err := all.Decide(h, env)
	if err != nil || len(events) > 0 || len(u.changes) == 0 {
		return events, err
	}
	return nil, dns.AuthorizeRecords(h, env, u.to.ZoneID)
}

// opening is what is decided before the first update.
type opening struct{ u *Update }

// Decide implements [domain.Command].
func (o opening) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	u := o.u
	now := dns.NewNow(h).Guarding()
	if err := now.Read([]int64{u.to.ZoneID}, append(u.nodes(), u.prerequisites.nodes(u)...)); err != nil {
		return nil, err
	}
	settings, is, err := u.to.is(h, now)
	if err != nil {
		return nil, err
	}
	if !is {
		return nil, ErrStale
	}
	if err := now.Authorize(env, u.to.ZoneID, access.OperationAccess); err != nil {
		return nil, err
	}
	if failure, err := u.prerequisites.unmet(u, now, settings); err != nil || failure != nil {
		return nil, cmp.Or(err, failure.asError())
	}
	return nil, u.malformed.asError()
}

// asError is nil for no failure.
func (f *Failure) asError() error {
	if f == nil {
		return nil
	}
	return f
}

// nodes are the owner names of the updates.
func (u *Update) nodes() (nodes []dns.Node) {
	for _, c := range u.changes {
		nodes = append(nodes, u.node(c.key.Owner))
	}
	return nodes
}

// node is an owner name; records have it as hosts are spelled.
func (u *Update) node(owner string) dns.Node {
	return dns.Node{Zone: u.to.ZoneID, Host: dns.Respelled(owner)}
}

// present is a record of the zone in the view.
type present struct {
	id   int64
	data dns.RecordData
	// rdata is the data in canonical wire form.
	rdata string
}

// at returns the records of an RRset that was read, those of all types for ANY, by id.
func (u *Update) at(now *dns.Now, key zonedata.Key) (found []present, err error) {
	for id, d := range now.Records(u.node(key.Owner)) {
		if d.ViewID != u.to.ViewID {
			continue
		}
		is, err := u.locate(d)
		if err != nil {
			return nil, err
		}
		if key.Type == mdns.TypeANY || key.Type == is.key.Type {
			found = append(found, present{id, d, is.rdata})
		}
	}
	slices.SortFunc(found, func(a, b present) int { return cmp.Compare(a.id, b.id) })
	return found, nil
}

// locate is [zonedata.Locate] with a memory.
func (u *Update) locate(d dns.RecordData) (located, error) {
	if is, known := u.located[d]; known {
		return is, nil
	}
	key, rdata, err := zonedata.Locate(u.to.Zone, d)
	if err != nil {
		return located{}, err
	}
	is := located{key, rdata}
	u.located[d] = is
	return is, nil
}
