package bind

import (
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

// named answers for an address with the name that has it, by the same change, in the same view, and
// with a PTR of the log where there is one; and so it does after a start from a snapshot.
func TestNamedServesKeptPTRs(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	inner, outer := h.view("inner", "127.0.0.2"), h.view("outer", "any")
	f, forward := h.zone("a.test", inner, outer)
	r, _ := h.zone("0.10.in-addr.arpa", inner, outer)
	six, _ := h.zone("8.b.d.0.1.0.0.2.ip6.arpa", outer)
	early := h.add(f, record(outer, "early", "A", "10.0.0.5"))
	keeps := dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"a.test"}}}
	h.emit(dns.ZoneSettingsChanged{ID: r, After: keeps})
	h.emit(dns.ZoneSettingsChanged{ID: six, After: keeps})
	www := h.add(f, record(outer, "www", "A", "10.0.0.1"))
	h.add(f, record(outer, "www", "AAAA", "2001:db8::1"))
	h.add(f, record(outer, "second", "A", "10.0.0.1"))
	h.add(f, record(inner, "inside", "A", "10.0.0.1"))
	h.add(f, record(outer, "*", "A", "10.0.0.9"))
	h.applied()
	const one, five = "1.0.0.10.in-addr.arpa", "5.0.0.10.in-addr.arpa"
	h.expect("127.0.0.3", one, "PTR", "www.a.test.")
	h.expect("127.0.0.2", one, "PTR", "inside.a.test.")
	h.expect("127.0.0.3", five, "PTR", "early.a.test.")
	h.expect("127.0.0.2", five, "PTR")
	h.expect("127.0.0.3", "9.0.0.10.in-addr.arpa", "PTR")
	h.expect("127.0.0.3", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR", "www.a.test.")
	if got, want := h.serial("127.0.0.3", "0.10.in-addr.arpa"), uint32(h.position)-2; got != want { // the others are no change here
		t.Errorf("serial %d, want the position %d", got, want)
	}
	own := h.add(r, record(outer, "5.0", "PTR", "person.test."))
	h.drop(www)
	h.applied()
	h.expect("127.0.0.3", one, "PTR", "second.a.test.")
	h.expect("127.0.0.3", five, "PTR", "person.test.")
	h.stop()
	h.start()
	h.drop(own)
	h.emit(dns.RecordUpdated{ID: early.ID, ZoneID: f, Before: early.Record, After: record(outer, "late", "A", "10.0.0.5")})
	h.applied()
	h.expect("127.0.0.3", one, "PTR", "second.a.test.")
	h.expect("127.0.0.3", five, "PTR", "late.a.test.")
	h.emit(dns.ZoneDeleted{ID: f, Zone: forward})
	h.applied()
	h.expect("127.0.0.3", one, "PTR")
	h.expect("127.0.0.3", five, "PTR")
	h.expect("127.0.0.2", one, "PTR")
}
