package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

const (
	// mostZones and mostRecords bound what one client has at a time.
	mostZones, mostRecords = 6, 60
	// baseViews are shared by all; each is renamed by one client.
	baseViews = 4
	// The clients that also change what named has to be reconfigured for.
	serverClient, confClient = 5, 6
)

// deed is something that a client does now and then, weight times as often as
// one of weight 1.
type deed struct {
	weight int
	do     func(*client)
}

// repertoire is all that clients do. What a later part of opsledger offers comes
// with deeds of its own.
var repertoire = slices.Concat(recordDeeds, zoneDeeds, siteDeeds, batchDeeds, peopleDeeds, machineDeeds)

var (
	recordDeeds = []deed{{40, (*client).addRecord}, {14, (*client).updateRecord}, {12, (*client).deleteRecord}, {3, (*client).refusedRecord}}
	zoneDeeds   = []deed{{6, (*client).addZone}, {4, (*client).relinkZone}, {2, (*client).renameZone}, {2, (*client).turnZone}, {2, (*client).deleteZone}}
	// siteDeeds change what all zones have in common.
	siteDeeds = []deed{{1, (*client).renameView}, {1, (*client).ownView}, {1, (*client).server}, {1, (*client).configure}}
)

// step does one thing of a random kind.
func (c *client) step() {
	total := 0
	for _, d := range repertoire {
		total += d.weight
	}
	at := c.rng.IntN(total)
	for _, d := range repertoire {
		if at -= d.weight; at < 0 {
			d.do(c)
			return
		}
	}
}

func resource(kind string, id int64) string { return fmt.Sprintf("/dns/%s/%d", kind, id) }

func (c *client) addZone() {
	if len(c.own.zones) >= mostZones {
		return
	}
	z := c.newZone()
	if a, ok := c.write("ZoneCreated", http.MethodPost, "/dns/zones", zoneBody(z)); ok {
		c.own.zones[a.id] = z
	}
}

func (c *client) newZone() dns.ZoneData {
	z := dns.ZoneData{
		Name: fmt.Sprintf("z%d.c%d.test", c.next(), c.id), Type: dns.ZoneMaster, Forwarders: []string{},
		Group: []dns.ZoneGroup{dns.GroupInternal, dns.GroupInternal, dns.GroupInternal, dns.GroupHijack, dns.GroupExternal}[c.rng.IntN(5)],
	}
	if c.rng.IntN(8) == 0 {
		z.Type, z.Forwarders = dns.ZoneForwardOnly, []string{"192.0.2.53", "2001:db8::53"}
	}
	if z.Group.Rendered() {
		z.ViewIDs = c.someViews()
	}
	return z
}

func zoneBody(z dns.ZoneData) map[string]any {
	return map[string]any{"name": z.Name, "zone_group": int(z.Group), "zone_type": z.Type,
		"forwarders": strings.Join(z.Forwarders, ","), "view_ids": append([]int64{}, z.ViewIDs...)}
}

// someViews are one or more of the shared ones and this client's own.
func (c *client) someViews() []int64 {
	all := c.w.views.ids()
	for id := range c.own.views {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	c.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:1+c.rng.IntN(len(all))]
	slices.Sort(all)
	return all
}

// changeZone changes a zone to what edit makes of it; records in views that it
// left are gone.
func (c *client) changeZone(id int64, edit func(*dns.ZoneData)) {
	before := c.own.zones[id]
	after := before
	edit(&after)
	if after.Name == before.Name && after.Type == before.Type && after.Group == before.Group && slices.Equal(after.ViewIDs, before.ViewIDs) {
		return
	}
	if _, ok := c.write("ZoneUpdated", http.MethodPut, resource("zones", id), zoneBody(after)); !ok {
		return
	}
	c.own.zones[id] = after
	c.forget(func(r ownRecord) bool {
		return r.zone == id && r.ViewID != 0 && !slices.Contains(after.ViewIDs, r.ViewID)
	})
	if after.Name != before.Name {
		c.own.gone = append(c.own.gone, before.Name)
	}
}

func (c *client) forget(gone func(ownRecord) bool) {
	for id, r := range c.own.records {
		if gone(r) {
			delete(c.own.records, id)
		}
	}
}

func (c *client) rendered(id int64) bool { return c.own.zones[id].Group.Rendered() }

func (c *client) relinkZone() {
	if id := pick(c.rng, c.own.zones, c.rendered); id != 0 {
		c.changeZone(id, func(z *dns.ZoneData) {
			z.ViewIDs = c.someViews()
			if z.Group = dns.GroupInternal; c.rng.IntN(3) == 0 {
				z.Group = dns.GroupHijack
			}
		})
	}
}

func (c *client) renameZone() {
	if id := pick(c.rng, c.own.zones, every); id != 0 {
		c.changeZone(id, func(z *dns.ZoneData) { z.Name = fmt.Sprintf("z%d.c%d.test", c.next(), c.id) })
	}
}

// turnZone makes a zone forward only, which is refused while it has records, and back.
func (c *client) turnZone() {
	if id := pick(c.rng, c.own.zones, every); id != 0 {
		c.changeZone(id, func(z *dns.ZoneData) {
			if z.Type == dns.ZoneForwardOnly {
				z.Type = dns.ZoneMaster
				return
			}
			z.Type, z.Forwarders = dns.ZoneForwardOnly, []string{"192.0.2.54"}
		})
	}
}

func (c *client) deleteZone() {
	id := pick(c.rng, c.own.zones, every)
	if id == 0 {
		return
	}
	if a, ok := c.write("ZoneDeleted", http.MethodDelete, resource("zones", id), nil); ok {
		c.own.gone = append(c.own.gone, c.own.zones[id].Name)
		delete(c.own.zones, id)
		c.forget(func(r ownRecord) bool { return r.zone == id })
		c.seen(resource("zones", id), a.position, http.StatusNotFound, "")
	}
}

// newRecord makes a record for a zone like this, sound in itself; what is at its name
// already may speak against it.
func (c *client) newRecord(z dns.ZoneData) dns.RecordData {
	r := dns.RecordData{Host: fmt.Sprint("h", c.rng.IntN(25)), Comment: fmt.Sprintf("%d of client %d, “%s”", c.next(), c.id, "注释")}
	if !z.Group.Rendered() {
		r.Line = []string{"default", "电信"}[c.rng.IntN(2)]
	} else {
		r.ViewID = z.ViewIDs[c.rng.IntN(len(z.ViewIDs))]
	}
	n := c.next()
	switch c.rng.IntN(9) {
	case 0:
		r.Type, r.TTL, r.Value = "AAAA", 120, fmt.Sprintf("2001:db8::%x", n)
	case 1:
		r.Type, r.TTL, r.Value = "TXT", 300, fmt.Sprintf(`v=%d; "quoted" back\slash`, n)
	case 2:
		r.Type, r.TTL, r.Value = "MX", 60, fmt.Sprintf("%d mail%d", n%100, n)
	case 3:
		r.Type, r.TTL, r.Value = "SRV", 30, fmt.Sprintf("1 %d 443 srv%d.example.", n%60000, n)
	case 4:
		r.Host, r.Type, r.TTL, r.Value = fmt.Sprint("h", c.rng.IntN(50)), "CNAME", 0, fmt.Sprintf("alias%d.example.", n)
	case 5:
		r.Host, r.Type, r.TTL, r.Value = fmt.Sprint("child", c.rng.IntN(4)), "NS", 900, fmt.Sprintf("ns%d.example.", n)
	case 6:
		r.Host, r.Type, r.TTL, r.Value = []string{dns.Apex, "*", "*.deep"}[c.rng.IntN(3)], "A", 600, fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	default:
		r.Type, r.TTL, r.Value = "A", 600, fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	}
	return r
}

// recordBody names the record's view as it is called now; by the time that the
// write is decided it may be called otherwise. The zone is its id or, in a batch,
// what stands for it.
func (c *client) recordBody(zone any, r dns.RecordData) map[string]any {
	view := r.Line
	if r.ViewID != 0 {
		view = c.w.views.name(r.ViewID)
		if own, ok := c.own.views[r.ViewID]; ok {
			view = own.Name
		}
	}
	return map[string]any{"host": r.Host, "record_type": r.Type, "ttl": fmt.Sprint(r.TTL), "value": r.Value,
		"view_name": view, "comment": r.Comment, "zone_id": zone}
}

func (c *client) addRecord() {
	zone := pick(c.rng, c.own.zones, func(id int64) bool { return c.own.zones[id].Type == dns.ZoneMaster })
	if zone == 0 || len(c.own.records) >= mostRecords*mostZones {
		c.addZone()
		return
	}
	r := c.newRecord(c.own.zones[zone])
	if a, ok := c.write("RecordAdded", http.MethodPost, "/dns/records", c.recordBody(zone, r)); ok {
		c.own.records[a.id] = ownRecord{zone, r}
		if c.rng.IntN(5) == 0 {
			c.seen(resource("records", a.id), a.position, http.StatusOK, fmt.Sprintf(`"id":%d,"host":%q`, a.id, r.Host))
		}
	}
}

func (c *client) updateRecord() {
	id := pick(c.rng, c.own.records, every)
	if id == 0 {
		return
	}
	zone := c.own.records[id].zone
	r := c.newRecord(c.own.zones[zone])
	if _, ok := c.write("RecordUpdated", http.MethodPut, resource("records", id), c.recordBody(zone, r)); ok {
		c.own.records[id] = ownRecord{zone, r}
	}
}

func (c *client) deleteRecord() {
	id := pick(c.rng, c.own.records, every)
	if id == 0 {
		return
	}
	if a, ok := c.write("RecordDeleted", http.MethodDelete, resource("records", id), nil); ok {
		delete(c.own.records, id)
		if c.rng.IntN(5) == 0 {
			c.seen(resource("records", id), a.position, http.StatusNotFound, "")
		}
	}
}

// refusedRecord must never be taken.
func (c *client) refusedRecord() {
	zone := pick(c.rng, c.own.zones, every)
	if zone == 0 {
		return
	}
	bad := []map[string]any{
		{"host": "www", "record_type": "A", "value": "192.0.2.300"}, {"host": "a b", "record_type": "A", "value": "192.0.2.1"},
		{"host": dns.Apex, "record_type": "CNAME", "value": "x"}, {"host": "www", "record_type": "TXT", "value": "x\n$INCLUDE /etc/passwd"},
		{"host": "www", "record_type": "SOA", "value": "a. b. 1 2 3 4 5"}, {"host": "www", "record_type": "A", "ttl": -1, "value": "192.0.2.1"},
	}[c.rng.IntN(6)]
	bad["zone_id"], bad["view_name"] = zone, c.w.views.name(c.w.views.ids()[0])
	if a, ok := c.write("", http.MethodPost, "/dns/records", bad); ok || a.status != http.StatusBadRequest {
		c.w.t.Errorf("%v: status %d: %s", bad, a.status, a.body)
	}
}

// renameView renames the shared view that is this client's to rename.
func (c *client) renameView() {
	ids := c.w.views.ids()
	if c.id >= len(ids) {
		return
	}
	id := ids[c.id]
	v := dns.ViewData{Name: fmt.Sprintf("view%d-%d", c.id, c.next()), ACL: []string{"any", "127.0.0.0/8\n::1", "10.0.0.0/8, !192.0.2.0/24"}[c.rng.IntN(3)]}
	if _, ok := c.write("ViewUpdated", http.MethodPut, resource("views", id), viewBody(v)); ok {
		c.own.views[id] = v
		c.w.views.rename(id, v.Name)
	}
}

func viewBody(v dns.ViewData) map[string]any { return map[string]any{"name": v.Name, "acl": v.ACL} }

// ownView makes a view that only this client uses, or removes it; a view that a
// zone is linked to stays.
func (c *client) ownView() {
	id := pick(c.rng, c.own.views, func(id int64) bool { return !slices.Contains(c.w.views.ids(), id) })
	switch {
	case c.id > 3*baseViews || c.id%baseViews != 1:
	case id == 0:
		v := dns.ViewData{Name: fmt.Sprintf("own%d-%d", c.id, c.next()), ACL: "203.0.113.0/24"}
		if a, ok := c.write("ViewCreated", http.MethodPost, "/dns/views", viewBody(v)); ok {
			c.own.views[a.id] = v
		}
	default:
		used := false
		for _, z := range c.own.zones {
			used = used || slices.Contains(z.ViewIDs, id)
		}
		if _, ok := c.write("ViewDeleted", http.MethodDelete, resource("views", id), nil); ok == used {
			c.w.t.Errorf("view %d was deleted: %v, is used: %v", id, ok, used)
		} else if ok {
			delete(c.own.views, id)
		}
	}
}

// server adds, changes and removes servers, which have no agents; as masters
// they are the name servers of all zones.
func (c *client) server() {
	if c.id != serverClient {
		return
	}
	n := c.next()
	s := dns.ServerData{
		Host: fmt.Sprintf("ns%d.example", n), IP: fmt.Sprintf("10.9.%d.%d", n>>8&255, n&255), Env: "prod",
		Type: []string{"master", "slave"}[c.rng.IntN(2)], ZbProcessItem: "1", ZbPortItem: "2", ZbResolveItem: "3", ZbResolveRateID: "4",
	}
	body := map[string]any{"host": s.Host, "ip": s.IP, "env": s.Env, "dns_server_type": s.Type, "zb_process_itemid": "1",
		"zb_port_itemid": "2", "zb_resolve_itemid": "3", "zb_resolve_rate_itemid": "4"}
	switch id := pick(c.rng, c.own.servers, every); {
	case id == 0 || c.rng.IntN(3) == 0:
		if a, ok := c.write("ServerCreated", http.MethodPost, "/dns/servers", body); ok {
			c.own.servers[a.id] = s
		}
	case c.rng.IntN(2) == 0:
		if _, ok := c.write("ServerUpdated", http.MethodPut, resource("servers", id), body); ok {
			c.own.servers[id] = s
		}
	default:
		if _, ok := c.write("ServerDeleted", http.MethodDelete, resource("servers", id), nil); ok {
			delete(c.own.servers, id)
		}
	}
}

func (c *client) configure() {
	if c.id != confClient {
		return
	}
	text := fmt.Sprintf("options {\n  recursion no;\n  version \"soak %d\";\n};\n", c.next())
	if _, ok := c.write("BindConfChanged", http.MethodPost, "/dns/bind_conf", map[string]any{"bind_conf": text}); ok {
		c.own.conf = text
	}
}
