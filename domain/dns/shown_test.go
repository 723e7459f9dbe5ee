package dns_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// A credential for some records is shown no event of any type on what it does not cover.
func TestNothingIsShownOutsideOfBounds(t *testing.T) {
	t.Parallel()
	zones := &access.CredentialState{Restrict: access.Restriction{Zones: []string{"covered.example"}}}
	for _, list := range [][]string{namesOf(access.Events()), namesOf(dns.Events()), namesOf(ops.Events())} {
		for _, name := range list {
			e := zeroEvent(t, name)
			if _, any := dns.Shown(zones, "other.example", e); any {
				t.Errorf("%s of another zone is shown", name)
			}
			if _, any := dns.Shown(&access.CredentialState{}, "other.example", e); !any {
				t.Errorf("%s is not shown to who has no bounds", name)
			}
		}
	}
}

// Of what a credential covers it is shown what lies within its bounds, in all states.
func TestShownWithinBounds(t *testing.T) {
	t.Parallel()
	txt := func(host string) dns.RecordData { return dns.RecordData{ViewID: 1, Host: host, Type: "TXT"} }
	challenge, www := txt("_acme-challenge.www"), txt("www")
	c := &access.CredentialState{View: 1, Restrict: access.Restriction{Names: []string{"_acme-challenge.**"}, Types: []string{"TXT"}}}
	elsewhere := challenge
	elsewhere.ViewID = 2
	otherType := challenge
	otherType.Type = "A"
	for record, want := range map[dns.RecordData]bool{challenge: true, www: false, elsewhere: false, otherType: false} {
		if _, got := dns.Shown(c, "a.com", dns.RecordAdded{Record: record}); got != want {
			t.Errorf("%+v: %v", record, got)
		}
		if _, got := dns.Shown(c, "a.com", dns.RecordUpdated{Before: challenge, After: record}); got != want {
			t.Errorf("to %+v: %v", record, got)
		}
		if _, got := dns.Shown(c, "a.com", dns.RecordUpdated{Before: record, After: challenge}); got != want {
			t.Errorf("from %+v: %v", record, got)
		}
	}
	staged := dns.RecordsStaged{
		ViewID: 1, Added: []dns.StagedRecord{{ID: 1, Record: challenge}, {ID: 2, Record: www}},
		Changed: []dns.StagedChange{{ID: 3, Before: www, After: challenge}}, Removed: []dns.StagedRecord{{ID: 4, Record: challenge}},
	}
	part, any := dns.Shown(c, "a.com", staged)
	if got := part.(dns.RecordsStaged); !any || len(got.Added) != 1 || len(got.Changed) != 0 || len(got.Removed) != 1 || got.Added[0].ID != 1 {
		t.Errorf("%+v", part)
	}
	renamed := dns.ZoneUpdated{Before: dns.ZoneData{Name: "a.com"}, After: dns.ZoneData{Name: "b.com"}}
	zones := &access.CredentialState{Restrict: access.Restriction{Zones: []string{"a.com"}}}
	if _, any := dns.Shown(zones, "b.com", renamed); any {
		t.Error("a zone that is another one now is shown")
	}
	view := &access.CredentialState{View: 1, Restrict: access.Restriction{Zones: []string{"a.com"}}}
	for _, e := range []func(view int64) domain.Event{
		func(view int64) domain.Event { return dns.ImportBegun{ViewID: view} },
		func(view int64) domain.Event { return dns.ZoneImported{ViewID: view} },
		func(view int64) domain.Event { return dns.ImportVoided{ViewID: view} },
	} {
		if _, any := dns.Shown(view, "a.com", e(1)); !any {
			t.Errorf("%T is not shown to who sees all of the zone in the view", e(1))
		}
		if _, any := dns.Shown(view, "a.com", e(2)); any {
			t.Errorf("%T of another view is shown", e(2))
		}
		for _, some := range []access.Restriction{{Names: []string{"www"}}, {Types: []string{"TXT"}}} {
			if _, any := dns.Shown(&access.CredentialState{Restrict: some}, "a.com", e(1)); any {
				t.Errorf("%T tells a credential for %+v of other records", e(1), some)
			}
		}
	}
}

func namesOf(list []domain.Descriptor) (names []string) {
	for _, d := range list {
		names = append(names, d.Name)
	}
	return names
}

// zeroEvent is an event of the type that says nothing.
func zeroEvent(t *testing.T, name string) domain.Event {
	t.Helper()
	codec := domain.NewCodec(access.Events(), dns.Events(), ops.Events())
	d, _ := codec.Descriptor(name)
	e, err := d.Decode([]byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}
