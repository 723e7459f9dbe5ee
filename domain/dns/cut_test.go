package dns_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// What a new delegation or DNAME hides are the records below it in its view, but for the
// addresses of the delegation's own name servers.
func TestCuts(t *testing.T) {
	t.Parallel()
	data := func(host, rrtype, value string) dns.RecordData {
		return dns.RecordData{ViewID: 1, Host: host, Type: rrtype, Value: value}
	}
	glue := data("ns.sub", "A", "192.0.2.1")
	for name, c := range map[string]struct {
		made   dns.RecordData
		others []dns.RecordData
		below  dns.RecordData
		cut    bool
		hides  bool
	}{
		"delegation":                 {data("sub", "NS", "ns.b."), nil, data("w.sub", "A", "192.0.2.1"), true, true},
		"spelled otherwise":          {data("SUB", "NS", "ns.b."), nil, data(`x.w.\115ub`, "A", "192.0.2.1"), true, true},
		"a wildcard":                 {data("sub", "NS", "ns.b."), nil, data("*.sub", "TXT", "x"), true, true},
		"its own name":               {data("sub", "NS", "ns.b."), nil, data("sub", "A", "192.0.2.1"), true, false},
		"a name that ends like it":   {data("sub", "NS", "ns.b."), nil, data("xsub", "A", "192.0.2.1"), true, false},
		"a dot within a label":       {data("sub", "NS", "ns.b."), nil, data(`w\.sub`, "A", "192.0.2.1"), true, false},
		"glue":                       {data("sub", "NS", "ns.sub"), nil, glue, true, false},
		"glue of another NS":         {data("sub", "NS", "ns.b."), []dns.RecordData{data("SUB", "NS", "NS.sub.a.com.")}, glue, true, false},
		"no glue":                    {data("sub", "NS", "ns.sub"), nil, data("ns.sub", "TXT", "x"), true, true},
		"glue of another delegation": {data("sub", "NS", "ns.b."), []dns.RecordData{data("sub2", "NS", "ns.sub")}, glue, true, true},
		"another view":               {data("sub", "NS", "ns.b."), nil, dns.RecordData{ViewID: 2, Host: "w.sub", Type: "A"}, true, false},
		"DNAME":                      {data("sub", "DNAME", "x.b."), nil, glue, true, true},
		"DNAME at the apex":          {data("@", "DNAME", "x.b."), nil, data("w", "A", "192.0.2.1"), true, true},
		"DNAME and the apex":         {data("@", "DNAME", "x.b."), nil, data("@", "NS", "ns.b."), true, false},
		"NS of the apex":             {data("@", "NS", "ns.b."), nil, data("w", "A", "192.0.2.1"), false, false},
		"another type":               {data("sub", "TXT", "x"), nil, data("w.sub", "A", "192.0.2.1"), false, false},
		"at a provider":              {dns.RecordData{Line: "default", Host: "sub", Type: "NS", Value: "ns.b."}, nil, data("w.sub", "A", "192.0.2.1"), false, false},
	} {
		cuts, _ := dns.NewCuts([]domain.Event{dns.RecordAdded{ID: 1, ZoneID: 1, Record: c.made}}, 20)
		delegations := dns.Delegations{}
		for _, r := range append(c.others, c.made) {
			delegations.Add(1, "a.com", r)
		}
		if len(cuts) != 1 && c.cut || len(cuts) > 0 && !c.cut {
			t.Errorf("%s: %v", name, cuts)
		} else if hides := c.cut && cuts[0].Hides(delegations, c.below); hides != c.hides {
			t.Errorf("%s: hides: %t", name, hides)
		}
	}
}

// A cut that was there before is not named again, and one of several events is named once. However
// many cuts are named, all records are that the events are about.
func TestNewCuts(t *testing.T) {
	t.Parallel()
	ns := func(host, value string) dns.RecordData {
		return dns.RecordData{ViewID: 1, Host: host, Type: "NS", Value: value}
	}
	events := []domain.Event{
		dns.RecordAdded{ID: 1, ZoneID: 1, Record: ns("sub", "a.b.")}, dns.RecordAdded{ID: 2, ZoneID: 1, Record: ns("SUB", "b.b.")},
		dns.RecordUpdated{ID: 3, ZoneID: 1, Before: ns("old", "a.b."), After: ns("OLD", "b.b.")},
		dns.RecordUpdated{ID: 4, ZoneID: 1, Before: ns("here", "a.b."), After: ns("there", "a.b.")},
		dns.RecordAdded{ID: 6, ZoneID: 1, Record: ns("gone", "b.b.")},
		dns.RecordDeleted{ID: 5, ZoneID: 1, Record: ns("gone", "a.b.")},
		dns.RecordUpdated{ID: 1, ZoneID: 1, Before: ns("sub", "a.b."), After: ns("sub", "c.b.")},
	}
	for most, want := range map[int][]string{20: {"sub", "there"}, 1: {"sub"}} {
		cuts, touched := dns.NewCuts(events, most)
		var hosts []string
		for _, c := range cuts {
			hosts = append(hosts, c.Host)
		}
		if !slices.Equal(hosts, want) || len(touched) != 6 {
			t.Errorf("%v, %v", hosts, touched)
		}
	}
}

// A name that has an NS record already is delegated, however it is spelled.
func TestDelegations(t *testing.T) {
	t.Parallel()
	delegations := dns.Delegations{}
	delegations.Add(1, "a.com", dns.RecordData{ViewID: 1, Host: "sub", Type: "NS", Value: "ns.b."})
	delegations.Add(1, "a.com", dns.RecordData{ViewID: 1, Host: "alias", Type: "DNAME", Value: "x.b."})
	for _, c := range []struct {
		cut dns.Cut
		has bool
	}{
		{dns.Cut{ZoneID: 1, ViewID: 1, Host: `\115UB`, Type: "NS"}, true},
		{dns.Cut{ZoneID: 1, ViewID: 1, Host: "sub", Type: "DNAME"}, false},
		{dns.Cut{ZoneID: 1, ViewID: 2, Host: "sub", Type: "NS"}, false},
		{dns.Cut{ZoneID: 2, ViewID: 1, Host: "sub", Type: "NS"}, false},
		{dns.Cut{ZoneID: 1, ViewID: 1, Host: "alias", Type: "DNAME"}, false},
		{dns.Cut{ZoneID: 1, ViewID: 1, Host: "other", Type: "NS"}, false},
	} {
		if has := delegations.Has(c.cut); has != c.has {
			t.Errorf("%v: %t", c.cut, has)
		}
	}
}
