package bind

import (
	"fmt"
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// However many changes there are, messages stay small, each requires the SOA that
// the message before leaves, and the last one carries the target.
func TestUpdatesAreCutAndChained(t *testing.T) {
	t.Parallel()
	c := content{zone: "a.test.", sets: map[setKey][]logRecord{}}
	c.apex = nameServers{dns.Fleet{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}}.apexOf(c.zone, c.sets)
	var changes []change
	for i := range 5000 {
		set := &rrset{ttl: 60, rdata: []string{"\x0a\x00\x00\x01"}}
		changes = append(changes, change{key: setKey{fmt.Sprintf("h%04d", i), mdns.TypeA}, held: set, want: &rrset{ttl: 61, rdata: set.rdata}})
	}
	held := c.soa(10)
	names, err := groupByName(c, changes)
	if err != nil {
		t.Fatal(err)
	}
	msgs, last := updates(c, packGroups(names), held, 1000)
	if len(msgs) < 2 || last.Serial != 1000 {
		t.Fatalf("%d messages, last %v", len(msgs), last)
	}
	for i, m := range msgs {
		packed, err := m.Pack()
		if err != nil || len(packed) > mdns.MaxMsgSize-1000 {
			t.Fatalf("message %d has %d octets: %v", i, len(packed), err)
		}
		if got := m.Answer[0].(*mdns.SOA).Serial; got != held.Serial {
			t.Errorf("message %d requires serial %d, want %d", i, got, held.Serial)
		}
		next := m.Ns[len(m.Ns)-1].(*mdns.SOA)
		if !dns.SerialLater(next.Serial, held.Serial) {
			t.Errorf("message %d: serial %d after %d", i, next.Serial, held.Serial)
		}
		held = next
	}
}
