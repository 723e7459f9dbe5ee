package workload

import (
	"fmt"
	"net/http"

	"github.com/opsledger/opsledger/domain/dns"
)

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
		r.Host = []string{dns.Apex, "*", "*.deep"}[c.rng.IntN(3)]
		fallthrough
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
