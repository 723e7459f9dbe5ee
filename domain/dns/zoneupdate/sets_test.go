package zoneupdate_test

import (
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// sets is the command of RRsets of the zone of [logged], as one change.
func sets(t *testing.T, wanted ...zoneupdate.Set) domain.Command {
	t.Helper()
	to := zoneupdate.Target{
		ZoneID: 1, Zone: "Example.org", ViewID: 1, View: "office", Fleet: dns.Fleet{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.53")}},
	}
	all := zoneupdate.NewSets(to, wanted)
	return domaintest.Must(batch.New(append([]batch.Operation{batch.Of(all.Opening(), nil)}, all.Operations(-1)...)))
}

func set(t *testing.T, host, rrtype string, ttl uint32, values ...string) zoneupdate.Set {
	t.Helper()
	s := zoneupdate.Set{Host: host, Type: rrtype, TTL: ttl, Records: []zoneupdate.SetRecord{}}
	for _, value := range values {
		s.Records = append(s.Records, domaintest.Must(zoneupdate.NewSetRecord("example.org", rrtype, value)))
	}
	return s
}

func record(host, rrtype string, ttl uint32, value, comment string) dns.RecordData {
	return dns.RecordData{ViewID: 1, Host: host, Type: rrtype, TTL: ttl, Value: value, Comment: comment}
}

func added(id int64, r dns.RecordData) dns.RecordAdded {
	return dns.RecordAdded{ID: id, ZoneID: 1, Record: r}
}

func deleted(id int64, r dns.RecordData) dns.RecordDeleted {
	return dns.RecordDeleted{ID: id, ZoneID: 1, Record: r}
}

func updated(id int64, before, after dns.RecordData) dns.RecordUpdated {
	return dns.RecordUpdated{ID: id, ZoneID: 1, Before: before, After: after}
}

// What stays keeps its id and its comment; what is not wanted goes, and what is missing comes.
func TestSets(t *testing.T) {
	t.Parallel()
	one, two := record("a", "A", 60, "192.0.2.1", "one"), record("A", "A", 60, "192.0.2.2", "two")
	alias, text := record("c", "CNAME", 60, "a", ""), record("t", "TXT", 60, "plain", "")
	log := append(logged(), added(2, one), added(3, two), added(4, alias), added(5, text))
	const first = domaintest.FirstID
	for name, c := range map[string]struct {
		sets []zoneupdate.Set
		want []domain.Event
	}{
		"as it is":           {[]zoneupdate.Set{set(t, "a", "A", 60, "192.0.2.2", "192.0.2.1"), set(t, "c", "CNAME", 60, "a.example.org."), set(t, "t", "TXT", 60, `"plain"`)}, nil},
		"one of two":         {[]zoneupdate.Set{set(t, "a", "A", 60, "192.0.2.1")}, []domain.Event{deleted(3, two)}},
		"none":               {[]zoneupdate.Set{set(t, "a", "A", 0)}, []domain.Event{deleted(2, one), deleted(3, two)}},
		"what is not there":  {[]zoneupdate.Set{set(t, "b", "A", 0), set(t, "a", "AAAA", 0)}, nil},
		"the first one":      {[]zoneupdate.Set{set(t, "b", "A", 60, "192.0.2.9")}, []domain.Event{added(first, record("b", "A", 60, "192.0.2.9", ""))}},
		"its TTL":            {[]zoneupdate.Set{set(t, "c", "CNAME", 90, "a.example.org.")}, []domain.Event{updated(4, alias, record("c", "CNAME", 90, "a", ""))}},
		"another spelling":   {[]zoneupdate.Set{set(t, "c", "CNAME", 60, "A.example.org.")}, []domain.Event{updated(4, alias, record("c", "CNAME", 60, "A.example.org.", ""))}},
		"a comment's record": {[]zoneupdate.Set{set(t, "a", "A", 60, "192.0.2.1", "192.0.2.9")}, []domain.Event{updated(3, two, record("A", "A", 60, "192.0.2.9", "two"))}},
		"a CNAME in the place of others": {
			[]zoneupdate.Set{set(t, "a", "CNAME", 60, "b.example."), set(t, "a", "A", 0)},
			[]domain.Event{added(first, record("a", "CNAME", 60, "b.example.", "")), deleted(2, one), deleted(3, two)},
		},
		"comments alone": {
			[]zoneupdate.Set{{Host: "a", Type: "A", Comments: []string{"both"}}},
			[]domain.Event{updated(2, one, record("a", "A", 60, "192.0.2.1", "both")), updated(3, two, record("A", "A", 60, "192.0.2.2", "both"))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(log...).When(sets(t, c.sets...)).Then(t, c.want...)
		})
	}
}

// What is generated is no record if it is wanted as it is; all else is.
func TestSetsAsGenerated(t *testing.T) {
	t.Parallel()
	ttl := dns.DefaultTTL
	ns, address := set(t, "@", "NS", ttl, "master.example.org."), set(t, "master", "A", ttl, "192.0.2.53")
	domaintest.Given(logged()...).When(sets(t, address, ns)).Then(t)
	domaintest.Given(logged()...).When(sets(t, set(t, "@", "NS", 60, "master.example.org."))).Then(t, added(domaintest.FirstID, record("@", "NS", 60, "master.example.org.", "")))
	// With another name server the address is no longer generated.
	other := set(t, "@", "NS", ttl, "ns.example.net.")
	domaintest.Given(logged()...).When(sets(t, address, other)).Then(t,
		added(domaintest.FirstID, record("@", "NS", ttl, "ns.example.net.", "")), added(domaintest.FirstID+1, record("master", "A", ttl, "192.0.2.53", "")))
}

// A PTR that the zone has of another one is no record if it is wanted as it is, and where no alias stands.
func TestSetsAsKept(t *testing.T) {
	t.Parallel()
	wanted := set(t, "4", "PTR", 60, "www.example.net.")
	data := domaintest.Must(zonedata.Data(domaintest.Must(mdns.NewRR("4.example.org. 60 IN PTR www.example.net."))))
	to := zoneupdate.Target{
		ZoneID: 1, Zone: "example.org", ViewID: 1, View: "office",
		Kept: map[string]*zonedata.RRset{"4": {TTL: 60, Data: []string{data}}},
	}
	decide := func(sets ...zoneupdate.Set) domain.Command {
		all := zoneupdate.NewSets(to, sets)
		return domaintest.Must(batch.New(append([]batch.Operation{batch.Of(all.Opening(), nil)}, all.Operations(-1)...)))
	}
	domaintest.Given(logged()...).When(decide(wanted)).Then(t)
	domaintest.Given(logged()...).When(decide(set(t, "4", "PTR", 0))).Then(t)
	other := record("4", "PTR", 90, "www.example.net.", "")
	domaintest.Given(logged()...).When(decide(set(t, "4", "PTR", 90, "www.example.net."))).Then(t, added(domaintest.FirstID, other))
	domaintest.Given(append(logged(), added(2, other))...).When(decide(set(t, "4", "PTR", 0))).Then(t, deleted(2, other))
	alias := record("4", "CNAME", 60, "x", "")
	with := append(logged(), added(2, alias))
	if err := domaintest.Given(with...).When(decide(wanted)).Err; err == nil {
		t.Error("beside an alias")
	}
	domaintest.Given(with...).When(decide(wanted, set(t, "4", "CNAME", 0))).Then(t, deleted(2, alias))
}

// Who may not ACCESS the zone is told nothing, and all of it is refused if a part is.
func TestSetsRefused(t *testing.T) {
	t.Parallel()
	alias := set(t, "www", "CNAME", 60, "b.example.")
	log := append(logged(), added(2, record("www", "A", 60, "192.0.2.1", "")))
	for name, err := range map[string]error{
		"no right":         domaintest.Given(log...).As(7).When(sets(t, set(t, "www", "A", 60, "192.0.2.1"))).Err,
		"CNAME beside A":   domaintest.Given(log...).When(sets(t, set(t, "x", "A", 60, "192.0.2.1"), alias)).Err,
		"comments of none": domaintest.Given(log...).When(sets(t, zoneupdate.Set{Host: "x", Type: "A", Comments: []string{"c"}})).Err,
	} {
		if err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}

// What an RRset is to be rests on what was there.
func TestSetsGuard(t *testing.T) {
	t.Parallel()
	mine := record("www", "A", 60, "192.0.2.1", "")
	log := append(logged(), added(2, mine))
	as := sets(t, set(t, "www", "A", 60, "192.0.2.1"), set(t, "other", "A", 60, "192.0.2.1"))
	domaintest.Given(log...).When(as).CheckRace(t, deleted(2, mine), true)
	domaintest.Given(log...).When(as).CheckRace(t, added(9, record("www", "A", 60, "192.0.2.9", "")), true)
	domaintest.Given(log...).When(as).CheckRace(t, added(9, record("elsewhere", "A", 60, "192.0.2.9", "")), false)
}
