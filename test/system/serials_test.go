package system

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/test/deployment"
)

// All name servers have the same serial for the same content, whenever they came and whatever
// they saw: one that followed everything, one that came late, and one that lost its folder. No
// serial ever falls, and a zone that is deleted and made again goes on above its old one.
func TestSerialsFollowFromTheLog(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	first := deployment.EnrollNameServer(t, s.Data)
	first.Start()
	s.Post("/dns/views", `{"name":"all","acl":"any"}`)
	own := s.Created(s.Post("/dns/zones", `{"name":"own.test","zone_type":"master","view_ids":[1]}`))
	bare := s.Created(s.Post("/dns/zones", `{"name":"bare.test","zone_type":"master","view_ids":[1]}`))
	record := func(zone, host, kind, value string) *http.Response {
		return s.Post("/dns/records", fmt.Sprintf(
			`{"zone_id":%s,"view_name":"all","host":"%s","record_type":"%s","value":"%s","comment":""}`, zone, host, kind, value))
	}
	record(own, "@", "NS", "ns.other.test.")
	www := s.Created(record(own, "www", "A", "192.0.2.1"))
	s.Live(record(bare, "www", "A", "192.0.2.1"))
	before := map[string]uint32{"own.test.": first.Serial("own.test."), "bare.test.": first.Serial("bare.test.")}

	// A comment changes nothing that is served; a server that begins to serve changes what is
	// generated in the one zone, and nothing in the other.
	s.Live(s.Put("/dns/records/"+www, fmt.Sprintf(
		`{"zone_id":%s,"view_name":"all","host":"www","record_type":"A","value":"192.0.2.1","comment":"new"}`, own)))
	second := deployment.EnrollNameServer(t, s.Data, "--host", "ns2.example", "--ip", "127.0.0.2")
	second.Start()
	fleet := s.Put("/v1/fleet", `{"ns":["ns.fleet.test."]}`)
	s.Live(fleet)
	wantSame := func(what string) {
		t.Helper()
		for zone, was := range before {
			a, b := first.Serial(zone), second.Serial(zone)
			if a != b {
				t.Errorf("%s: %s has serial %d and %d", what, zone, a, b)
			}
			if a != was && !dns.SerialLater(a, was) {
				t.Errorf("%s: %s fell from %d to %d", what, zone, was, a)
			}
			before[zone] = a
		}
	}
	wantSame("a server that came late")
	first.WantSerial("bare.test.", fleet.Header.Get("Opsledger-Position"))
	second.WantAnswer("bare.test.", "NS", "ns.fleet.test.")
	second.WantNoAnswer("master.bare.test.", "A")

	// A serial that is asked for is above those that secondaries hold.
	s.Live(s.Put("/v1/zones/"+own+"/settings", `{"serial_at_least":2026112801,"soa":{"mname":"ns.fleet.test.","refresh":7200},"default_ttl":300}`))
	if got := first.Serial("own.test."); got <= 2026112801 {
		t.Errorf("serial %d", got)
	}
	wantSame("a serial that was asked for")
	second.WantAnswer("own.test.", "SOA", fmt.Sprintf("ns.fleet.test. hostmaster.own.test. %d 7200 600 604800 60", before["own.test."]))

	// The base outlives the zone, and a server that lost everything has it too.
	s.Live(s.Delete("/dns/zones/" + own))
	s.Live(s.Post("/dns/zones", `{"name":"OWN.test","zone_type":"master","view_ids":[1]}`))
	wantSame("deleted and made again")
	second.Stop()
	second.Forget()
	second.Start()
	s.Live(record(bare, "last", "A", "192.0.2.2"))
	wantSame("a server that lost its folder")
	tooFar := strconv.FormatUint(uint64(before["bare.test."])+dns.SerialReach+1, 10)
	if reply, text := s.Call("PUT", "/v1/zones/"+bare+"/settings", `{"serial_at_least":`+tooFar+`}`); reply.StatusCode != http.StatusBadRequest ||
		!strings.Contains(text, "serial_at_least") {
		t.Errorf("%d %s", reply.StatusCode, text)
	}
	furthest := strconv.FormatUint(uint64(before["bare.test."])+dns.SerialReach, 10)
	s.Live(s.Put("/v1/zones/"+bare+"/settings", `{"serial_at_least":`+furthest+`}`))
	first.WantSerial("bare.test.", furthest)
	wantSame("the furthest serial")
}
