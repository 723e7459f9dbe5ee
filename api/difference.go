package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

const (
	// maxDiff is how many lines of zone text the reply to a dry run has, and of how many zones in
	// views it tells.
	maxDiff = 10_000
	// maxCompared is how many zones in views are compared for it: each takes some milliseconds,
	// and a change of the fleet concerns all zones.
	maxCompared = 1000
	// comparedTogether is of how many of them what they are is read and held at once.
	comparedTogether = 100
)

// zoneDiff is what changes of what a zone serves in a view.
type zoneDiff struct {
	// ZoneID is null for a zone that is not there yet.
	ZoneID  *int64   `json:"zone_id"`
	View    string   `json:"view"`
	Removed []string `json:"removed"`
	Added   []string `json:"added"`
	// More says that not all lines are there, or that the zone was not compared.
	More bool `json:"more,omitempty"`
}

// difference finds what events would change of what zones serve.
//
// Invariants:
//  1. It has at most maxDiff lines and zones, and no more than maxCompared are compared.
//  2. It has no zone that the caller may not ACCESS, and no view that the caller's credential is
//     not for.
//  3. A zone whose records stay costs what the events touch, whatever its size; of any other no
//     more records are held than the difference has lines.
type difference struct {
	*Kernel
	request *Request
	events  []domain.Event
	outline *zonedata.Outline
	// servers are those before the events.
	servers       dns.FleetServers
	before, after dns.Fleet
	views         map[int64]string
	// visible are the zones that the caller may ACCESS, as far as it is known.
	visible map[int64]bool
	// now is what the zones are that are compared together.
	now  *dns.Now
	room int
	all  []zoneDiff
	// kept are the PTRs that differ of reverse zones, by zone and view.
	kept map[keptIn]keptDiff
}

// newDifference reads what all zones have in common, from read models that have caught up with the
// log.
func (k *Kernel) newDifference(w *Request, events []domain.Event) (*difference, error) {
	d := &difference{
		Kernel: k, request: w, events: events, outline: zonedata.NewOutline(events), room: maxDiff, all: []zoneDiff{},
		visible: map[int64]bool{},
	}
	if _, err := k.AwaitHead(w.Context(), domain.ContextDNS); err != nil {
		return nil, err
	}
	return d, cmp.Or(d.readFleet(), d.readViews())
}

func (d *difference) readFleet() error {
	fleet, err := d.DNS.Fleet(d.ctx())
	if err != nil {
		return fmt.Errorf("read the fleet: %w", err)
	}
	servers, _, err := d.DNS.Servers(d.ctx(), rights.System(), dnsmodel.ServerFilter{}, query.Everything())
	if err != nil {
		return fmt.Errorf("read servers: %w", err)
	}
	d.servers = make(dns.FleetServers, len(servers))
	for _, s := range servers {
		d.servers[s.ID] = s.InFleet()
	}
	d.before = dns.FleetOf(fleet.FleetData, d.servers)
	d.after = dns.FleetOf(fleet.FleetData.After(d.servers, d.events))
	return nil
}

func (d *difference) readViews() error {
	views, _, err := d.DNS.Views(d.ctx(), dnsmodel.ViewFilter{}, query.Everything())
	if err != nil {
		return fmt.Errorf("read views: %w", err)
	}
	d.views = make(map[int64]string, len(views))
	for _, v := range views {
		d.views[v.ID] = v.Name
	}
	for _, e := range d.events {
		if made, is := e.(dns.ViewCreated); is {
			d.views[made.ID] = made.View.Name
		}
	}
	return nil
}

func (d *difference) ctx() context.Context { return d.request.Context() }

// moved says whether zones that have nothing of their own get another NS set or other addresses.
func (d *difference) moved() bool {
	return !slices.Equal(d.before.Names, d.after.Names) || !slices.Equal(d.before.Addresses, d.after.Addresses)
}

// find returns the difference, in the order of the zones' and the views' ids.
func (d *difference) find() ([]zoneDiff, error) {
	parts, err := d.parts()
	if err != nil {
		return nil, err
	}
	for compared := 0; len(parts) > 0 && compared < maxCompared && d.room > 0; compared += comparedTogether {
		some := parts[:min(comparedTogether, len(parts))]
		if err := d.read(some); err != nil {
			return nil, err
		}
		for len(some) > 0 && d.room > 0 {
			if err := d.compare(some[0]); err != nil {
				return nil, err
			}
			some, parts = some[1:], parts[1:]
		}
	}
	for _, p := range parts[:min(len(parts), maxDiff)] {
		d.all = append(d.all, zoneDiff{ZoneID: shownID(p.ZoneID), View: d.views[p.View], Removed: []string{}, Added: []string{}, More: true})
	}
	return d.all, nil
}

// shownID is null for an id that would be drawn.
func shownID(id int64) *int64 {
	if eventstore.Undrawn(id) {
		return nil
	}
	return &id
}

// parts lists the zones in views that may serve something else.
func (d *difference) parts() ([]zonedata.Part, error) {
	now, err := d.readZones()
	if err != nil {
		return nil, err
	}
	var parts []zonedata.Part
	for _, id := range d.outline.Zones() {
		if !d.outline.Begins(id) && !d.visible[id] {
			continue
		}
		var is *dns.ZoneData
		if data, _, exists := now.Zone(id); exists {
			is = &data
		}
		parts = append(parts, d.outline.Parts(id, is)...)
	}
	if parts, err = d.withKeepers(parts); err != nil {
		return nil, err
	}
	if d.moved() {
		others, err := d.others()
		if err != nil {
			return nil, err
		}
		parts = append(parts, others...)
	}
	parts = slices.DeleteFunc(parts, func(p zonedata.Part) bool {
		kept := d.kept[keptIn{p.ZoneID, p.View}]
		return p.Quiet() && !d.moved() && len(kept.Owners()) == 0 && !kept.more || d.request.Caller.RequireView(p.View) != nil
	})
	slices.SortFunc(parts, func(a, b zonedata.Part) int {
		return cmp.Or(cmp.Compare(a.ZoneID, b.ZoneID), cmp.Compare(a.View, b.View))
	})
	return parts, nil
}

// readZones reads the zones that events are about, and finds out which the caller may ACCESS.
func (d *difference) readZones() (*dns.Now, error) {
	var ids []int64
	for _, id := range d.outline.Zones() {
		if !d.outline.Begins(id) {
			ids = append(ids, id)
		}
	}
	now := dns.NewNow(lookback{d.ctx(), d.Store})
	if err := now.Read(ids, nil); err != nil {
		return nil, fmt.Errorf("read zones: %w", err)
	}
	return now, d.seek(ids)
}

// fewZones is how many zones are asked for one by one.
const fewZones = 20

// seek finds out which zones the caller may ACCESS.
func (d *difference) seek(ids []int64) error {
	viewer := d.request.Viewer()
	if len(ids) > fewZones {
		zones, _, err := d.DNS.Zones(d.ctx(), viewer, dnsmodel.ZoneFilter{}, query.Everything())
		for _, z := range zones {
			d.visible[z.ID] = true
		}
		return err
	}
	for _, id := range ids {
		zones, _, err := d.DNS.Zones(d.ctx(), viewer, dnsmodel.ZoneFilter{ID: &id}, query.One())
		if err != nil {
			return err
		}
		d.visible[id] = len(zones) > 0
	}
	return nil
}

// others lists the zones that no event is about, of those that the caller may ACCESS.
func (d *difference) others() ([]zonedata.Part, error) {
	all := query.Page{Number: 1, Size: maxDiff}
	zones, total, err := d.DNS.Zones(d.ctx(), d.request.Viewer(), dnsmodel.ZoneFilter{Type: dns.ZoneMaster}, all)
	if err != nil {
		return nil, fmt.Errorf("read zones: %w", err)
	}
	if total > len(zones) {
		d.request.remarks().warn(domain.Warn("", "%d zones more were not compared, and are not listed", total-len(zones)))
	}
	var parts []zonedata.Part
	for _, z := range zones {
		if d.outline.Has(z.ID) || !z.Group.Rendered() {
			continue
		}
		for _, view := range z.ViewIDs {
			if _, has := d.kept[keptIn{z.ID, view}]; has {
				continue
			}
			parts = append(parts, zonedata.Part{ZoneID: z.ID, View: view, Before: &z.ZoneData, After: &z.ZoneData})
		}
	}
	return parts, nil
}

// read reads what zones in views are, and the records that are needed to compare them.
func (d *difference) read(parts []zonedata.Part) error {
	d.now = dns.NewNow(lookback{d.ctx(), d.Store})
	var zones []int64
	var nodes []dns.Node
	for _, p := range parts {
		if d.outline.Has(p.ZoneID) && d.outline.Begins(p.ZoneID) {
			continue
		}
		zones = append(zones, p.ZoneID)
		hosts := append(zonedata.Hosts(p.Events), d.kept[keptIn{p.ZoneID, p.View}].Owners()...)
		for _, host := range append(hosts, dns.Apex) {
			nodes = append(nodes, dns.Node{Zone: p.ZoneID, Host: host})
		}
	}
	if err := d.now.Read(zones, nodes); err != nil {
		return fmt.Errorf("read zones: %w", err)
	}
	nodes = nil
	for _, p := range parts {
		for _, z := range []*dns.ZoneData{p.Before, p.After} {
			if z != nil {
				nodes = append(nodes, d.asked(p, z)...)
			}
		}
	}
	if err := d.now.Read(nil, nodes); err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	return nil
}

// asked are the owners that are looked at to generate records.
func (d *difference) asked(p zonedata.Part, z *dns.ZoneData) (nodes []dns.Node) {
	if eventstore.Undrawn(p.ZoneID) {
		return nil
	}
	own := d.own(p, z.Name)
	for _, fleet := range []dns.Fleet{d.before, d.after} {
		for _, owner := range zonedata.Asked(zonedata.Absolute(z.Name), fleet, zonedata.Assemble(own.at(zonedata.ApexNS))) {
			nodes = append(nodes, own.node(owner))
		}
	}
	return nodes
}
