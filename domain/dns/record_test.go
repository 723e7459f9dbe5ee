package dns_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

func record(id, zone, view int64, host, rrtype, value string) dns.RecordAdded {
	return dns.RecordAdded{ID: id, ZoneID: zone, Record: dns.RecordData{ViewID: view, Host: host, Type: rrtype, TTL: 600, Value: value}}
}

func recordInput(zone int64, view, host, rrtype, value string) dns.RecordInput {
	return dns.RecordInput{ZoneID: &zone, ViewName: &view, Host: &host, Type: &rrtype, Value: &value}
}

// recordsGiven has zone 1 a.com in the views 1 and 2, the external zone 2, and
// the forward-only zone 3. The next event has position 7.
func recordsGiven(more ...domain.Event) []domain.Event {
	return slices.Clip(append([]domain.Event{
		view(1, "v1"), view(2, "v2"), view(3, "v3"), zone(1, "a.com", 1, 2),
		dns.ZoneCreated{ID: 2, Privilege: privilegeOf(2), Zone: external("b.com")}, dns.ZoneCreated{ID: 3, Privilege: privilegeOf(3), Zone: forwardOnly("c.com", 1)},
	}, more...))
}

func TestAddRecord(t *testing.T) {
	t.Parallel()
	add := func(view, host, rrtype, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(1, view, host, rrtype, value)))
	}
	outside := func(line, host, rrtype, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(2, line, host, rrtype, value)))
	}
	added := func(r dns.RecordAdded) []domain.Event { return []domain.Event{r} }
	line := func(id int64, line, host, rrtype, value string) dns.RecordAdded {
		r := record(id, 2, 0, host, rrtype, value)
		r.Record.Line = line
		return r
	}
	full := recordInput(1, "v1", "www", "a", "1.1.1.1")
	full.TTL, full.Comment = new(uint32(0)), new("备注")
	fullWant := record(100, 1, 1, "www", "A", "1.1.1.1")
	fullWant.Record.TTL, fullWant.Record.Comment = 0, "备注"
	noLine := recordInput(2, "", "www", "A", "1.1.1.1")
	noType := recordInput(1, "v1", "www", "", "1.1.1.1")

	www := recordsGiven(record(1, 1, 1, "www", "A", "1.1.1.1"))
	alias := recordsGiven(record(1, 1, 1, "www", "CNAME", "x"))
	renamedView := dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1", ACL: "any"}, After: dns.ViewData{Name: "new", ACL: "any"}}
	unlink1, link1 := relinked(1, "a.com", []int64{1, 2}, []int64{2}), relinked(1, "a.com", []int64{2}, []int64{1, 2})
	const beside, duplicate = "CNAME记录不能与相同主机的其他记录共存！", "重复的Record"

	runDecisions(t, []decision{
		{name: "defaults", given: recordsGiven(), when: must(dns.NewAddRecord(noType)), then: added(record(100, 1, 1, "www", "A", "1.1.1.1"))},
		{name: "all fields", given: recordsGiven(), when: must(dns.NewAddRecord(full)), then: added(fullWant)},
		{name: "CNAME to 0.0.0.0", given: recordsGiven(), when: add("v1", "123123", "CNAME", "0.0.0.0"), then: added(record(100, 1, 1, "123123", "CNAME", "0.0.0.0"))},
		{name: "second value", given: www, when: add("v1", "www", "A", "1.1.1.2"), then: added(record(100, 1, 1, "www", "A", "1.1.1.2"))},
		{name: "other view", given: www, when: add("v2", "www", "A", "1.1.1.1"), then: added(record(100, 1, 2, "www", "A", "1.1.1.1"))},
		{name: "other type", given: www, when: add("v1", "www", "TXT", "1.1.1.1"), then: added(record(100, 1, 1, "www", "TXT", "1.1.1.1"))},
		{name: "other host", given: www, when: add("v1", "*.www", "A", "1.1.1.1"), then: added(record(100, 1, 1, "*.www", "A", "1.1.1.1"))},
		{name: "duplicate", given: www, when: add("v1", "WWW", "A", "1.1.1.1"), code: domain.CodeRefused, text: duplicate},
		{name: "duplicate CNAME", given: alias, when: add("v1", "www", "CNAME", "X.A.com."), code: domain.CodeRefused, text: duplicate},
		{name: "duplicate MX", given: recordsGiven(record(1, 1, 1, "@", "MX", "10 mail")), when: add("v1", "@", "MX", "10  MAIL.a.com."), code: domain.CodeRefused, text: duplicate},
		{name: "after delete", given: append(www, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: record(1, 1, 1, "www", "A", "1.1.1.1").Record}), when: add("v1", "www", "A", "1.1.1.1"), then: added(record(100, 1, 1, "www", "A", "1.1.1.1"))},
		{name: "after moving away", given: append(www, moved(1, record(1, 1, 1, "www", "A", "1.1.1.1").Record, record(1, 1, 1, "w2", "A", "1.1.1.1").Record)), when: add("v1", "www", "A", "1.1.1.1"), then: added(record(100, 1, 1, "www", "A", "1.1.1.1"))},
		{name: "after moving here", given: append(www, moved(1, record(1, 1, 1, "www", "A", "1.1.1.1").Record, record(1, 1, 1, "w2", "A", "1.1.1.1").Record)), when: add("v1", "w2", "A", "1.1.1.1"), code: domain.CodeRefused, text: duplicate},
		{name: "after unlinking and linking again", given: append(www, unlink1, link1), when: add("v1", "www", "CNAME", "x"), then: added(record(100, 1, 1, "www", "CNAME", "x"))},
		{name: "after linking another view", given: append(www, unlinkOther(), link2()), when: add("v1", "www", "A", "1.1.1.1"), code: domain.CodeRefused, text: duplicate},

		{name: "CNAME beside A", given: www, when: add("v1", "www", "CNAME", "x"), code: domain.CodeRefused, text: beside},
		{name: "A beside CNAME", given: alias, when: add("v1", "www", "A", "1.1.1.1"), code: domain.CodeRefused, text: beside},
		{name: "two CNAMEs", given: alias, when: add("v1", "www", "CNAME", "y"), code: domain.CodeRefused, text: beside},
		{name: "CNAME in the other view", given: www, when: add("v2", "www", "CNAME", "x"), then: added(record(100, 1, 2, "www", "CNAME", "x"))},
		{name: "CNAME at the apex", given: recordsGiven(), when: add("v1", "@", "CNAME", "x"), code: domain.CodeRefused, text: "Zone的根（@）不能添加CNAME记录！"},
		{name: "CNAME at the apex of an external zone", given: recordsGiven(), when: outside("", "@", "CNAME", "x"), code: domain.CodeRefused, text: "CNAME"},
		{name: "wildcard NS", given: recordsGiven(), when: add("v1", "*.x", "NS", "y"), code: domain.CodeRefused, text: "NS"},

		{name: "external default line", given: recordsGiven(), when: must(dns.NewAddRecord(noLine)), then: added(line(100, "default", "www", "A", "1.1.1.1"))},
		{name: "external line", given: recordsGiven(), when: outside("电信", "www", "A", "1.1.1.1"), then: added(line(100, "电信", "www", "A", "1.1.1.1"))},
		{name: "external line is no view", given: recordsGiven(), when: outside("v1", "www", "A", "1.1.1.1"), then: added(line(100, "v1", "www", "A", "1.1.1.1"))},
		{name: "external CNAME on another line", given: recordsGiven(line(1, "default", "www", "A", "1.1.1.1")), when: outside("电信", "www", "CNAME", "x"), then: added(line(100, "电信", "www", "CNAME", "x"))},
		{name: "external CNAME on the line", given: recordsGiven(line(1, "default", "www", "A", "1.1.1.1")), when: outside("default", "www", "CNAME", "x"), code: domain.CodeRefused, text: beside},

		{name: "unknown zone", given: recordsGiven(), when: must(dns.NewAddRecord(recordInput(9, "v1", "www", "A", "1.1.1.1"))), code: domain.CodeRefused, text: "当前Zone不存在，请检查zone_id是否正确！"},
		{name: "deleted zone", given: recordsGiven(deletedZone(1, "a.com", 1, 2)), when: add("v1", "www", "A", "1.1.1.1"), code: domain.CodeRefused, text: "当前Zone不存在"},
		{name: "unknown view", given: recordsGiven(), when: add("nope", "www", "A", "1.1.1.1"), code: domain.CodeInvalid, text: `view_name: 当前Zone没有关联View "nope"！`},
		{name: "view not linked", given: recordsGiven(), when: add("v3", "www", "A", "1.1.1.1"), code: domain.CodeInvalid, text: "view_name"},
		{name: "no view", given: recordsGiven(), when: add("", "www", "A", "1.1.1.1"), code: domain.CodeInvalid, text: "view_name: 不能为空！"},
		{name: "view's new name", given: recordsGiven(renamedView), when: add("new", "www", "A", "1.1.1.1"), then: added(record(100, 1, 1, "www", "A", "1.1.1.1"))},
		{name: "view's old name", given: recordsGiven(renamedView), when: add("v1", "www", "A", "1.1.1.1"), code: domain.CodeInvalid, text: "view_name"},
		{name: "forward only", given: recordsGiven(), when: must(dns.NewAddRecord(recordInput(3, "v1", "www", "A", "1.1.1.1"))), code: domain.CodeRefused, text: "forward only"},
		{name: "bad value", given: recordsGiven(), when: add("v1", "www", "A", "x"), code: domain.CodeInvalid, text: "value: A记录的值不正确"},
		{name: "name too long", given: recordsGiven(), when: add("v1", name253, "A", "1.1.1.1"), code: domain.CodeInvalid, text: "host"},
		{name: "RRset too big", given: recordsGiven(bigRRset(4)...), when: add("v1", "big", "TXT", strings.Repeat("n", 8000)), code: domain.CodeRefused, text: "太多"},
		{name: "RRset not yet too big", given: recordsGiven(bigRRset(4)...), when: add("v1", "big", "TXT", "n"), then: added(record(100, 1, 1, "big", "TXT", "n"))},
		{name: "guest may not", given: users(recordsGiven()...), as: guest, when: add("v1", "www", "A", "1.1.1.1"), code: domain.CodeForbidden, text: "ZONE#1#UPDATE"},
	})
}

func moved(id int64, before, after dns.RecordData) domain.Event {
	return dns.RecordUpdated{ID: id, ZoneID: 1, Before: before, After: after}
}

func unlinkOther() domain.Event { return relinked(1, "a.com", []int64{1, 2}, []int64{1}) }
func link2() domain.Event       { return relinked(1, "a.com", []int64{1}, []int64{1, 2}) }

// bigRRset is n values of about 7,000 octets.
func bigRRset(n int) []domain.Event {
	var out []domain.Event
	for i := range n {
		out = append(out, record(int64(i+1), 1, 1, "big", "TXT", fmt.Sprint(i)+strings.Repeat("x", 7000)))
	}
	return out
}

func TestUpdateAndDeleteRecord(t *testing.T) {
	t.Parallel()
	one := record(1, 1, 1, "www", "A", "1.1.1.1")
	change := func(view, host, rrtype, value string) domain.Command {
		return must(dns.NewUpdateRecord(1, recordInput(1, view, host, rrtype, value), nil))
	}
	updated := func(after dns.RecordAdded) []domain.Event {
		return []domain.Event{dns.RecordUpdated{ID: 1, ZoneID: 1, Before: one.Record, After: after.Record}}
	}
	given := recordsGiven(one, record(2, 1, 1, "w2", "A", "1.1.1.1"), record(3, 1, 1, "w3", "CNAME", "x"))
	commented := one
	commented.Record.Comment, commented.Record.TTL = "c", 60
	withComment := recordInput(1, "v1", "www", "", "1.1.1.1")
	withComment.Comment, withComment.TTL = new("c"), new(uint32(60))
	clear := recordInput(1, "v1", "www", "", "1.1.1.1")
	clear.Comment = new("")
	cleared := commented
	cleared.Record.Comment = ""
	lined := record(1, 2, 0, "www", "A", "1.1.1.1")
	lined.Record.Line = "电信"
	linedAfter := lined
	linedAfter.Record.Value = "1.1.1.2"
	moveZone := func(zone int64) domain.Command {
		return must(dns.NewUpdateRecord(1, recordInput(zone, "v1", "www", "A", "1.1.1.1"), nil))
	}
	remove := must(dns.NewDeleteRecord(1, nil))
	removed := []domain.Event{dns.RecordDeleted{ID: 1, ZoneID: 1, Record: one.Record}}
	unlink1, link1 := relinked(1, "a.com", []int64{1, 2}, []int64{2}), relinked(1, "a.com", []int64{2}, []int64{1, 2})

	runDecisions(t, []decision{
		{name: "value", given: given, when: change("v1", "www", "A", "1.1.1.2"), then: updated(record(1, 1, 1, "www", "A", "1.1.1.2"))},
		{name: "view", given: given, when: change("v2", "www", "A", "1.1.1.1"), then: updated(record(1, 1, 2, "www", "A", "1.1.1.1"))},
		{name: "type", given: given, when: change("v1", "www", "CNAME", "x"), then: updated(record(1, 1, 1, "www", "CNAME", "x"))},
		{name: "case of the host", given: given, when: change("v1", "WWW", "A", "1.1.1.1"), then: updated(record(1, 1, 1, "WWW", "A", "1.1.1.1"))},
		{name: "type stays", given: given, when: change("v1", "www", "", "1.1.1.2"), then: updated(record(1, 1, 1, "www", "A", "1.1.1.2"))},
		{name: "TTL and comment", given: given, when: must(dns.NewUpdateRecord(1, withComment, nil)), then: updated(commented)},
		{name: "TTL and comment stay", given: recordsGiven(commented), when: change("v1", "www", "A", "1.1.1.1")},
		{name: "comment cleared", given: recordsGiven(commented), when: must(dns.NewUpdateRecord(1, clear, nil)), then: []domain.Event{
			dns.RecordUpdated{ID: 1, ZoneID: 1, Before: commented.Record, After: cleared.Record},
		}},
		{name: "nothing", given: given, when: change("v1", "www", "A", "1.1.1.1")},
		{name: "line stays", given: recordsGiven(lined), when: must(dns.NewUpdateRecord(1, recordInput(2, "", "www", "A", "1.1.1.2"), nil)), then: []domain.Event{
			dns.RecordUpdated{ID: 1, ZoneID: 2, Before: lined.Record, After: linedAfter.Record},
		}},
		{name: "no view", given: given, when: change("", "www", "A", "1.1.1.1"), code: domain.CodeInvalid, text: "view_name"},
		{name: "to a duplicate", given: given, when: change("v1", "w2", "A", "1.1.1.1"), code: domain.CodeRefused, text: "重复的Record"},
		{name: "beside a CNAME", given: given, when: change("v1", "w3", "A", "1.1.1.1"), code: domain.CodeRefused, text: "CNAME"},
		{name: "to a CNAME beside A", given: given, when: change("v1", "w2", "CNAME", "x"), code: domain.CodeRefused, text: "CNAME"},
		{name: "type against value", given: given, when: change("v1", "www", "MX", "1.1.1.1"), code: domain.CodeInvalid, text: "value"},
		{name: "view not linked", given: given, when: change("v3", "www", "A", "1.1.1.1"), code: domain.CodeInvalid, text: "view_name"},
		{name: "other zone", given: given, when: moveZone(3), code: domain.CodeInvalid, text: "zone_id: 不能把Record移动到其他Zone！"},
		{name: "unknown zone", given: given, when: moveZone(9), code: domain.CodeRefused, text: "当前Zone不存在，请检查zone_id是否正确！"},
		{name: "unknown record", given: recordsGiven(), when: change("v1", "www", "A", "1.1.1.1"), code: domain.CodeNotFound, text: "Record 1 不存在！"},
		{name: "record of an unlinked view", given: append(given, unlink1), when: change("v2", "www", "A", "1.1.1.1"), code: domain.CodeNotFound, text: "不存在！"},
		{name: "record of a view linked again", given: append(given, unlink1, link1), when: change("v1", "www", "A", "1.1.1.2"), code: domain.CodeNotFound},
		{name: "record of a deleted zone", given: append(given, deletedZone(1, "a.com", 1, 2)), when: change("v1", "www", "A", "1.1.1.2"), code: domain.CodeNotFound},
		{name: "this version", given: given, when: must(dns.NewUpdateRecord(1, recordInput(1, "v1", "www", "A", "1.1.1.2"), new(domain.Position(7)))), then: updated(record(1, 1, 1, "www", "A", "1.1.1.2"))},
		{name: "other version", given: given, when: must(dns.NewUpdateRecord(1, recordInput(1, "v1", "www", "A", "1.1.1.2"), new(domain.Position(8)))), code: domain.CodePrecondition},
		{name: "guest may not", given: users(given...), as: guest, when: change("v1", "www", "A", "1.1.1.2"), code: domain.CodeForbidden, text: "ZONE#1#UPDATE"},

		{name: "delete", given: given, when: remove, then: removed},
		{name: "delete twice", given: append(given, removed...), when: remove, code: domain.CodeNotFound, text: "不存在！"},
		{name: "delete in an unlinked view", given: append(given, unlink1), when: remove, code: domain.CodeNotFound},
		{name: "delete in a deleted zone", given: append(given, deletedZone(1, "a.com", 1, 2)), when: remove, code: domain.CodeNotFound},
		{name: "delete other version", given: given, when: must(dns.NewDeleteRecord(1, new(domain.Position(1)))), code: domain.CodePrecondition},
		{name: "guest may not delete", given: users(given...), as: guest, when: remove, code: domain.CodeForbidden, text: "ZONE#1#UPDATE"},
	})
}

func TestRecordRaces(t *testing.T) {
	t.Parallel()
	one := record(1, 1, 1, "www", "A", "1.1.1.1")
	add := must(dns.NewAddRecord(recordInput(1, "v1", "new", "A", "1.1.1.1")))
	change := must(dns.NewUpdateRecord(1, recordInput(1, "v1", "new", "A", "1.1.1.1"), nil))
	remove := must(dns.NewDeleteRecord(1, nil))
	given, with := recordsGiven(), recordsGiven(one)
	atNew, elsewhere := record(8, 1, 1, "NEW", "CNAME", "x"), record(8, 1, 1, "other", "A", "1.1.1.1")
	toNew := moved(8, elsewhere.Record, atNew.Record)
	renamed := dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "v1"}, After: dns.ViewData{Name: "x"}}
	unlink := relinked(1, "a.com", []int64{1, 2}, []int64{2})
	runRaces(t, []race{
		{"add, CNAME added", given, add, atNew, true},
		{"add, CNAME moved here", given, add, toNew, true},
		{"add, elsewhere", given, add, elsewhere, false},
		{"add, deleted at the name", given, add, dns.RecordDeleted{ID: 8, ZoneID: 1, Record: atNew.Record}, false},
		{"add, same name in another zone", given, add, record(8, 2, 0, "new", "A", "1.1.1.1"), false},
		{"add, zone deleted", given, add, deletedZone(1, "a.com", 1, 2), true},
		{"add, view unlinked", given, add, unlink, true},
		{"add, view renamed", given, add, renamed, true},
		{"add, rights lost", given, add, access.UserRolesChanged{ID: admin}, true},
		{"update, taken", with, change, atNew, true},
		{"update, moved here", with, change, toNew, true},
		{"update, elsewhere", with, change, elsewhere, false},
		{"update, updated", with, change, moved(1, one.Record, elsewhere.Record), true},
		{"update, deleted", with, change, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: one.Record}, true},
		{"update, view unlinked", with, change, unlink, true},
		{"update, view renamed", with, change, renamed, true},
		{"delete, updated", with, remove, moved(1, one.Record, elsewhere.Record), true},
		{"delete, deleted", with, remove, dns.RecordDeleted{ID: 1, ZoneID: 1, Record: one.Record}, true},
		{"delete, view unlinked", with, remove, unlink, true},
		{"delete, zone deleted", with, remove, deletedZone(1, "a.com", 1, 2), true},
		{"delete, another added", with, remove, atNew, false},
	})
}

func TestRecordInputNamesTheField(t *testing.T) {
	t.Parallel()
	good := recordInput(1, "v1", "www", "A", "1.1.1.1")
	for field, list := range map[string][]func(*dns.RecordInput){
		"zone_id":     {func(in *dns.RecordInput) { in.ZoneID = nil }},
		"host":        {func(in *dns.RecordInput) { in.Host = nil }, func(in *dns.RecordInput) { in.Host = new("") }, func(in *dns.RecordInput) { in.Host = new("a.") }},
		"record_type": {func(in *dns.RecordInput) { in.Type = new("SOA") }, func(in *dns.RecordInput) { in.Type = new("2") }},
		"value":       {func(in *dns.RecordInput) { in.Value = nil }, func(in *dns.RecordInput) { in.Value = new("") }},
		"ttl":         {func(in *dns.RecordInput) { in.TTL = new(uint32(1 << 31)) }},
		"view_name":   {func(in *dns.RecordInput) { in.ViewName = new("a\nb") }},
		"comment":     {func(in *dns.RecordInput) { in.Comment = new("a\nb") }, func(in *dns.RecordInput) { in.Comment = new(strings.Repeat("x", 1001)) }},
	} {
		for _, spoil := range list {
			in := good
			spoil(&in)
			_, err := dns.NewAddRecord(in)
			wantField(t, "add", err, field)
			_, err = dns.NewUpdateRecord(1, in, nil)
			wantField(t, "update", err, field)
		}
	}
}
