package recordreplace_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/recordreplace"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// replacing finds and sets texts; an empty one is not given.
func replacing(value, rrtype, set string) recordreplace.Input {
	var in recordreplace.Input
	in.Find.Value, in.Find.Type, in.Set.Value = given(value), given(rrtype), given(set)
	return in
}

func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// A value is found as the reader of its type reads it, however it is written.
func TestFindReadsValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		find, findType, rrtype, value string
		literal, want                 bool
	}{
		{find: "192.0.2.1", rrtype: "A", value: "192.0.2.1", want: true},
		{find: "192.0.2.1", rrtype: "A", value: `\# 4 C0000201`, want: true},
		{find: `\# 4 c0000201`, rrtype: "A", value: "192.0.2.1", want: true},
		{find: "192.0.2.1", rrtype: "A", value: "192.0.2.11"},
		{find: "192.0.2.1", rrtype: "TXT", value: `"192.0.2.1"`, want: true},
		{find: "192.0.2.1", findType: "A", rrtype: "TXT", value: `"192.0.2.1"`},
		{find: "2001:DB8:0::1", rrtype: "AAAA", value: "2001:db8::1", want: true},
		{find: "mail", rrtype: "CNAME", value: "Mail.Example.org.", want: true},
		{find: "mail.example.org.", rrtype: "CNAME", value: "mail", want: true},
		{find: "mail.example.org", rrtype: "CNAME", value: "mail"},
		{find: "10  MAIL", rrtype: "MX", value: "10 mail", want: true},
		{find: "20 mail", rrtype: "MX", value: "10 mail"},
		{find: "a b", rrtype: "TXT", value: `"a b"`, want: true},
		{find: `"a"`, rrtype: "TXT", value: `"a"`, literal: true},
		{find: `"\"a\""`, rrtype: "TXT", value: `"a"`, literal: true, want: true},
		{find: "broken", rrtype: "A", value: "broken"},
		{find: "192.0.2.1", rrtype: "A", value: "broken"},
	} {
		find, _, err := recordreplace.Parse(replacing(c.find, c.findType, "192.0.2.9"))
		if err != nil {
			t.Errorf("%q: %v", c.find, err)
			continue
		}
		r := dns.RecordData{Host: "www", Type: c.rrtype, Value: c.value, Literal: c.literal}
		if got := find.Has("example.org", r); got != c.want {
			t.Errorf("%s %q has %q: %v", c.rrtype, c.value, c.find, got)
		}
		types := find.Types()
		if c.want && types != nil && !slices.Contains(types, c.rrtype) {
			t.Errorf("%q is found in %s alone, and not in %s", c.find, types, c.rrtype)
		}
	}
}

// Whatever the request lacks, or has too much of, is named.
func TestFormOfReplacement(t *testing.T) {
	t.Parallel()
	large, bad := uint32(1<<31), "a..b"
	for field, change := range map[string]func(*recordreplace.Input){
		"find":       func(in *recordreplace.Input) { in.Find.Value = nil },
		"set":        func(in *recordreplace.Input) { in.Set.Value = nil },
		"find.value": func(in *recordreplace.Input) { in.Find.Value, in.Find.Host = nil, given("www") },
		"find.ttl":   func(in *recordreplace.Input) { in.Find.TTL = &large },
		"set.ttl":    func(in *recordreplace.Input) { in.Set.TTL = &large },
		"find.type":  func(in *recordreplace.Input) { in.Find.Type = given("SOA") },
		"find.host":  func(in *recordreplace.Input) { in.Find.Host = &bad },
		"set.value":  func(in *recordreplace.Input) { in.Find.Type, in.Set.Value = given("a"), given("192.0.2.300") },
		"zones":      func(in *recordreplace.Input) { in.Zones = []string{"UPPER"} },
	} {
		in := replacing("192.0.2.1", "", "192.0.2.9")
		change(&in)
		_, _, err := recordreplace.Parse(in)
		if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, _, err := recordreplace.Parse(replacing("192.0.2.300", "A", "192.0.2.1")); err == nil || !strings.HasPrefix(err.Error(), "find.value: ") {
		t.Errorf("no value of the type: %v", err)
	}
}

// logged is a log with a zone, whose first record is at position 3.
func logged(records ...dns.RecordData) (events []domain.Event, found []recordreplace.Found) {
	events = []domain.Event{
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "office", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: 11, Zone: dns.ZoneData{Name: "example.org", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}},
	}
	for i, r := range records {
		r.ViewID = 1
		id := int64(i + 1)
		events = append(events, dns.RecordAdded{ID: id, ZoneID: 1, Record: r})
		found = append(found, recordreplace.Found{
			ID: id, ZoneID: 1, Changed: domain.Position(len(events)), Zone: "example.org", View: "office", RecordData: r,
		})
	}
	return events, found
}

func commandOf(t *testing.T, in recordreplace.Input, found []recordreplace.Found) recordreplace.Command {
	t.Helper()
	find, set, err := recordreplace.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	r := recordreplace.New(find, set)
	for _, f := range found {
		if err := r.See(f); err != nil {
			t.Fatal(err)
		}
	}
	cmd, err := r.Command()
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

func a(host, value string, ttl uint32) dns.RecordData {
	return dns.RecordData{Host: host, Type: "A", TTL: ttl, Value: value, Comment: "mine"}
}

// All that were found are changed, and what is not set stays.
func TestReplacement(t *testing.T) {
	t.Parallel()
	quoted := dns.RecordData{Host: "t", Type: "TXT", TTL: 60, Value: `"x`, Literal: true}
	events, found := logged(a("a", "192.0.2.1", 60), a("b", "192.0.2.2", 60), a("c", "192.0.2.1", 90), quoted)
	updated := func(i int, change func(*dns.RecordData)) domain.Event {
		e := dns.RecordUpdated{ID: found[i].ID, ZoneID: 1, Before: found[i].RecordData, After: found[i].RecordData}
		change(&e.After)
		return e
	}
	domaintest.Given(events...).When(commandOf(t, replacing("192.0.2.1", "", "192.0.2.9"), found)).Then(t,
		updated(0, func(r *dns.RecordData) { r.Value = "192.0.2.9" }), updated(2, func(r *dns.RecordData) { r.Value = "192.0.2.9" }))
	ttl := recordreplace.Input{}
	ttl.Find.TTL, ttl.Set.TTL = new(uint32(60)), new(uint32(5))
	domaintest.Given(events...).When(commandOf(t, ttl, []recordreplace.Found{found[1], found[3]})).Then(t,
		updated(1, func(r *dns.RecordData) { r.TTL = 5 }),
		updated(3, func(r *dns.RecordData) { r.TTL, r.Value, r.Literal = 5, `"\"x"`, false }))
	domaintest.Given(events...).When(commandOf(t, replacing("192.0.2.7", "", "192.0.2.9"), found)).Then(t)
}

// One record that may not be changed, or cannot, is in the way of all, and is named.
func TestReplacementIsRefusedWhole(t *testing.T) {
	t.Parallel()
	events, found := logged(a("a", "192.0.2.1", 60), a("b", "192.0.2.1", 60), a("b", "192.0.2.9", 60))
	cmd := commandOf(t, replacing("192.0.2.1", "", "192.0.2.9"), found)
	given := domaintest.Given(events...)
	given.When(cmd).ThenError(t, domain.CodeRefused, "找到的2条Record中有1条不能这样修改（b.example.org A [2]）")
	stranger := given.By(domain.System, access.UserRegistered{ID: 5, Username: "eve", Source: access.SourceLocal}).As(5)
	stranger.When(cmd).ThenError(t, domain.CodeForbidden, "找到的2条Record中有2条不能修改（a.example.org A [1], b.example.org A [2]）")
	bad := commandOf(t, replacing("192.0.2.1", "", "no address"), found)
	outcome := given.When(bad)
	outcome.ThenError(t, domain.CodeRefused, "A记录的值不正确")
	if refused, _ := errors.AsType[*domain.Error](outcome.Err); refused.Field != "set.value" {
		t.Errorf("it blames %q", refused.Field)
	}
}

// A record that was changed, or went, since it was found has all of them found anew, whatever
// else stands in the way.
func TestReplacementOfStaleRecords(t *testing.T) {
	t.Parallel()
	events, found := logged(a("a", "192.0.2.1", 60), a("b", "192.0.2.1", 60))
	cmd := commandOf(t, replacing("192.0.2.1", "", "192.0.2.9"), found)
	now := found[1].RecordData
	now.TTL = 61
	for _, since := range []domain.Event{
		dns.RecordUpdated{ID: 2, ZoneID: 1, Before: found[1].RecordData, After: now},
		dns.RecordDeleted{ID: 2, ZoneID: 1, Record: found[1].RecordData},
	} {
		if outcome := domaintest.Given(append(slices.Clone(events), since)...).When(cmd); !errors.Is(outcome.Err, recordreplace.ErrStale) {
			t.Errorf("%T: %v, %v", since, outcome.Events, outcome.Err)
		}
	}
}

func TestReplacementIsBounded(t *testing.T) {
	t.Parallel()
	find, set, err := recordreplace.Parse(replacing("192.0.2.1", "", "192.0.2.9"))
	if err != nil {
		t.Fatal(err)
	}
	r := recordreplace.New(find, set)
	for i := range batch.MaxOperations {
		f := recordreplace.Found{ID: int64(i + 1), ZoneID: 1, Zone: "example.org", View: "v", RecordData: a(fmt.Sprint("h", i), "192.0.2.1", 60)}
		if err := r.See(f); err != nil {
			t.Fatal(err)
		}
	}
	other := recordreplace.Found{ID: 1, ZoneID: 1, Zone: "example.org", View: "v", RecordData: a("x", "192.0.2.2", 60)}
	if err := r.See(other); err != nil {
		t.Errorf("one that is not meant: %v", err)
	}
	other.Value = "192.0.2.1"
	if err := r.See(other); !errors.Is(err, recordreplace.ErrTooManyChanges) {
		t.Errorf("one more: %v", err)
	}
}
