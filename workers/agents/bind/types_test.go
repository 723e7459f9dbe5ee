package bind

import (
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// Every type that a client may own is accepted, loaded by named as a part of a zone file
// and of an update, served, read back as what it is, and removed again.
func TestEveryTypeIsServed(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("v", "any")
	var added []dns.RecordAdded
	zones := make([]int64, len(typeCases()))
	for i, c := range typeCases() {
		zones[i], _ = h.zone(typeZone(i), v)
		if c.rrtype == "DS" {
			h.add(zones[i], record(v, "file", "NS", "ns.other.test."))
			h.add(zones[i], record(v, "update", "NS", "ns.other.test."))
		}
		added = append(added, h.add(zones[i], record(v, "file", c.rrtype, c.value)))
	}
	h.applied()
	for i, c := range typeCases() {
		added = append(added, h.add(zones[i], record(v, "update", c.rrtype, c.value)))
	}
	h.applied()
	for i, c := range typeCases() {
		h.expectServed(typeZone(i), "file", c)
		h.expectServed(typeZone(i), "update", c)
	}
	for _, e := range added {
		h.drop(e)
	}
	h.applied()
	for i, c := range typeCases() {
		if got := h.ask("127.0.0.3", "file."+typeZone(i), mdns.TypeANY); len(got.Answer) > 0 {
			t.Errorf("%s is served after its deletion: %v", c.rrtype, got.Answer)
		}
	}
}

func typeZone(i int) string { return fmt.Sprintf("type%d.test", i) }

// expectServed asks for a record of the case and compares it with what the domain makes of it.
func (h *host) expectServed(zone, host string, c typeCase) {
	h.t.Helper()
	want, err := dns.RecordRR(zone, record(1, host, c.rrtype, c.value))
	if err != nil {
		h.t.Errorf("%s %q: %v", c.rrtype, c.value, err)
		return
	}
	wanted, err := zonedata.Data(want)
	if err != nil {
		h.t.Errorf("%s: %v", c.rrtype, err)
	}
	name := host + "." + zone
	if host == "@" {
		name = zone
	}
	answer := h.ask("127.0.0.3", name, want.Header().Rrtype)
	for _, rr := range append(answer.Answer, answer.Ns...) {
		if rr.Header().Rrtype != want.Header().Rrtype {
			continue
		}
		if got, err := zonedata.Data(rr); err != nil || got != wanted {
			h.t.Errorf("%s: named serves %v (%v), want %v", c.rrtype, rr, err, want)
		}
		return
	}
	h.t.Errorf("%s: named serves no %s: %v", c.rrtype, want, answer)
}

// What the domain takes for the same data in another spelling is a duplicate, and other
// data is not; the type keeps its name.
func TestEveryTypeHasCanonicalData(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, c := range typeCases() {
		tested[c.rrtype] = true
		data, err := dns.AcceptRData("a.test", c.rrtype, c.value)
		if err != nil || data.Type() != c.rrtype {
			t.Errorf("%s %q: %v", c.rrtype, c.value, err)
			continue
		}
		again, err := dns.AcceptRData("a.test", c.rrtype, c.again)
		if err != nil || again.Canonical() != data.Canonical() {
			t.Errorf("%s: %q is not the same as %q: %v", c.rrtype, c.again, c.value, err)
		}
		other, err := dns.AcceptRData("a.test", c.rrtype, c.other)
		if err != nil || other.Canonical() == data.Canonical() {
			t.Errorf("%s: %q is not other data than %q: %v", c.rrtype, c.other, c.value, err)
		}
	}
	for _, rrtype := range dns.RecordTypes() {
		if !tested[rrtype] {
			t.Errorf("no case for %s", rrtype)
		}
	}
}

// Types that named looks at more closely at an apex are served there, too, and do not hold
// up what comes after them.
func TestTypesAtTheApex(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("v", "any")
	apex := map[string]bool{"CSYNC": true, "ZONEMD": true, "DNAME": true, "KEY": true, "TYPE65400": true, "SVCB": true}
	var added []dns.RecordAdded
	for i, c := range typeCases() {
		if !apex[c.rrtype] {
			continue
		}
		z, _ := h.zone(typeZone(i), v)
		h.applied()
		h.add(z, record(v, "@", "NS", "ns.other.test.")) // a DNAME needs it
		added = append(added, h.add(z, record(v, "@", c.rrtype, c.value)), h.add(z, record(v, "later", "A", "192.0.2.1")))
	}
	h.applied()
	for i, c := range typeCases() {
		if apex[c.rrtype] {
			h.expectServed(typeZone(i), "@", c)
		}
	}
	for _, e := range added {
		h.drop(e)
	}
	h.applied()
}
