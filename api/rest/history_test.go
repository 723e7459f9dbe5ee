package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// happened is an entry of a history.
type happened struct {
	Position int64
	Time     string
	Actor    struct {
		ID       int64
		Username *string
	}
	Door          *string
	What          string
	Before, After json.RawMessage
}

// state is a state as a text, empty for none.
func state(raw json.RawMessage) string {
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// history reads a whole history, in pages.
func (s *stack) history(path string, limit int, options ...func(*http.Request)) (all []happened) {
	s.t.Helper()
	joint := "?"
	if strings.Contains(path, joint) {
		joint = "&"
	}
	for next := ""; ; {
		got := s.done("GET", fmt.Sprint(path, joint, "limit=", limit, "&cursor=", next), nil, options...)
		var page struct {
			History []happened
			Next    *string
		}
		must(s.t, json.Unmarshal([]byte(got.body), &page))
		if len(page.History) > limit {
			s.t.Fatalf("%d entries, want %d at most", len(page.History), limit)
		}
		all = append(all, page.History...)
		if page.Next == nil {
			return all
		}
		next = *page.Next
	}
}

// listedThen is a resource as the list that prints it has it at a position, empty for none.
func (s *stack) listedThen(list, key string, id, position int64) string {
	s.t.Helper()
	got := s.done("GET", fmt.Sprintf("%s&id=%d&as_of=%d", list, id, position), nil)
	var body map[string]json.RawMessage
	must(s.t, json.Unmarshal([]byte(got.body), &body))
	var rows []json.RawMessage
	must(s.t, json.Unmarshal(body[key], &rows))
	if len(rows) == 0 {
		return ""
	}
	return string(rows[0])
}

func idOf(t testing.TB, states ...json.RawMessage) int64 {
	t.Helper()
	for _, raw := range states {
		var of struct{ ID int64 }
		if state(raw) != "" {
			must(t, json.Unmarshal(raw, &of))
			return of.ID
		}
	}
	return 0
}

func whats(all []happened) (types []string) {
	for _, h := range all {
		types = append(types, h.What)
	}
	return types
}

// livedZone is a zone that had a bit of everything, and is gone.
func livedZone(t *testing.T) *stack {
	s := newStack(t, stagedAbove(5))
	withZone(s, "office", "lab")
	for n := range 4 {
		s.ok("POST", "/dns/records", inOffice(fmt.Sprint("h", n)))
	}
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "lab", "host": "l", "ttl": 60, "value": "192.0.2.1"})
	s.ok("PUT", "/dns/records/1", changed(inOffice("h0"), "value", "192.0.2.9"))
	s.ok("PUT", "/v1/zones/1/settings", m{"default_ttl": 300})
	s.awaitLog()
	s.done("POST", "/v1/batch", operations(
		operation("PUT", "/dns/records/2", changed(inOffice("h1"), "value", "192.0.2.10")),
		operation("PUT", "/dns/records/2", changed(inOffice("h1"), "value", "192.0.2.11")),
		operation("POST", "/dns/records", inOffice("b")),
	))
	void := s.ended(s.stages("view=lab&mode=merge", "$TTL 60\n$GENERATE 1-9 v$ A 192.0.2.$\n"))
	if void.State != "done" {
		t.Fatalf("%+v", void)
	}
	s.ended(s.stages("view=office&mode=replace", "$TTL 60\n@ SOA m h 1 1 2 3 4\nh0 90 A 192.0.2.9\nh3 A 192.0.2.1\n$GENERATE 1-9 g$ A 192.0.2.$\n"))
	s.ok("PUT", "/dns/zones/1", m{"name": "example.net", "zone_type": "master", "view_ids": []int{1}})
	s.ok("PUT", "/dns/zones/1", m{"name": "example.net", "zone_type": "master", "view_ids": []int{1, 2}})
	s.ok("DELETE", "/dns/zones/1", nil)
	s.awaitLog()
	return s
}

// A history tells of each event what lists show before and after it, from the newest event on,
// in pages of any size; of each record of an import, too, and of what is gone.
func TestHistory(t *testing.T) {
	t.Parallel()
	s := livedZone(t)
	all := s.history("/v1/zones/1/history", 1000)
	records, zones := 0, 0
	for i, h := range all {
		if i > 0 && h.Position > all[i-1].Position {
			t.Errorf("%d follows %d", h.Position, all[i-1].Position)
		}
		if h.Actor.ID != 1 || h.Actor.Username == nil || *h.Actor.Username != "admin" || h.Door == nil || h.Time == "" {
			t.Errorf("%+v", h)
		}
		list, key := "/dns/records?zone_id=1", "records"
		switch {
		case h.What == "ZoneSettingsChanged":
			if !strings.Contains(state(h.Before), `"mname":null`) || state(h.After) == state(h.Before) {
				t.Errorf("settings: %s, %s", h.Before, h.After)
			}
			continue
		case strings.Contains(state(h.Before)+state(h.After), "zone_group"):
			list, key = "/dns/zones?name=", "zones"
			zones++
		default:
			records++
		}
		id := idOf(t, h.Before, h.After)
		for at, got := range map[int64]string{h.Position - 1: state(h.Before), h.Position: state(h.After)} {
			if h.What == "RecordUpdated" && id == 2 && at == h.Position && got != "" {
				continue // the first of two events in one change, after which is what is after the second
			}
			if want := s.listedThen(list, key, id, at); got != want {
				t.Errorf("%s of %d at %d:\n%s, want\n%s", h.What, id, at, got, want)
			}
		}
	}
	// Of the second import one record stays; the others change, go and come.
	if want := 5 + 1 + 3 + 9 + (9 + 1 + 3); records != want || zones != 1+2+1+2 {
		t.Errorf("%d entries on records, want %d; %d on the zone: %v", records, want, zones, whats(all))
	}
	for _, limit := range []int{1, 3, 7, len(all)} {
		if pages := s.history("/v1/zones/1/history", limit); !slices.EqualFunc(pages, all, sameHappened) {
			t.Errorf("pages of %d:\n%v, want\n%v", limit, whats(pages), whats(all))
		}
	}
	filtered := s.history("/v1/zones/1/history?host=G1&type=a", 2)
	if len(filtered) != 1 || filtered[0].What != "ZoneImported" || !strings.Contains(state(filtered[0].After), `"host":"g1"`) {
		t.Errorf("filtered: %v", filtered)
	}
	for path, want := range map[string][]string{
		"records/1/history":                            {"ZoneDeleted", "ZoneImported", "RecordUpdated", "RecordAdded"},
		"records/2/history":                            {"ZoneImported", "RecordUpdated", "RecordUpdated", "RecordAdded"},
		"records/4/history":                            {"ZoneDeleted", "RecordAdded"},
		"records/5/history":                            {"ZoneUpdated", "RecordAdded"},
		"zones/1/history?host=h3":                      {"RecordAdded"},
		"zones/1/history?host=" + url.QueryEscape("不"): nil,
		"views/1/history":                              {"ViewCreated"},
		"servers/1/history":                            {"ServerCreated"},
		"roles/7/history":                              nil,
	} {
		if got := whats(s.history("/v1/"+path, 2)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func sameHappened(a, b happened) bool {
	return a.Position == b.Position && a.What == b.What && string(a.Before) == string(b.Before) && string(a.After) == string(b.After)
}

// diff is what a zone is compared to.
type diff struct {
	From, To int64
	Zone     *struct{ Before, After json.RawMessage }
	Added    []json.RawMessage
	Removed  []json.RawMessage
	Changed  []struct{ Before, After json.RawMessage }
}

func (s *stack) diff(query string, options ...func(*http.Request)) (d diff) {
	s.t.Helper()
	must(s.t, json.Unmarshal([]byte(s.done("GET", "/v1/zones/1/diff?"+query, nil, options...).body), &d))
	return d
}

// states are the records of a list by their ids.
func states(t testing.TB, rows []json.RawMessage) map[int64]string {
	t.Helper()
	all := map[int64]string{}
	for _, row := range rows {
		all[idOf(t, row)] = string(row)
	}
	return all
}

func (s *stack) recordsThen(position int64) map[int64]string {
	s.t.Helper()
	got := s.do("GET", fmt.Sprint("/dns/records?zone_id=1&pageSize=1000&as_of=", position), nil)
	var body struct{ Records []json.RawMessage }
	must(s.t, json.Unmarshal([]byte(got.body), &body))
	return states(s.t, body.Records)
}

// The difference between any two positions is that of the lists as of the two, also of a zone
// that is gone.
func TestZoneDiff(t *testing.T) {
	t.Parallel()
	s := livedZone(t)
	created := s.history("/v1/zones/1/history", 1000)
	first, end := created[len(created)-1].Position, s.end()
	for from := first; from <= end; from++ {
		for _, to := range []int64{from, from + 1, from + 4, end - 1, end} {
			if to < from || to > end || from == end {
				continue
			}
			d := s.diff(fmt.Sprintf("from=%d&to=%d", from, to))
			before, after := s.recordsThen(from), s.recordsThen(to)
			added, removed := states(t, d.Added), states(t, d.Removed)
			wantAdded, wantRemoved, changes := map[int64]string{}, map[int64]string{}, 0
			for id, is := range after {
				switch was := before[id]; {
				case was == "":
					wantAdded[id] = is
				case was != is:
					changes++
				}
			}
			for id, was := range before {
				if after[id] == "" {
					wantRemoved[id] = was
				}
			}
			if !maps.Equal(added, wantAdded) || !maps.Equal(removed, wantRemoved) || len(d.Changed) != changes {
				t.Errorf("from %d to %d: %+v\nwant %v and %v, %d changed", from, to, d, wantAdded, wantRemoved, changes)
			}
			for _, c := range d.Changed {
				if id := idOf(t, c.Before); before[id] != string(c.Before) || after[id] != string(c.After) {
					t.Errorf("from %d to %d: %s, %s", from, to, c.Before, c.After)
				}
			}
			was, is := s.listedThen("/dns/zones?name=", "zones", 1, from), s.listedThen("/dns/zones?name=", "zones", 1, to)
			if (d.Zone != nil) != (was != is) || d.Zone != nil && (state(d.Zone.Before) != was || state(d.Zone.After) != is) {
				t.Errorf("from %d to %d, the zone: %+v, want %s, %s", from, to, d.Zone, was, is)
			}
		}
	}
	if d := s.diff(fmt.Sprintf("from=%s", url.QueryEscape(created[len(created)-1].Time))); d.From != first || d.To != end || len(d.Added) > 0 || d.Zone == nil {
		t.Errorf("%+v", d)
	}
	for query, field := range map[string]string{
		"": "from", "from=x": "from", "from=99999": "from", "from=1&to=yesterday": "to", fmt.Sprintf("from=%d&to=%d", end, first): "to", "from=1&to=2&more=3": "more",
	} {
		if got := s.do("GET", "/v1/zones/1/diff?"+query, nil); got.status != http.StatusBadRequest || got.header.Get("Opsledger-Field") != field {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	if got := s.do("GET", "/v1/zones/1/diff?from=0&to=1", nil); got.status != http.StatusNotFound {
		t.Errorf("a zone that was not there: %d %s", got.status, got.body)
	}
}

// Histories and differences show what may be seen now, and a credential what it covers.
func TestHistoryRights(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.ok("PUT", "/dns/records/1", m{"host": "www", "value": "y", "record_type": "TXT", "view_name": "office", "zone_id": 1})
	s.ok("PUT", "/dns/records/2", m{"zone_id": 1, "host": "moved", "value": "y", "record_type": "TXT", "view_name": "office"})
	s.awaitLog()
	stranger, holder := as(s.member("stranger")), as(s.member("holder", s.role("reader", s.privilege(1, 0))))
	token := func(bounds m) func(*http.Request) {
		got := s.done("POST", "/v1/credentials", changed(bounds, "name", "c"))
		return with("Authorization", "Bearer "+field(t, got.body, "secret"))
	}
	named := token(m{"kind": "token", "restrict": m{"names": []string{"_acme-challenge.**"}}})
	zoned := token(m{"kind": "token", "restrict": m{"zones": []string{"example.com"}}})
	inView := token(m{"kind": "token", "view": "world"})
	for path, want := range map[string][5]int{ // entries for a stranger, a holder, and the credentials
		"/v1/zones/1/history":   {0, 7, 3, 7, 3},
		"/v1/zones/2/history":   {0, 0, 3, 0, 3},
		"/v1/records/1/history": {0, 2, 0, 2, 0},
		"/v1/records/2/history": {0, 2, 1, 2, 0},
	} {
		for i, who := range []func(*http.Request){stranger, holder, named, zoned, inView} {
			all := s.history(path, 1000, who)
			if len(all) != want[i] {
				t.Errorf("%s for %d: %d entries, want %d: %v", path, i, len(all), want[i], whats(all))
			}
		}
	}
	for i, want := range []int{403, 200, 403, 200, 200} {
		who := []func(*http.Request){stranger, holder, named, zoned, inView}[i]
		if got := s.do("GET", "/v1/zones/1/diff?from=6", nil, who); got.status != want {
			t.Errorf("diff for %d: %d %s", i, got.status, got.body)
		}
	}
	for _, r := range s.diff("from=6", inView).Added {
		if !strings.Contains(string(r), `"world"`) {
			t.Errorf("another view's: %s", r)
		}
	}
	for _, path := range []string{"/v1/zones/9/history", "/v1/records/99/history", "/v1/views/9/history", "/v1/users/99/history", "/v1/tasks/" + strings.Repeat("0", 32) + "/history", "/v1/tasks/x/history", "/v1/zones/9/diff?from=1"} {
		if got := s.do("GET", path, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for _, cursor := range []string{"x", "-1", "1.2", "5.4.x", "4.5.1"} {
		if got := s.do("GET", "/v1/zones/1/history?cursor="+cursor, nil); got.status != http.StatusBadRequest || got.header.Get("Opsledger-Field") != "cursor" {
			t.Errorf("cursor %s: %d %s", cursor, got.status, got.body)
		}
	}
}

// Who changes a zone, and may not read it, is not told what that did to its records.
func TestHistoryOfOnesOwnDoing(t *testing.T) {
	t.Parallel()
	s := withZones(t, stagedAbove(2))
	writer := as(s.member("writer", s.role("writers", s.privilege(1, 1))))
	s.ok("PUT", "/dns/zones/1", m{"name": "example.com", "zone_type": "master", "view_ids": []int{2}}, writer)
	s.ended(s.stages("view=world&mode=replace", "$TTL 60\n$GENERATE 1-9 w$ A 192.0.2.$\n", writer))
	s.awaitLog()
	for path, want := range map[string]bool{"/v1/records/1/history": false, "/v1/zones/1/history": true} {
		all := s.history(path, 1000, writer)
		if len(all) > 0 != want {
			t.Errorf("%s: %v", path, whats(all))
		}
		for _, h := range all {
			if strings.Contains(string(h.Before), `"value"`) {
				t.Errorf("%s: %s has %s", path, h.What, h.Before)
			}
		}
	}
}

// A user's history has null for what was erased, and no secret.
func TestHistoryOfPeopleAndHosts(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathUser, act("add", aUser("victim")))
	var list struct{ Users []json.RawMessage }
	must(t, json.Unmarshal([]byte(s.done("GET", "/admin/users?username=victim", nil).body), &list))
	id := idOf(t, list.Users...)
	s.ok("PUT", fmt.Sprint("/admin/users/", id), m{"chinese_name": "other"})
	path := fmt.Sprintf("/v1/users/%d/history", id)
	s.awaitLog()
	all := s.history(path, 10)
	if len(all) < 2 || all[0].What != "UserProfileChanged" || !strings.Contains(state(all[0].After), `"chinese_name":"other"`) || strings.Contains(state(all[0].Before), "other") {
		t.Errorf("%v", all)
	}
	s.opsDo("DELETE", pathUser+"?username=victim", nil)
	s.awaitLog()
	gone := s.history(path, 10)
	if len(gone) != len(all)+1 || gone[0].What != "UserDeleted" || state(gone[0].After) != "" {
		t.Errorf("%v", whats(gone))
	}
	for _, h := range gone[:len(gone)-1] {
		text := state(h.Before)
		if text == "" {
			continue // of the change that the user came with
		}
		if !strings.Contains(text, `"username":"victim"`) || !strings.Contains(text, `"email":null`) || !strings.Contains(text, `"chinese_name":null`) {
			t.Errorf("%s: %s", h.What, text)
		}
	}
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("DELETE", pathMachine+"?machine_name=web01", nil)
	s.awaitLog()
	hosts := s.history("/v1/machines/1/history", 10)
	if got := whats(hosts); !slices.Equal(got, []string{"MachineDeleted", "MachineAdded"}) || !strings.Contains(state(hosts[0].Before), `"online":null`) {
		t.Errorf("%v", hosts)
	}
}
