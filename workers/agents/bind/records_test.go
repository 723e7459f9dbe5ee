package bind

import (
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// Two views of one zone hold their own records, of every type, and a client
// sees those of the first view that its address matches.
func TestRecordsLiveInTheirView(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	inner, outer := h.view("inner", "127.0.0.2"), h.view("outer", "!127.0.0.9 127.0.0.0/8")
	z, _ := h.zone("a.test", inner, outer)
	h.applied()
	before := metric(t, h.engine.metrics.reconfigs)
	cases := []struct{ host, rrtype, first, second, served, changed string }{
		{"www", "A", "10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"},
		{"six", "AAAA", "2001:db8::1", "2001:DB8::2", "2001:db8::1", "2001:db8::2"},
		{"alias", "CNAME", "www", "www.Other.test.", "www.a.test.", "www.other.test."},
		{"sub", "NS", "ns1.other.test.", "ns2.other.test.", "", ""},
		{"ptr", "PTR", "host.x.test.", "host", "host.x.test.", "host.a.test."},
		{"@", "MX", "10 mail", "20 mail.b.test.", "10 mail.a.test.", "20 mail.b.test."},
		{"txt", "TXT", `say "hi"; {x} \back`, `"a" "b"`, `"say \"hi\"; {x} \\back"`, `"a" "b"`},
		{"_sip._tcp", "SRV", "1 2 5060 sip", "1 2 5061 .", "1 2 5060 sip.a.test.", "1 2 5061 ."},
		{"@", "CAA", `0 issue "ca.test"`, `128 iodef "mailto:x@y.test"`, `0 issue "ca.test"`, `128 iodef "mailto:x@y.test"`},
		{"*", "TXT", "wild", "wilder", `"wild"`, `"wilder"`},
		{"*.deep", "A", "10.1.1.1", "10.1.1.2", "10.1.1.1", "10.1.1.2"},
		{"_x", "A", "10.2.2.1", "10.2.2.2", "10.2.2.1", "10.2.2.2"},
	}
	var added []dns.RecordAdded
	for _, c := range cases {
		added = append(added, h.add(z, record(outer, c.host, c.rrtype, c.first)))
	}
	h.applied()
	name := func(host string) string {
		if host == "@" {
			return "a.test"
		}
		return host + ".a.test"
	}
	for _, c := range cases {
		if c.served != "" {
			h.expect("127.0.0.3", name(c.host), c.rrtype, c.served)
		}
		h.expect("127.0.0.2", name(c.host), c.rrtype)
	}
	for i, c := range cases {
		after := record(outer, c.host, c.rrtype, c.second)
		h.emit(dns.RecordUpdated{ID: added[i].ID, ZoneID: z, Before: added[i].Record, After: after})
		added[i].Record = after
	}
	h.applied()
	for _, c := range cases {
		if c.changed != "" {
			h.expect("127.0.0.3", name(c.host), c.rrtype, c.changed)
		}
	}
	if got := h.ask("127.0.0.3", "x.sub.a.test", mdns.TypeA); len(got.Ns) != 1 || got.Ns[0].(*mdns.NS).Ns != "ns2.other.test." {
		t.Errorf("delegation: %v", got)
	}
	if got := h.ask("127.0.0.9", "www.a.test", mdns.TypeA); got.Rcode != mdns.RcodeRefused {
		t.Errorf("a client that no view matches gets %v", got)
	}
	if got, want := h.serial("127.0.0.3", "a.test"), uint32(h.position); got != want {
		t.Errorf("serial %d, want the position %d", got, want)
	}
	for _, e := range added {
		h.drop(e)
	}
	h.applied()
	for _, c := range cases {
		h.expect("127.0.0.3", name(c.host), c.rrtype)
	}
	if after := metric(t, h.engine.metrics.reconfigs); after != before {
		t.Errorf("%v reconfigurations for changes of records", after-before)
	}
}

func TestRRsets(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	low, high := record(v, "www", "A", "10.0.0.1"), record(v, "WWW", "A", "10.0.0.2")
	low.TTL, high.TTL = 60, 7200
	first, second := h.add(z, low), h.add(z, high)
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1", "10.0.0.2")
	for _, rr := range h.ask("127.0.0.1", "www.a.test", mdns.TypeA).Answer {
		if rr.Header().Ttl != 60 {
			t.Errorf("TTL %d, want the lowest, 60", rr.Header().Ttl)
		}
	}

	// a change of the comment alone changes no zone
	serial := h.serial("127.0.0.1", "a.test")
	commented := low
	commented.Comment = "only a comment"
	h.emit(dns.RecordUpdated{ID: first.ID, ZoneID: z, Before: low, After: commented})
	h.applied()
	if got := h.serial("127.0.0.1", "a.test"); got != serial {
		t.Errorf("serial %d after a change of a comment, want %d still", got, serial)
	}

	// from address to alias and back at one name
	first.Record = commented
	h.drop(first)
	h.drop(second)
	alias := h.add(z, record(v, "www", "CNAME", "other"))
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "CNAME", "other.a.test.")
	h.emit(dns.RecordUpdated{ID: alias.ID, ZoneID: z, Before: alias.Record, After: record(v, "www", "A", "10.0.0.7")})
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.7")
	h.expect("127.0.0.1", "www.a.test", "CNAME")

	// moving a record to another view takes it away from the first
	other := h.view("other", "none")
	h.emit(dns.ZoneUpdated{ID: z, Before: dns.ZoneData{Name: "a.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{v}},
		After: dns.ZoneData{Name: "a.test", Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{v, other}}})
	h.emit(dns.RecordUpdated{ID: alias.ID, ZoneID: z, Before: record(v, "www", "A", "10.0.0.7"), After: record(other, "www", "A", "10.0.0.7")})
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A")
}

// What a client cannot see as it is (glue, names below a delegation, deleted
// names that a wildcard now answers for) is proved, too.
func TestHiddenRecordsAreProved(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "*", "A", "10.9.9.9"))
	plain := h.add(z, record(v, "x", "A", "10.0.0.1"))
	h.applied()
	h.drop(plain)
	h.applied()
	h.expect("127.0.0.1", "x.a.test", "A", "10.9.9.9")
	h.add(z, record(v, "sub", "NS", "ns.sub"))
	glue := h.add(z, record(v, "ns.sub", "A", "10.0.0.3"))
	h.applied()
	r := h.ask("127.0.0.1", "y.sub.a.test", mdns.TypeA)
	if len(r.Extra) != 1 || r.Extra[0].(*mdns.A).A.String() != "10.0.0.3" {
		t.Errorf("glue: %v", r)
	}
	h.drop(glue)
	h.applied()
}

// A deleted name below a wildcard whose alias leads back to itself makes named
// answer SERVFAIL; that the record is gone is proved all the same, at once.
func TestDeletedNameBelowALoop(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "*", "CNAME", "target"))
	www := h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	before := metric(t, h.engine.metrics.failures)
	h.drop(www)
	h.applied()
	if got := h.ask("127.0.0.1", "www.a.test", mdns.TypeA); got.Rcode != mdns.RcodeServerFailure {
		t.Fatalf("no loop: %v", got)
	}
	if after := metric(t, h.engine.metrics.failures); after != before {
		t.Errorf("%v failures", after-before)
	}
}

// One change of very many RRsets, and one RRset of very many records, need more than a message.
func TestBulkChanges(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	for i := range 4000 {
		h.add(z, record(v, fmt.Sprintf("h%d", i), "A", fmt.Sprintf("10.0.%d.%d", i/250, i%250)))
	}
	for i := range 300 {
		h.add(z, record(v, "many", "TXT", fmt.Sprintf("%0200d", i)))
	}
	h.applied()
	h.expect("127.0.0.1", "h3999.a.test", "A", "10.0.15.249")
	if got := h.serial("127.0.0.1", "a.test"); got != uint32(h.position) {
		t.Errorf("serial %d, want %d", got, h.position)
	}
}
