package powerdns

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

var inOneView = dns.ZoneData{Name: "example.org", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}

func logged() []domain.Event {
	return []domain.Event{
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "office", ACL: "any"}},
		dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "home", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: 11, Zone: inOneView},
	}
}

// Whether a zone is deleted or leaves a view is decided on the zone as it was seen, or not at all.
func TestDeletionOfWhatWasSeen(t *testing.T) {
	t.Parallel()
	seen := domain.Position(len(logged()))
	remove := asSeen{domaintest.Must(dns.NewDeleteZone(1, &seen))}
	domaintest.Given(logged()...).When(remove).Then(t, dns.ZoneDeleted{ID: 1, Zone: inOneView, Privilege: 11})
	linked := inOneView
	linked.ViewIDs = []int64{1, 2}
	since := append(logged(), dns.ZoneUpdated{ID: 1, Before: inOneView, After: linked})
	if err := domaintest.Given(since...).When(remove).Err; !errors.Is(err, api.ErrStale) {
		t.Errorf("a zone that is in another view since: %v", err)
	}
}

// A refusal is believed the second time, and that a record is there already, or the zone is gone, never.
func TestRefusalsAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	at := place{Zone: dnsmodel.Zone{ID: 1, ZoneData: inOneView}, view: 1, viewName: "office"}
	refused := false
	decide := func(log []domain.Event, values ...string) error {
		t.Helper()
		set := zoneupdate.Set{Host: "www", Type: "A", TTL: 60}
		for _, value := range values {
			set.Records = append(set.Records, domaintest.Must(zoneupdate.NewSetRecord("example.org", "A", value)))
		}
		sets := zoneupdate.NewSets(zoneupdate.Target{ZoneID: 1, Zone: at.Zone.Name, ViewID: 1, View: "office"}, []zoneupdate.Set{set})
		cmd := domaintest.Must(newChange(batch.Of(sets.Opening(), nil), sets, 1, &refused))
		return domaintest.Given(log...).When(cmd).Err
	}
	alias := append(logged(), dns.RecordAdded{ID: 1, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "CNAME", TTL: 60, Value: "x"}})
	if err := decide(alias, "192.0.2.1"); !errors.Is(err, api.ErrStale) || !refused {
		t.Errorf("the first time: %v", err)
	}
	if err := decide(alias, "192.0.2.1"); err == nil || errors.Is(err, api.ErrStale) {
		t.Errorf("the second time: %v", err)
	}
	for range 2 {
		if err := decide(logged(), "192.0.2.1", "192.0.2.1"); !errors.Is(err, api.ErrStale) {
			t.Errorf("a duplicate: %v", err)
		}
		if err := decide(logged()[:2], "192.0.2.1"); !errors.Is(err, api.ErrStale) {
			t.Errorf("a zone that is gone: %v", err)
		}
	}
}
