package ddns_test

import (
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// What was looked up for an update before is no answer to the next: a zone is taken as it is now,
// whatever has become of it and of its views.
func TestZonesAreLookedUpAnew(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	one, two := s.view("one", "any"), s.view("two", "any")
	zone := s.zone("example.com", one)
	k, ofOne := s.key("", access.Restriction{}), s.key("one", access.Restriction{})
	n := 0
	update := func(k key, rcode int) {
		t.Helper()
		n++
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) {
			m.Ns = s.rrs("a.example.com. 60 TXT " + string(rune('a'+n)))
		}), rcode)
	}
	linked := func(name string, views ...int64) {
		t.Helper()
		s.do(dns.NewUpdateZone(zone, dns.ZoneInput{Name: &name, Type: new(dns.ZoneMaster), ViewIDs: &views}, nil))
	}
	renamed := func(view int64, name string) {
		t.Helper()
		s.do(dns.NewUpdateView(view, dns.ViewInput{Name: &name, ACL: new("any")}, nil))
	}
	update(k, noError)
	linked("example.com", one, two)
	update(k, mdns.RcodeRefused) // several views
	update(ofOne, noError)
	linked("example.com", two)
	update(ofOne, mdns.RcodeRefused)
	update(k, noError)
	s.wantRecords(zone, two, `a TXT 1m0s "f"`)
	linked("example.com", one)
	renamed(one, "three")
	renamed(two, "one")
	update(k, noError)
	s.wantRecords(zone, one, `a TXT 1m0s "g"`)
	linked("example.com", one, two)
	update(k, mdns.RcodeRefused)
	linked("example.com", one) // what is remembered would be refused
	update(k, noError)
	linked("example.net", one)
	update(k, mdns.RcodeNotAuth)
	linked("example.com", one)
	update(k, noError)
	s.deleteZone(zone)
	update(k, mdns.RcodeNotAuth)
	zone = s.zone("EXAMPLE.com", one)
	update(k, noError)
	s.wantRecords(zone, one, `a TXT 1m0s "m"`)
	ofSOA := func(rcode int) { // for which the zone's content is read
		t.Helper()
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) { m.Answer = s.rrs("example.com. 0 SOA a. b. 1 1 1 1 1") }), rcode)
	}
	ofSOA(mdns.RcodeNXRrset)
	s.deleteZone(zone)
	zone = s.zone("example.com", one)
	ofSOA(mdns.RcodeNXRrset)
	s.deleteZone(zone)
	ofSOA(mdns.RcodeNotAuth)
}
