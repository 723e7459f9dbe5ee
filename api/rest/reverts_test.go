package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// reverted is a reply to a revert.
type reverted struct {
	Undone    []int64
	Error     string
	Conflicts []struct {
		Position         int64
		Resource, Reason string
	}
}

func (s *stack) revert(body m) (reverted, reply) {
	s.t.Helper()
	got := s.do("POST", "/v1/reverts", body, with("Opsledger-Language", ""))
	var r reverted
	must(s.t, json.Unmarshal([]byte(got.body), &r))
	return r, got
}

// undo undoes changes, which must succeed, after a dry run that says the same.
func (s *stack) undo(body m) reverted {
	s.t.Helper()
	said, _ := s.dry("POST", "/v1/reverts", body)
	before := s.end()
	r, got := s.revert(body)
	if got.status != 200 {
		s.t.Fatalf("undo %v: %d %s", body, got.status, got.body)
	}
	s.announced(said, before)
	return r
}

func (r reverted) conflicts() string {
	var all []string
	for _, c := range r.Conflicts {
		all = append(all, fmt.Sprintf("%s %s at %d", c.Resource, c.Reason, c.Position))
	}
	return strings.Join(all, ", ")
}

// conflict expects that something stands in the way, and that nothing is appended.
func (s *stack) conflict(body m, want string) {
	s.t.Helper()
	before := s.end()
	r, got := s.revert(body)
	if got.status != 409 || r.conflicts() != want || s.end() != before {
		s.t.Errorf("undo %v: %d %s, the log is at %d, was at %d\nwant %s", body, got.status, got.body, s.end(), before, want)
	}
}

func (s *stack) records(zone int) string {
	s.t.Helper()
	return s.do("GET", fmt.Sprintf("/dns/records?zone_id=%d&pageSize=1000", zone), nil).body
}

func at(p int64) m { return m{"positions": []int64{p}} }

func TestRevertOfRecords(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	body := m{"zone_id": 1, "view_name": "office", "host": "new", "record_type": "A", "value": "192.0.2.1", "comment": "c"}
	empty := s.records(1)
	s.ok("POST", "/dns/records", body)
	added, first := s.end(), s.records(1)
	s.ok("PUT", "/dns/records/9", changed(body, "value", "192.0.2.2"))
	updated, second := s.end(), s.records(1)
	s.ok("DELETE", "/dns/records/9", nil)
	deleted := s.end()

	s.conflict(at(updated), fmt.Sprintf("record:9 changed at %d", deleted))
	if r := s.undo(at(deleted)); fmt.Sprint(r.Undone) != fmt.Sprint([]int64{deleted}) || s.records(1) != second {
		t.Errorf("%v\n%s\n%s", r, s.records(1), second)
	}
	s.conflict(at(deleted), fmt.Sprintf("record:9 changed at %d", s.end()))
	s.conflict(at(added), fmt.Sprintf("record:9 changed at %d", s.end()))
	if s.undo(at(updated)); s.records(1) != first {
		t.Errorf("%s\n%s", s.records(1), first)
	}
	if s.undo(at(added)); s.records(1) != empty {
		t.Errorf("%s\n%s", s.records(1), empty)
	}
	// A revert can be undone, and what it named by several positions is one change.
	last := s.end()
	if r := s.undo(m{"positions": []int64{last, last - 1, last}}); fmt.Sprint(r.Undone) != fmt.Sprint([]int64{last, last - 1}) || s.records(1) != second {
		t.Errorf("%v\n%s\n%s", r, s.records(1), second)
	}
	entry := s.do("GET", "/dns/oplogs?pageSize=1", nil).body
	if !strings.Contains(entry, fmt.Sprintf(`撤销变更: %d\n`, last-1)) {
		t.Error(entry)
	}
}

func TestRevertOfADeletedZone(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.ok("PUT", "/v1/zones/1/settings", m{"soa": m{"refresh": 7200}})
	s.ok("PUT", "/dns/records/2", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "y"})
	owner := s.member("owner", s.role("owners", s.privilege(1, 0)))
	zone, records, privileges := s.do("GET", "/dns/zones/1", nil).body, s.records(1), s.do("GET", "/admin/privileges?pageSize=100", nil).body
	settings := s.do("GET", "/v1/zones/1/settings", nil).body
	roles := s.do("GET", "/admin/roles?pageSize=100", nil).body
	serial := s.serial()
	for range 3 {
		s.ok("DELETE", "/dns/zones/1", nil)
		deleted := s.end()
		if r := s.undo(at(deleted)); fmt.Sprint(r.Undone) != fmt.Sprint([]int64{deleted}) || s.end() != deleted+1 {
			t.Errorf("%v by %d events", r.Undone, s.end()-deleted)
		}
		for path, was := range map[string]string{
			"/dns/zones/1": zone, "/admin/privileges?pageSize=100": privileges, "/v1/zones/1/settings": settings, "/admin/roles?pageSize=100": roles,
		} {
			if is := s.do("GET", path, nil).body; is != was {
				t.Errorf("%s\nis  %s\nwas %s", path, is, was)
			}
		}
		if is := s.records(1); is != records {
			t.Errorf("records\nare  %s\nwere %s", is, records)
		}
		s.conflict(at(deleted), fmt.Sprintf("zone:1 changed at %d", s.end()))
		if got := s.do("GET", "/dns/records/1", nil, with("Authorization", owner)); got.status != 200 {
			t.Errorf("who had the zone's privilege: %d %s", got.status, got.body)
		}
	}
	if s.serial() <= serial {
		t.Errorf("the serial was %s and is %s", serial, s.serial())
	}
	s.ok("PUT", "/dns/records/2", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "z"})
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "later", "record_type": "TXT", "value": "z"})
	s.ok("DELETE", "/dns/zones/1", nil)
	s.ok("POST", "/dns/zones", m{"name": "example.com", "zone_type": "master", "view_ids": []int{1}})
	s.conflict(at(s.end()-1), fmt.Sprintf("zone:1 refused at %d", s.end()-1))
}

func TestRevertOfUnlinkedViews(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	records := s.records(1)
	s.ok("PUT", "/dns/zones/1", m{"name": "example.com", "zone_type": "master", "view_ids": []int{2}})
	unlinked := s.end()
	if s.undo(at(unlinked)); s.records(1) != records {
		t.Errorf("records\nare  %s\nwere %s", s.records(1), records)
	}
	restored := s.end()
	if s.undo(at(restored)); s.total("/dns/records?zone_id=1") != 2 {
		t.Error(s.records(1))
	}
	if s.undo(at(s.end())); s.records(1) != records {
		t.Errorf("records\nare  %s\nwere %s", s.records(1), records)
	}
	restored = s.end()
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "later", "record_type": "TXT", "value": "z"})
	s.conflict(at(restored), fmt.Sprintf("zone:1 changed at %d", s.end()))
}

// A view that was added is not left again once others have written there.
func TestRevertLeavesWhatOthersWroteSince(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.ok("PUT", "/dns/zones/1", m{"name": "example.com", "zone_type": "master", "view_ids": []int{1}})
	one := s.records(1)
	s.ok("PUT", "/dns/zones/1", m{"name": "example.com", "zone_type": "master", "view_ids": []int{1, 2}})
	added := s.end()
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": "later", "record_type": "TXT", "value": "z"})
	s.undo(at(s.end()))
	s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "world", "host": "later", "record_type": "TXT", "value": "z"})
	written := s.end()
	s.conflict(at(added), fmt.Sprintf("zone:1 changed at %d", written))
	if s.undo(m{"positions": []int64{added, written}}); s.records(1) != one {
		t.Errorf("records\nare  %s\nwere %s", s.records(1), one)
	}
}

// An import is undone by its end, whatever the read models have cleaned up of it by then.
func TestRevertOfAnImport(t *testing.T) {
	t.Parallel()
	s := newStack(t, stagedAbove(5))
	withZone(s, "office")
	for i := range 8 {
		s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": fmt.Sprint("old", i), "ttl": 60, "value": "192.0.2.1", "comment": "mine"})
	}
	was := s.stateOf(1, "")
	for range 2 {
		i := s.ended(s.stages("view=office&mode=replace", "$TTL 60\nold0 90 A 192.0.2.1\nold1 A 192.0.2.1\n$GENERATE 1-9 h$ A 192.0.2.$\n"))
		begun := s.events("type=ImportBegun").Events[0].Position
		s.conflict(at(int64(begun)), fmt.Sprintf("zone:1 final at %d", begun))
		s.conflict(at(i.Position-1), fmt.Sprintf("zone:1 follows at %d", i.Position-1))
		if s.undo(at(i.Position)); s.stateOf(1, "") != was {
			t.Fatalf("is\n%s\nwas\n%s", s.stateOf(1, ""), was)
		}
	}
	s.undo(m{"zone_id": 1, "as_of": s.end() - 1})
}

// A dry run does not tell who may not read a zone what its records were.
func TestDryRevertTellsNoFormerState(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	body := m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "former"}
	s.ok("PUT", "/dns/records/1", body)
	s.ok("PUT", "/dns/records/2", changed(body, "host", "other"))
	writer := with("Authorization", s.member("writer", s.role("writers", s.privilege(1, 1), s.privilege(1, 2))))
	s.ok("PUT", "/dns/records/1", changed(body, "value", "mine"), writer)
	updated := s.end()
	s.ok("DELETE", "/dns/records/2", nil, writer)
	for _, p := range []int64{updated, s.end()} {
		_, got := s.dry("POST", "/v1/reverts", at(p), writer)
		if got.status != 200 || strings.Contains(got.body, "former") {
			t.Errorf("%d %s", got.status, got.body)
		}
		if _, got := s.dry("POST", "/v1/reverts", at(p)); !strings.Contains(got.body, "former") {
			t.Errorf("to admin: %d %s", got.status, got.body)
		}
	}
}

func TestWhoMayRevert(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	first := s.end()
	s.ok("PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "y"})
	www := s.end()
	s.ok("PUT", "/dns/records/2", m{"zone_id": 1, "view_name": "office", "host": "_acme-challenge.www", "record_type": "TXT", "value": "y"})
	acme := s.end()
	s.done("POST", "/v1/batch", operations(
		operation("PUT", "/dns/records/1", m{"zone_id": 1, "view_name": "office", "host": "www", "record_type": "TXT", "value": "z"}),
		operation("PUT", "/dns/records/5", m{"zone_id": 2, "view_name": "office", "host": "www", "record_type": "TXT", "value": "z"})))
	both := s.end()
	s.ok("DELETE", "/dns/zones/2", nil)
	deleted := s.end()
	reader, owner := s.member("reader", s.role("readers", s.privilege(1, 0))),
		s.member("owner", s.role("owners", s.privilege(1, 0), s.privilege(1, 1)))
	program := s.credential(m{"restrict": m{"zones": []string{"example.com"}, "names": []string{"_acme-challenge.**"}}})
	readOnly := s.credential(m{"restrict": m{"read_only": true}})
	for _, c := range []struct {
		who, token string
		body       m
		status     int
	}{
		{"nobody", "", at(www), 403},
		{"who sees nothing", s.member("stranger"), at(www), 404},
		{"who sees nothing, a range", s.member("stranger2"), m{"zone_id": 1, "from": www, "to": www}, 404},
		{"who sees nothing, a moment", s.member("stranger3"), m{"zone_id": 1, "as_of": first}, 404},
		{"who reads", reader, at(acme), 403},
		{"who sees a part of a change", owner, at(both), 403},
		{"who does not see what was deleted", owner, at(deleted), 404},
		{"a program, of another record", program, at(www), 404},
		{"a program, of its own and another", program, m{"positions": []int64{www, acme}}, 404},
		{"a program, of a range", program, m{"zone_id": 1, "from": www, "to": acme}, 403},
		{"a program, of a moment", program, m{"zone_id": 1, "as_of": first}, 403},
		{"a program that reads", readOnly, at(acme), 403},
		{"a program", program, at(acme), 200},
		{"an owner", owner, m{"zone_id": 1, "from": both, "to": both}, 200},
	} {
		before := s.end()
		got := s.do("POST", "/v1/reverts", c.body, with("Authorization", c.token))
		if got.status != c.status || (s.end() != before) != (c.status == 200) {
			t.Errorf("%s: %d %s, want %d", c.who, got.status, got.body, c.status)
		}
	}
	if _, got := s.dry("POST", "/v1/reverts", at(deleted), with("Authorization", readOnly)); got.status != 200 || !strings.Contains(got.body, "example.org.") {
		t.Errorf("a dry run by who reads: %d %s", got.status, got.body)
	}
	key := with("Idempotency-Key", "k")
	one := s.do("POST", "/v1/reverts", at(deleted), key)
	if again := s.do("POST", "/v1/reverts", at(deleted), key); one.status != 200 || again.body != one.body || again.header.Get("Opsledger-Position") != one.header.Get("Opsledger-Position") {
		t.Errorf("%s\n%s", one.body, again.body)
	}
}

func TestRevertOfViewsAndServers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	server := m{
		"host": "ns1.example", "ip": "192.0.2.1", "env": "a", "dns_server_type": "master",
		"zb_process_itemid": "1", "zb_port_itemid": "2", "zb_resolve_itemid": "3", "zb_resolve_rate_itemid": "4",
	}
	for path, c := range map[string]struct {
		resource    string
		made, other m
	}{
		"/dns/views": {"view:1", m{"name": "office", "acl": "any"}, m{"name": "lab", "acl": "10.0.0.0/8"}},
		"/dns/servers": {
			"server:1", server, changed(changed(server, "host", "ns2.example"), "ip", "192.0.2.2"),
		},
	} {
		s.ok("POST", path, c.made)
		created, was := s.end(), s.do("GET", path+"/1", nil).body
		s.ok("PUT", path+"/1", c.other)
		updated := s.end()
		s.conflict(at(created), fmt.Sprintf("%s changed at %d", c.resource, updated))
		if s.undo(at(updated)); s.do("GET", path+"/1", nil).body != was {
			t.Errorf("%s: %s", path, s.do("GET", path+"/1", nil).body)
		}
		s.conflict(at(updated), fmt.Sprintf("%s changed at %d", c.resource, s.end()))
		if s.undo(at(created)); s.do("GET", path+"/1", nil).status != 404 {
			t.Errorf("%s: %s", path, s.do("GET", path+"/1", nil).body)
		}
		deleted := s.end()
		if s.undo(at(deleted)); s.do("GET", path+"/1", nil).body != was {
			t.Errorf("%s: %s", path, s.do("GET", path+"/1", nil).body)
		}
		s.conflict(at(deleted), fmt.Sprintf("%s changed at %d", c.resource, s.end()))
	}
}

func TestRevertOfRightsFleetAndMachines(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	fleet := s.do("GET", "/v1/fleet", nil).body
	s.ok("PUT", "/v1/fleet", m{"ns": []string{"ns1.example.net."}})
	named, first := s.end(), s.do("GET", "/v1/fleet", nil).body
	s.ok("PUT", "/v1/fleet", m{"ns": []string{"ns2.example.net."}})
	again := s.end()
	s.conflict(at(named), fmt.Sprintf("fleet changed at %d", again))
	if s.undo(at(again)); s.do("GET", "/v1/fleet", nil).body != first {
		t.Error(s.do("GET", "/v1/fleet", nil).body)
	}
	if s.undo(at(named)); s.do("GET", "/v1/fleet", nil).body != fleet {
		t.Error(s.do("GET", "/v1/fleet", nil).body)
	}

	privilege := s.made("/admin/privileges", m{"name": "p123", "operation": 0, "resource_type": 6, "resource_id": 5})
	created, was := s.end(), s.do("GET", privilege, nil).body
	s.ok("PUT", privilege, m{"name": "p124"})
	if s.undo(at(s.end())); s.do("GET", privilege, nil).body != was {
		t.Error(s.do("GET", privilege, nil).body)
	}
	if s.undo(at(created)); s.do("GET", privilege, nil).status != 404 {
		t.Error(s.do("GET", privilege, nil).body)
	}

	role := s.made("/admin/roles", m{"name": "role123", "privilege_ids": []int{1, 2}})
	made := s.end()
	user := s.made("/auth/register_local", registration("holder"))
	before := s.do("GET", user, nil).body
	s.ok("PUT", user, m{"role_ids": []string{idIn(role)}})
	given := s.end()
	s.conflict(at(made), fmt.Sprintf("role:%s refused at %d", idIn(role), made))
	program := with("Authorization", s.credential(m{}))
	if got := s.do("POST", "/v1/reverts", at(given), program); got.status != 403 {
		t.Errorf("a program, of roles: %d %s", got.status, got.body)
	}
	if s.undo(at(given)); s.do("GET", user, nil).body != before {
		t.Error(s.do("GET", user, nil).body)
	}
	s.conflict(at(given), fmt.Sprintf("user:%s changed at %d", idIn(user), s.end()))
	if s.undo(at(made)); s.do("GET", role, nil).status != 404 {
		t.Error(s.do("GET", role, nil).body)
	}
}

// What named would not take any more is not brought back, and neither is a secret.
func TestRevertOfBindConf(t *testing.T) {
	t.Parallel()
	var refuses atomic.Pointer[string]
	refuses.Store(new("nothing"))
	s := newStack(t, func(c *config) {
		c.CheckConf = func(_ context.Context, conf *dns.BindConf) error {
			if strings.Contains(conf.String(), *refuses.Load()) {
				return domain.Invalid("bind_conf", "named does not know it")
			}
			return nil
		}
	})
	conf := func(option, secret string) string {
		return "options {\n\t" + option + ";\n};\nkey \"k\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + secret + "\";\n};\n"
	}
	other := base64.StdEncoding.EncodeToString([]byte("another secret"))
	s.done("POST", "/dns/bind_conf", m{"bind_conf": conf("recursion no", secretKey)})
	s.done("POST", "/dns/bind_conf", m{"bind_conf": conf("recursion yes", secretKey)})
	option := s.end()
	s.done("POST", "/dns/bind_conf", m{"bind_conf": conf("recursion yes", other)})
	secret := s.end()
	s.conflict(at(secret), fmt.Sprintf("bind_conf final at %d", secret))
	refuses.Store(new("recursion no"))
	s.conflict(at(option), fmt.Sprintf("bind_conf refused at %d", option))
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	made := s.end()
	s.ok("PUT", "/dns/views/1", m{"name": "office", "acl": "none"})
	s.conflict(m{"positions": []int64{option, made}}, fmt.Sprintf("view:1 changed at %d, bind_conf refused at %d", s.end(), option))
	refuses.Store(new(other))
	s.conflict(at(option), fmt.Sprintf("bind_conf refused at %d", option)) // which is checked with the secret of now
	refuses.Store(new(secretKey))
	now := s.confOf(s.do("GET", "/dns/bind_conf", nil))
	if s.undo(at(option)); s.confOf(s.do("GET", "/dns/bind_conf", nil)) != strings.Replace(now, "recursion yes", "recursion no", 1) {
		t.Errorf("%s\nwas %s", s.do("GET", "/dns/bind_conf", nil).body, now)
	}
}
