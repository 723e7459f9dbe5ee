package rest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The events that a dry run announces are those that the same write then appends, and its difference
// makes of what was served what is served then, whatever has happened before.
func TestDryRunsTellTheTruth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newRandomWrites(t, seed)
			for range 130 {
				method, path, body := w.next()
				w.compare(method, path, body)
			}
			if w.carriedOut < 40 {
				t.Errorf("%d writes were carried out", w.carriedOut)
			}
		})
	}
}

// randomWrites makes writes of all dialects about few names, so that they meet.
type randomWrites struct {
	*stack
	*rand.Rand
	carriedOut int
	// known is what was served at a position, with how it was called: nothing else changes it.
	known  served
	called names
	at     int64
}

func newRandomWrites(t *testing.T, seed uint64) *randomWrites {
	t.Helper()
	s := dryWorld(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.ok("POST", "/dns/zones", m{"name": "2.0.192.in-addr.arpa", "zone_type": "master", "view_ids": []int{1, 2}})
	s.ok("PUT", "/v1/zones/2/settings", m{"ptr": m{"from": []string{"a.test"}}})
	return &randomWrites{stack: s, Rand: rand.New(rand.NewPCG(seed, 7))}
}

// served is what all zones serve: the lines of the text, by zone and view, with no serials.
type served map[zoneAndView][]string

type zoneAndView struct{ zone, view int64 }

// names are what is called how.
type names struct{ zones, views map[string]int64 }

// now is what is served now. The map is the caller's own.
func (w *randomWrites) now() (served, names) {
	w.t.Helper()
	if at := w.end(); w.known == nil || at != w.at {
		w.known, w.called = w.served()
		w.at = at
	}
	return maps.Clone(w.known), w.called
}

func (w *randomWrites) served() (served, names) {
	w.t.Helper()
	all, called := served{}, names{map[string]int64{}, map[string]int64{}}
	byID := map[int64]string{}
	for _, v := range decoded[struct {
		Views []struct {
			ID   int64
			Name string
		}
	}](w.stack, w.do("GET", "/dns/views?pageSize=1000", nil)).Views {
		called.views[v.Name], byID[v.ID] = v.ID, v.Name
	}
	for _, z := range decoded[struct {
		Zones []struct {
			ID      int64
			Name    string
			Group   int     `json:"zone_group"`
			Type    string  `json:"zone_type"`
			ViewIDs []int64 `json:"view_ids"`
		}
	}](w.stack, w.do("GET", "/dns/zones?pageSize=1000", nil)).Zones {
		if z.Group == 0 || z.Type != "master" {
			continue
		}
		called.zones[z.Name+"."] = z.ID
		for _, view := range z.ViewIDs {
			text := w.done("GET", fmt.Sprintf("/v1/zones/%d/export?view=%s", z.ID, byID[view]), nil).body
			all[zoneAndView{z.ID, view}] = withoutSerials(zoneLines(text))
		}
	}
	return all, called
}

func withoutSerials(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if fields := strings.Fields(line); fields[3] == "SOA" {
			fields[6] = "#"
			line = strings.Join(fields, " ")
		}
		out[i] = line
	}
	return out
}

// compare asks what a write would do, and does it.
func (w *randomWrites) compare(method, path string, body any) {
	w.t.Helper()
	before, calledBefore := w.now()
	said, dry := w.dry(method, path, body)
	at := w.end()
	real := w.do(method, path, body)
	if !said.DryRun {
		if dry.status != real.status || dry.body != real.body {
			w.t.Errorf("%s %s %v: refused with %d %s, its dry run with %d %s", method, path, body, real.status, real.body, dry.status, dry.body)
		}
		return
	}
	w.carriedOut++
	if real.status != http.StatusOK || strings.HasPrefix(real.body, `{"ok":false`) {
		w.t.Fatalf("%s %s %v: announced, and refused with %d %s", method, path, body, real.status, real.body)
	}
	w.announced(said, at)
	after, calledAfter := w.now()
	for _, d := range said.Diff {
		of := d.of(calledBefore, calledAfter)
		lines, missing := without(before[of], withoutSerials(d.Removed))
		before[of] = append(lines, withoutSerials(d.Added)...)
		if len(missing) > 0 || d.More {
			w.t.Errorf("%s %s %v: %v goes, and was not there", method, path, body, missing)
		}
	}
	maps.DeleteFunc(before, func(_ zoneAndView, lines []string) bool { return len(lines) == 0 })
	for _, all := range []served{before, after} {
		for _, lines := range all {
			slices.Sort(lines)
		}
	}
	if !maps.EqualFunc(before, after, slices.Equal) {
		w.t.Fatalf("%s %s %v: said to serve\n%v\nand serves\n%v\nafter %s", method, path, body, before, after, dry.body)
	}
}

// of finds out which zone and view a difference is of: those that were there, or are.
func (d dryDiff) of(before, after names) (of zoneAndView) {
	if d.ZoneID != nil {
		of.zone = *d.ZoneID
	} else {
		of.zone = after.zones[strings.Fields(d.Added[0])[0]]
	}
	var was bool
	if of.view, was = before.views[d.View]; !was {
		of.view = after.views[d.View]
	}
	return of
}

// without takes lines out of others, and returns those that are not there.
func without(lines, out []string) (left, missing []string) {
	left = slices.Clone(lines)
	for _, line := range out {
		if at := slices.Index(left, line); at >= 0 {
			left = slices.Delete(left, at, at+1)
		} else {
			missing = append(missing, line)
		}
	}
	return left, missing
}

func pick[T any](w *randomWrites, of ...T) T { return of[w.IntN(len(of))] }

// some are a few of the ids that there may be.
func (w *randomWrites) some(most int) []int {
	ids := []int{1 + w.IntN(most)}
	if id := 1 + w.IntN(most); w.IntN(2) == 0 && id != ids[0] {
		ids = append(ids, id)
	}
	return ids
}

// next is another write.
func (w *randomWrites) next() (method, path string, body any) {
	switch w.IntN(12) {
	case 0, 1, 2:
		return w.aWrite()
	case 3, 4, 5, 6:
		var list []m
		for range 1 + w.IntN(3) {
			method, path, body := w.aWrite()
			list = append(list, operation(method, path, body))
		}
		return "POST", pathBatch, operations(list...)
	case 7:
		list := []m{
			operation("POST", "/dns/views", w.view()),
			operation("POST", "/dns/zones", changed(w.zone(), "view_ids", []any{"$0", 1})),
			operation("POST", "/dns/records", changed(w.record(), "zone_id", "$1")),
			operation("POST", "/dns/records", changed(w.record(), "zone_id", "$1")),
		}
		return "POST", pathBatch, operations(list...)
	case 8:
		return "POST", fmt.Sprintf("/v1/zones/%s/import?view=%s&mode=%s", idIn(w.one("/dns/zones")), pick(w, "office", "world"), pick(w, "merge", "replace")),
			fmt.Sprintf("@ 300 IN SOA %s hostmaster 1 3600 600 604800 60\nwww %d A 192.0.2.%d\nns1 60 A 192.0.2.1\n@ 60 NS %s\nk%d 5 CNAME www\n",
				pick(w, "master", "ns1"), pick(w, 60, 600), w.IntN(3), pick(w, "ns1", "ns.example.net."), w.IntN(2))
	case 9:
		return "POST", pathReplace, m{"find": m{"value": w.address()}, "set": m{"value": w.address(), "ttl": pick(w, 60, 600)}}
	case 10:
		return w.ofAllZones()
	default:
		return w.elsewhere()
	}
}

func (w *randomWrites) address() string { return fmt.Sprintf("192.0.2.%d", w.IntN(4)) }

func (w *randomWrites) view() m {
	return m{"name": pick(w, "office", "world", "lab", "far"), "acl": pick(w, "any", "10.0.0.0/8", "192.0.2.0/24")}
}

func (w *randomWrites) zone() m {
	zone := m{"name": pick(w, "a.test", "b.test", "s.a.test", "2.0.192.in-addr.arpa", "in-addr.arpa"), "zone_type": "master", "view_ids": w.some(2), "zone_group": 1 + w.IntN(2)}
	if w.IntN(6) == 0 {
		zone["zone_type"], zone["forwarders"] = "forward only", w.address()
	}
	return zone
}

func (w *randomWrites) server() m {
	s := aServer(fmt.Sprint(1 + w.IntN(4)))
	s["ip"], s["dns_server_type"] = fmt.Sprintf("10.0.%d.%d", w.IntN(2), 1+w.IntN(4)), pick(w, "master", "master", "slave")
	return s
}

func (w *randomWrites) record() m {
	r := m{"zone_id": idIn(w.one("/dns/zones")), "view_name": pick(w, "office", "office", "world", "lab"), "ttl": pick(w, 60, 600),
		"host": pick(w, "@", "www", "www", "ns1", "master", "*", `Floor\ 2`, "x.s"), "comment": pick(w, "", "c")}
	switch w.IntN(6) {
	case 0, 1:
		r["value"] = w.address()
	case 5:
		r["host"], r["record_type"], r["value"] = fmt.Sprint(w.IntN(4)), pick(w, "PTR", "CNAME"), "own.test."
	case 2:
		r["record_type"], r["value"] = "NS", pick(w, "ns1", "master", "ns.example.net.")
	case 3:
		r["record_type"], r["value"] = "CNAME", pick(w, "www", "ns1.a.test.")
	default:
		r["record_type"], r["value"] = "TXT", pick(w, "one", "two")
	}
	return r
}

// aWrite is one that a batch may have.
func (w *randomWrites) aWrite() (method, path string, body any) {
	kind := pick(w, "views", "zones", "zones", "servers", "records", "records", "records", "records", "records")
	path, body = "/dns/"+kind, w.bodyOf(kind)
	switch one := w.one(path); w.IntN(5) {
	case 0, 1:
		return "POST", path, body
	case 2, 3:
		return "PUT", one, body
	default:
		return "DELETE", one, nil
	}
}

// one is the path of one of those that there are, mostly.
func (w *randomWrites) one(list string) string {
	w.t.Helper()
	var ids []int64
	_, name, _ := strings.Cut(strings.TrimPrefix(list, "/"), "/")
	must(w.t, w.pool.QueryRow(w.t.Context(), "SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM dns."+name).Scan(&ids))
	if len(ids) == 0 || w.IntN(12) == 0 {
		return list + "/1"
	}
	return fmt.Sprintf("%s/%d", list, pick(w, ids...))
}

func (w *randomWrites) bodyOf(kind string) m {
	switch kind {
	case "views":
		return w.view()
	case "zones":
		return w.zone()
	case "servers":
		return w.server()
	default:
		return w.record()
	}
}

// ofAllZones is a write about what zones have beside records.
func (w *randomWrites) ofAllZones() (method, path string, body any) {
	switch w.IntN(6) {
	case 0:
		return "PUT", "/v1/fleet", m{"ns": pick(w, []string{}, []string{"ns1.a.test."}, []string{"ns.example.net.", "ns1.b.test."})}
	case 1:
		return "PUT", "/v1/fleet", m{"addresses": pick[any](w, "masters", []string{"192.0.2.50", "2001:db8::1"})}
	default:
		return "PUT", fmt.Sprintf("/v1/zones/%s/settings", idIn(w.one("/dns/zones"))),
			pick(w, m{"soa": m{"mname": "m.example."}}, m{"soa": nil}, m{"default_ttl": 60 + w.IntN(2)}, m{"serial_at_least": 1000 * w.IntN(5)},
				m{"ptr": m{"from": pick(w, []string{"a.test", "b.test"}, []string{"a.test"}, []string{"s.a.test", "a.test"}, []string{})}})
	}
}

// elsewhere is a write that no name server hears of, but for the order of views.
func (w *randomWrites) elsewhere() (method, path string, body any) {
	switch w.IntN(8) {
	case 0:
		return "PUT", "/v1/views/order", m{"view_ids": pick(w, []int{2, 1}, []int{1, 2, 3}, []int{3, 2, 1})}
	case 1:
		return "POST", "/admin/roles", m{"name": pick(w, "r1", "r2"), "privilege_ids": w.some(5)}
	case 2:
		return "PUT", "/admin/users/1", m{"chinese_name": pick(w, "甲", "乙")}
	case 3:
		return "POST", "/v1/users", m{"username": pick(w, "robot", "daemon"), "kind": "service"}
	case 4:
		return "POST", pathTask, act("add", aTask("admin"))
	case 5:
		n := w.IntN(3)
		return "POST", pathMachine, act(pick(w, "add", "update"), aMachine(fmt.Sprint("web0", n), n))
	case 6:
		return "POST", pathSSHKey, act(pick(w, "add", "delete"), m{"username": "admin", "ip": machineIP(1), "system_user": "root"})
	default:
		return "POST", "/v1/records", changed(changed(w.record(), "view_name", nil), "view_names", []string{"office", "world"})
	}
}
