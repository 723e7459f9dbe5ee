package workload

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

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
