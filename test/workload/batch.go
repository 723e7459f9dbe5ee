package workload

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/domain/dns"
)

var batchDeeds = []deed{{3, (*client).batchZone}, {5, (*client).batchChanges}, {1, (*client).refusedBatch}}

// draft is a batch in the making. Each of its operations is one event.
type draft struct {
	operations []map[string]any
	events     []string
	// settled notes what an operation did, once the batch was carried out.
	settled []func(id int64)
}

// add appends an operation and returns what stands for the resource that it creates.
func (d *draft) add(event, method, target string, body map[string]any, settled func(id int64)) (created string) {
	operation := map[string]any{"method": method, "path": target}
	if body != nil {
		operation["body"] = body
	}
	d.operations, d.events, d.settled = append(d.operations, operation), append(d.events, event), append(d.settled, settled)
	return fmt.Sprint("$", len(d.operations)-1)
}

// send carries the batch out, or has it refused as a whole.
func (c *client) send(d *draft) (answer, bool) {
	if len(d.operations) == 0 {
		return answer{}, false
	}
	a, ok := c.append(d.events, http.MethodPost, "/v1/batch", map[string]any{"operations": d.operations})
	if !ok {
		return a, false
	}
	var said struct {
		Results []struct {
			Status   int
			Location string
		}
	}
	if err := json.Unmarshal(a.body, &said); err != nil || len(said.Results) != len(d.operations) {
		c.w.t.Errorf("%d operations: %s", len(d.operations), a.body)
		return a, false
	}
	for i, result := range said.Results {
		id, _ := strconv.ParseInt(path.Base(result.Location), 10, 64)
		d.settled[i](id)
	}
	return a, true
}

// batchZone makes a zone and fills it, at once.
func (c *client) batchZone() {
	if len(c.own.zones) >= mostZones {
		c.batchChanges()
		return
	}
	var d draft
	var zone int64
	z := c.newZone()
	created := d.add("ZoneCreated", http.MethodPost, "/dns/zones", zoneBody(z), func(id int64) { zone = id; c.own.zones[id] = z })
	if z.Type == dns.ZoneMaster {
		for range c.rng.IntN(12) {
			c.draftRecord(&d, created, z, &zone)
		}
	}
	if a, ok := c.send(&d); ok {
		c.seen(resource("zones", zone), a.position, http.StatusOK, fmt.Sprintf(`"id":%d,"name":%q`, zone, z.Name))
	}
}

// draftRecord adds a record to a zone of which the id is known only later.
func (c *client) draftRecord(d *draft, zone any, z dns.ZoneData, id *int64) {
	r := c.newRecord(z)
	d.add("RecordAdded", http.MethodPost, "/dns/records", c.recordBody(zone, r), func(record int64) {
		c.own.records[record] = ownRecord{*id, r}
	})
}

// batchChanges adds, changes and deletes records of one zone, and may end with
// giving it another name, at once.
func (c *client) batchChanges() {
	zone := pick(c.rng, c.own.zones, func(id int64) bool { return c.own.zones[id].Type == dns.ZoneMaster })
	if zone == 0 {
		return
	}
	var d draft
	z := c.own.zones[zone]
	for _, id := range slices.Sorted(maps.Keys(c.own.records)) {
		switch {
		case c.own.records[id].zone != zone:
		case c.rng.IntN(8) == 0:
			d.add("RecordDeleted", http.MethodDelete, resource("records", id), nil, func(int64) { delete(c.own.records, id) })
		case c.rng.IntN(8) == 0:
			r := c.newRecord(z)
			d.add("RecordUpdated", http.MethodPut, resource("records", id), c.recordBody(zone, r), func(int64) {
				c.own.records[id] = ownRecord{zone, r}
			})
		}
	}
	if len(c.own.records) < mostRecords*mostZones {
		for range c.rng.IntN(8) {
			c.draftRecord(&d, zone, z, &zone)
		}
	}
	if c.rng.IntN(6) == 0 {
		renamed := z
		renamed.Name = fmt.Sprintf("z%d.c%d.test", c.next(), c.id)
		d.add("ZoneUpdated", http.MethodPut, resource("zones", zone), zoneBody(renamed), func(int64) {
			c.own.zones[zone] = renamed
			c.own.gone = append(c.own.gone, z.Name)
		})
	}
	c.send(&d)
}

// refusedBatch has one operation that cannot be: nothing of it must ever be seen.
func (c *client) refusedBatch() {
	zone := pick(c.rng, c.own.zones, every)
	if zone == 0 {
		return
	}
	var d draft
	d.add("ZoneDeleted", http.MethodDelete, resource("zones", zone), nil, nil)
	c.draftRecord(&d, zone, dns.ZoneData{Group: dns.GroupExternal}, &zone)
	a, ok := c.append(d.events, http.MethodPost, "/v1/batch", map[string]any{"operations": d.operations})
	var said struct{ Results []struct{ Index, Status int } }
	err := json.Unmarshal(a.body, &said)
	if ok || err != nil || a.status != http.StatusBadRequest || len(said.Results) != 1 || said.Results[0].Index != 1 {
		c.w.t.Errorf("a record in a deleted zone: status %d: %s", a.status, a.body)
	}
}
