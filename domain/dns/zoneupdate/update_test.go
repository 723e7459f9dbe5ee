package zoneupdate_test

import (
	"errors"
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func logged() []domain.Event {
	return []domain.Event{
		access.UserRegistered{ID: 7, Username: "guest", Source: access.SourceLocal},
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "office", ACL: "any"}},
		dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "other", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: 11, Zone: dns.ZoneData{Name: "Example.org", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}}},
		dns.RecordAdded{ID: 1, ZoneID: 1, Record: dns.RecordData{ViewID: 2, Host: "www", Type: "A", TTL: 60, Value: "192.0.2.1"}},
	}
}

func command(t *testing.T, required, updates []mdns.RR) *zoneupdate.Update {
	t.Helper()
	to := zoneupdate.Target{ZoneID: 1, Zone: "Example.org", ViewID: 1, View: "office"}
	cmd, err := zoneupdate.New(to, required, updates)
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

func rr(t *testing.T, text string) mdns.RR {
	t.Helper()
	r, err := mdns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	r.Header().Rdlength = 4 // as it was read from a message
	return r
}

var inUse = &mdns.ANY{Hdr: mdns.RR_Header{Name: "www.example.org.", Rrtype: mdns.TypeANY, Class: mdns.ClassANY}}

// Other views are other zones, and an update of one view is no update of another.
func TestViewsApart(t *testing.T) {
	t.Parallel()
	add := rr(t, "WWW.example.org. 60 A 192.0.2.1")
	domaintest.Given(logged()...).When(command(t, nil, []mdns.RR{add})).Then(t, dns.RecordAdded{
		ID: domaintest.FirstID, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "WWW", Type: "A", TTL: 60, Value: "192.0.2.1"},
	})
	err := domaintest.Given(logged()...).When(command(t, []mdns.RR{inUse}, []mdns.RR{add})).Err
	if failure, is := errors.AsType[*zoneupdate.Failure](err); !is || failure.Rcode != mdns.RcodeNameError {
		t.Errorf("a name that is in use in another view: %v", err)
	}
}

// Who may not ACCESS a zone is told nothing of it, and a zone that has gone meanwhile is none.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	cmd := command(t, []mdns.RR{inUse}, nil)
	err := domaintest.Given(logged()...).As(7).When(cmd).Err
	if _, failure := errors.AsType[*zoneupdate.Failure](err); failure || err == nil {
		t.Errorf("who has no right is told %v", err)
	}
	gone := append(logged(), dns.ZoneUpdated{
		ID:     1,
		Before: dns.ZoneData{Name: "Example.org", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1, 2}},
		After:  dns.ZoneData{Name: "Example.org", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{2}},
	})
	if err := domaintest.Given(gone...).When(cmd).Err; !errors.Is(err, zoneupdate.ErrStale) {
		t.Errorf("a zone that has left the view: %v", err)
	}
}

// What the door remembers of a zone may be past: the log is asked whether it is so.
func TestZonesThatAreOtherwise(t *testing.T) {
	t.Parallel()
	zone := func(name string, kind string, views ...int64) dns.ZoneData {
		return dns.ZoneData{Name: name, Group: 1, Type: kind, ViewIDs: views}
	}
	before := zone("Example.org", dns.ZoneMaster, 1, 2)
	updated := func(after dns.ZoneData) domain.Event { return dns.ZoneUpdated{ID: 1, Before: before, After: after} }
	office := dns.ViewData{Name: "office", ACL: "any"}
	for name, c := range map[string]struct {
		only  bool
		then  []domain.Event
		stale bool
	}{
		"as it was":           {},
		"one view of several": {only: true, stale: true},
		"one view":            {only: true, then: []domain.Event{updated(zone("Example.org", dns.ZoneMaster, 1))}},
		"another spelling":    {then: []domain.Event{updated(zone("example.ORG", dns.ZoneMaster, 1, 2))}},
		"another name":        {then: []domain.Event{updated(zone("example.net", dns.ZoneMaster, 1, 2))}, stale: true},
		"without records":     {then: []domain.Event{updated(zone("Example.org", dns.ZoneForwardOnly, 1, 2))}, stale: true},
		"in another view":     {then: []domain.Event{updated(zone("Example.org", dns.ZoneMaster, 2))}, stale: true},
		"deleted":             {then: []domain.Event{dns.ZoneDeleted{ID: 1, Zone: before}}, stale: true},
		"its view is renamed": {then: []domain.Event{dns.ViewUpdated{ID: 1, Before: office, After: dns.ViewData{Name: "b", ACL: "any"}}}, stale: true},
		"its view's name taken": {then: []domain.Event{
			dns.ViewUpdated{ID: 1, Before: office, After: dns.ViewData{Name: "b", ACL: "any"}},
			dns.ViewUpdated{ID: 2, Before: dns.ViewData{Name: "other", ACL: "any"}, After: office},
		}, stale: true},
	} {
		to := zoneupdate.Target{ZoneID: 1, Zone: "Example.org", ViewID: 1, View: "office", Only: c.only}
		cmd, err := zoneupdate.New(to, nil, []mdns.RR{rr(t, "www.example.org. 60 A 192.0.2.1")})
		if err != nil {
			t.Fatal(err)
		}
		err = domaintest.Given(append(logged(), c.then...)...).When(cmd).Err
		if errors.Is(err, zoneupdate.ErrStale) != c.stale || !c.stale && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a prerequisite, or what is ignored, rests on does not change until the append.
func TestGuards(t *testing.T) {
	t.Parallel()
	mine := dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 60, Value: "192.0.2.1"}
	alias := dns.RecordData{ViewID: 1, Host: "alias", Type: "CNAME", TTL: 60, Value: "www"}
	log := append(logged(), dns.RecordAdded{ID: 2, ZoneID: 1, Record: mine}, dns.RecordAdded{ID: 3, ZoneID: 1, Record: alias})
	other := rr(t, "other.example.org. 60 A 192.0.2.1")
	free := &mdns.ANY{Hdr: mdns.RR_Header{Name: "free.example.org.", Rrtype: mdns.TypeANY, Class: mdns.ClassNONE}}
	for name, c := range map[string]struct {
		required, updates []mdns.RR
		between           domain.Event
		conflict          bool
	}{
		"what is asked for goes":   {[]mdns.RR{inUse}, []mdns.RR{other}, dns.RecordDeleted{ID: 2, ZoneID: 1, Record: mine}, true},
		"what is not there comes":  {[]mdns.RR{free}, []mdns.RR{other}, dns.RecordAdded{ID: 9, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "Free", Type: "A", TTL: 1, Value: "192.0.2.9"}}, true},
		"a CNAME in the way goes":  {nil, []mdns.RR{rr(t, "alias.example.org. 60 A 192.0.2.1"), other}, dns.RecordDeleted{ID: 3, ZoneID: 1, Record: alias}, true},
		"what is there goes":       {nil, []mdns.RR{rr(t, "www.example.org. 60 A 192.0.2.1"), other}, dns.RecordDeleted{ID: 2, ZoneID: 1, Record: mine}, true},
		"something elsewhere goes": {[]mdns.RR{inUse}, []mdns.RR{other}, dns.RecordDeleted{ID: 3, ZoneID: 1, Record: alias}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(log...).When(command(t, c.required, c.updates)).CheckRace(t, c.between, c.conflict)
		})
	}
}

// An addition of many records with many TTLs gives each record of the RRset the last one, once.
func TestManyTTLs(t *testing.T) {
	t.Parallel()
	const had, more = 30, 40
	log := logged()
	for i := range had {
		log = append(log, dns.RecordAdded{ID: int64(10 + i), ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 60, Value: fmt.Sprint("198.51.100.", i)}})
	}
	var updates []mdns.RR
	for i := range more {
		updates = append(updates, rr(t, fmt.Sprintf("www.example.org. %d A 192.0.2.%d", 90+i%2, i)))
	}
	got := domaintest.Given(log...).When(command(t, nil, updates))
	if got.Err != nil || len(got.Events) > had+2*more {
		t.Fatalf("%d events: %v", len(got.Events), got.Err)
	}
	ttls := map[int64]uint32{}
	for _, event := range got.Events {
		switch e := event.(type) {
		case dns.RecordAdded:
			ttls[e.ID] = e.Record.TTL
		case dns.RecordUpdated:
			ttls[e.ID] = e.After.TTL
		}
	}
	for id, ttl := range ttls {
		if ttl != 90+(more-1)%2 {
			t.Errorf("record %d has the TTL %d", id, ttl)
		}
	}
	if len(ttls) != had+more {
		t.Errorf("%d records are changed", len(ttls))
	}
}

// However many records an RRset has, they are read together when it is deleted.
func TestDeletionReadsOnce(t *testing.T) {
	t.Parallel()
	loads := func(records int) int {
		log := logged()
		for i := range records {
			log = append(log, dns.RecordAdded{ID: int64(10 + i), ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 60, Value: fmt.Sprint("198.51.100.", i)}})
		}
		h := domaintest.NewHistory(log...)
		set := &mdns.ANY{Hdr: mdns.RR_Header{Name: "www.example.org.", Rrtype: mdns.TypeA, Class: mdns.ClassANY}}
		cmd := command(t, nil, []mdns.RR{set})
		events, err := cmd.Decide(h, domaintest.Env(domain.System, cmd))
		if err != nil || len(events) != records {
			t.Errorf("%d events: %v", len(events), err)
		}
		return h.Loads()
	}
	if one, many := loads(1), loads(20); many > one {
		t.Errorf("20 records are read with %d questions, one with %d", many, one)
	}
}
