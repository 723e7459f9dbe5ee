package domain_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

var update = flag.Bool("update", false, "write the golden files that are missing; those that exist are never changed")

// samples has one event of every type with every field set.
func samples() []domain.Event {
	server := dns.ServerData{
		Host: "s1", IP: "192.0.2.1", Env: "dev", Type: "salve",
		ZbProcessItem: "1", ZbPortItem: "2", ZbResolveItem: "3", ZbResolveRateID: "4",
	}
	other := server
	other.Host, other.IP, other.Type = "s2", "2001:db8::1", "master"
	view := dns.ViewData{Name: "v1", ACL: "0.0.0.0\n1.1.1.1"}
	zone := dns.ZoneData{
		Name: "example.com", Group: dns.GroupHijack, Type: dns.ZoneForwardOnly,
		Forwarders: []string{"192.0.2.1", "2001:db8::1"}, ViewIDs: []int64{1, 2},
	}
	external := dns.ZoneData{Name: "xn--fiqs8s.example", Group: dns.GroupExternal, Type: dns.ZoneMaster}
	record := dns.RecordData{ViewID: 2, Host: "www", Type: "TXT", TTL: 600, Value: `"a" "<b>&\""`, Comment: "备注"}
	line := dns.RecordData{Line: "电信", Host: "@", Type: "A", TTL: 0, Value: "192.0.2.1"}
	settings := dns.ZoneSettings{
		MName: "ns1.example.net.", RName: `host\.master.example.net.`, Refresh: new(uint32(1)), Retry: new(uint32(2)), Expire: new(uint32(3)),
		Minimum: new(uint32(0)), DefaultTTL: new(uint32(300)), SerialAtLeast: new(uint32(2026112801)),
		PTR: &dns.PTRSettings{From: []string{"a.example", "b.example"}},
	}
	privilege := access.PrivilegeData{
		Name: "p1", Operation: access.OperationDelete, ResourceType: access.KindZone, ResourceID: 3, Comment: "备注",
	}
	moved := access.PrivilegeData{Name: "a b", Operation: 9, ResourceType: access.KindRecord, ResourceID: 4}
	host := access.EnrolmentTarget{Kind: access.EnrolServer, ID: 1, Name: "ns1.a.com"}
	hook := access.WebhookData{Origin: "https://hooks.example.com:8443", Target: "c4", Types: []string{"RecordAdded"}, Resource: "zone:12", Paused: true}
	another := access.WebhookData{Origin: "http://192.0.2.1", Target: "c6"}
	return append(opsSamples(), []domain.Event{
		dns.ServerCreated{ID: 1, Server: server, Privilege: 5}, dns.ServerUpdated{ID: 1, Before: server, After: other},
		dns.ServerDeleted{ID: 1, Server: other, Privilege: 5}, dns.ServerEnrolled{ID: 1}, dns.ServerProved{ID: 1}, dns.ServerWithdrawn{ID: 1},
		dns.ViewCreated{ID: 2, View: view, Privilege: 8}, dns.ViewUpdated{ID: 2, Before: view, After: dns.ViewData{Name: "v2", ACL: "any"}},
		dns.ViewDeleted{ID: 2, View: view, Privilege: 8},
		dns.ZoneCreated{ID: 3, Zone: zone, Privilege: 11}, dns.ZoneUpdated{ID: 3, Before: external, After: external}, dns.ZoneDeleted{ID: 3, Zone: zone, Privilege: 11},
		dns.ZoneRestored{
			ID: 3, Before: &external, After: zone, Privilege: 11, Created: 40, Creator: 2,
			Links: []dns.RestoredLink{{View: 2, Since: 41, Until: 50}}, Settings: settings,
		},
		dns.RecordAdded{ID: 4, ZoneID: 3, Record: record}, dns.RecordUpdated{ID: 4, ZoneID: 3, Before: record, After: line},
		dns.RecordDeleted{ID: 4, ZoneID: 3, Record: line},
		dns.ZoneSettingsChanged{ID: 3, Before: dns.ZoneSettings{}, After: settings, Raise: &dns.SerialRaise{
			Zone: "example.com", Views: []int64{1, 2}, To: 2026112802, Unserved: true, IfLower: true,
		}},
		dns.FleetChanged{Before: dns.FleetData{}, After: dns.FleetData{NS: []string{"ns1.example.net."}, Addresses: []string{"192.0.2.53"}}},
		dns.ViewsOrdered{ViewIDs: []int64{2, 1}}, dns.ZonesRenumbered{},
		dns.ServerSettingsChanged{ID: 1, Before: dns.DefaultServerSettings(), After: dns.ServerSettings{OnDrift: dns.DriftAdopt}},
		dns.DriftFound{
			ServerID: 1, ZoneID: 3, Zone: "example.com", ViewID: 2, What: dns.DriftRecords, Expected: "www.example.com. A 192.0.2.1",
			Found: "www.example.com. A 192.0.2.9", Done: dns.DriftRepaired, Reason: "why", By: "key k at 192.0.2.7", Adopted: 1, Zones: 101,
		},
		dns.RolloutPlanned{Before: dns.RolloutPlan{SoakS: 30}, After: dns.RolloutPlan{Order: [][]string{{"env1"}, {"env2", "s1"}}, SoakS: 60}},
		dns.RolloutStarted{Order: [][]string{{"env1"}}, SoakS: 60, Former: dns.FormerSettings{
			BindConf: &dns.FormerBindConf{Text: "options { };\n", Secrets: []string{"018f0000-0000-7000-8000-000000000000"}},
			ACLs:     []dns.FormerACL{{ViewID: 2, ACL: "none"}}, Order: new([]int64{2, 1}),
		}},
		dns.RolloutStageReached{Rollout: 78, Stage: 2}, dns.RolloutEnded{Rollout: 78, Overtaken: true}, dns.RolloutStopped{Rollout: 78, Reason: "s1: no"},
		dns.ImportBegun{ZoneID: 9, ViewID: 2, Mode: "replace", Read: 12_000, Changes: 11_000},
		dns.RecordsStaged{
			Import: 77, ZoneID: 9, ViewID: 2, Added: []dns.StagedRecord{{ID: 5, Record: record}}, Removed: []dns.StagedRecord{{ID: 6, Record: record}},
			Changed: []dns.StagedChange{{ID: 7, Before: record, After: record}},
		},
		dns.ZoneImported{Import: 77, ZoneID: 9, ViewID: 2, ImportCounts: dns.ImportCounts{Added: 1, Changed: 1, Removed: 1}},
		dns.ImportVoided{Import: 77, ZoneID: 9, ViewID: 2, Reason: dns.VoidCancelled},
		dns.BindConfChanged{Text: "options { };\n", Secrets: []string{"018f0000-0000-7000-8000-000000000000"}},
		access.UserRegistered{
			ID: 1, Username: "admin", Source: access.SourceLocal, Mail: "bQ==", Nickname: "bg==", Phone: "cA==",
			Position: "cG8=", Location: "bG8=", Department: "开发部", MailDigest: "d1", PasswordHash: "c1", PersonalKey: "k1",
		},
		access.UserProfileChanged{ID: 1, Before: access.Profile{}, After: access.Profile{
			Mail: "bQ==", Nickname: "bg==", Phone: "cA==", Position: "cG8=", Location: "bG8=", Department: "开发部", MailDigest: "d1",
		}},
		access.UserRolesChanged{ID: 1, Before: []int64{}, After: []int64{1, 2}},
		access.UserPermissionsChanged{ID: 1, Codes: []int{2, 17}},
		access.UserPasswordChanged{ID: 1, PasswordHash: "c2", Former: "c1"},
		access.UserLinked{ID: 1, Former: "c2"},
		access.UserDeleted{ID: 1, Username: "admin", MailDigest: "d1", PasswordHash: "c1", PersonalKey: "k1", Roles: []int64{1, 2}},
		access.UserLoggedIn{ID: 1}, access.LoginFailed{NameDigest: "d2", Reason: access.FailedUnknown}, access.SessionEnded{ID: 1, Session: "5e551011"},
		access.RoleCreated{ID: 8, Name: "运维", Privileges: []int64{1, 5}},
		access.RoleChanged{ID: 8, FormerName: "运维", Name: "role1", Privileges: []int64{}}, access.RoleDeleted{ID: 8, Name: "role1"},
		access.PrivilegeCreated{ID: 14, Privilege: privilege}, access.PrivilegeChanged{ID: 14, Before: privilege, After: moved},
		access.PrivilegeDeleted{ID: 14, Privilege: moved},
		access.CredentialAdded{
			ID: 3, User: 2, Name: "certbot", Kind: access.CredentialTSIG, Algorithm: "hmac-sha256", View: 2, Expires: new(time.Unix(2e9, 0).UTC()),
			Restrict: access.Restriction{ReadOnly: true, Zones: []string{"**.a.com"}, Names: []string{"_acme-challenge.**"}, Types: []string{"TXT"}},
			Digest:   "d3", Secret: "c3",
		},
		access.CredentialDeleted{ID: 3, User: 2, Name: "certbot", Secret: "c3"},
		access.EnrolmentTokenAdded{ID: 5, Target: host, Expires: time.Unix(2e9, 0).UTC(), Digest: "d9"},
		access.EnrolmentTokenEnded{ID: 5, Target: host, Key: "UAGENT", Address: "192.0.2.53"},
		access.LogKeyRotated{Number: 2, Key: []byte("\x00\xff key")},
		access.WebhookAdded{ID: 4, User: 2, Webhook: hook, Cursor: new(domain.Position(0)), Secret: "c5"},
		access.WebhookChanged{ID: 4, User: 2, Before: hook, After: another, Cursor: new(domain.Position(70))},
		access.WebhookRotated{ID: 4, User: 2, Secret: "c7", Former: "c6", Spent: "c5"},
		access.WebhookDeleted{ID: 4, User: 2, Webhook: hook, Secret: "c7", Former: "c6"},
	}...)
}

// later has events with fields that came later, by what they have: those that lack them were
// written before.
func later() map[string]domain.Event {
	birth := &dns.Birth{Created: 40, Creator: 2}
	return map[string]domain.Event{
		"birth.ServerCreated":     dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "s1", IP: "192.0.2.1", Env: "dev", Type: "master"}, Privilege: 5, Birth: birth},
		"birth.ViewCreated":       dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "v1", ACL: "any"}, Privilege: 8, Birth: birth},
		"unproved.ServerEnrolled": dns.ServerEnrolled{ID: 1, Unproved: true},
		"keyed.ServerEnrolled":    dns.ServerEnrolled{ID: 1, Unproved: true, Key: "UAGENT"},
		"keyed.HostEnrolled":      ops.HostEnrolled{ID: 1, Key: "UAGENT"},
		"replaced.RoleChanged":    access.RoleChanged{ID: 8, FormerName: "r", Name: "r", Privileges: []int64{1}, Replaced: new(domain.Position(7))},
	}
}

func codec() *domain.Codec { return domain.NewCodec(dns.Events(), access.Events(), ops.Events()) }

func goldenFile(name string, schema int) string {
	return filepath.Join("testdata", "events", fmt.Sprintf("%s.v%d.json", name, schema))
}

// Every event type and schema ever released can be read for ever, and what is
// written today has the very bytes that were written on the first day.
func TestGoldenEvents(t *testing.T) {
	t.Parallel()
	bySample := map[string]domain.Event{}
	for _, e := range samples() {
		bySample[e.EventType()] = e
	}
	for _, d := range codec().Descriptors() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			sample, ok := bySample[d.Name]
			if !ok {
				t.Fatal("no sample for this event type")
			}
			writeMissing(t, sample, d.Name)
			for schema := 1; schema <= d.Schema(); schema++ {
				checkGolden(t, d, d.Name, schema)
			}
		})
	}
	for name, sample := range later() {
		writeMissing(t, sample, name)
		d, _ := codec().Descriptor(sample.EventType())
		checkGolden(t, d, name, d.Schema())
		schema := d.Schema()
		if event, err := codec().Decode(d.Name, schema, json.RawMessage(read(t, name, schema))); err != nil || !reflect.DeepEqual(event, sample) {
			t.Errorf("%s: %+v, %v", name, event, err)
		}
	}
}

func writeMissing(t *testing.T, sample domain.Event, name string) {
	t.Helper()
	d, data, err := codec().Encode(sample)
	if err != nil {
		t.Fatal(err)
	}
	file := goldenFile(name, d.Schema())
	if _, err := os.Stat(file); err == nil || !*update {
		return
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string, schema int) []byte {
	t.Helper()
	data, err := os.ReadFile(goldenFile(name, schema))
	if err != nil {
		t.Fatalf("no golden file of a released event: %v (write it with -update)", err)
	}
	return data
}

func checkGolden(t *testing.T, d domain.Descriptor, name string, schema int) {
	t.Helper()
	data := read(t, name, schema)
	event, err := codec().Decode(d.Name, schema, json.RawMessage(data))
	if err != nil {
		t.Fatal(err)
	}
	if schema < d.Schema() {
		return
	}
	if _, again, err := codec().Encode(event); err != nil || !bytes.Equal(again, data) {
		t.Fatalf("re-encoded (%v)\n%s\nwant\n%s", err, again, data)
	}
}

func TestEventTagsAreCleanAndUnique(t *testing.T) {
	t.Parallel()
	for _, e := range samples() {
		seen := map[domain.Tag]bool{}
		for _, tag := range e.Tags() {
			if seen[tag] || len(tag) == 0 || len(tag) > 400 {
				t.Errorf("%s: bad tag %q in %q", e.EventType(), tag, e.Tags())
			}
			for _, c := range []byte(tag) {
				if c <= ' ' || c > '~' {
					t.Errorf("%s: tag %q has the octet %#x", e.EventType(), tag, c)
				}
			}
			seen[tag] = true
		}
		if !reflect.DeepEqual(e.Tags(), e.Tags()) {
			t.Errorf("%s: tags have no stable order", e.EventType())
		}
	}
}
