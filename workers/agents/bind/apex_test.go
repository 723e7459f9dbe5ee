package bind

import (
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

func TestApex(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	h.expect("127.0.0.1", "a.test", "NS", "master.a.test.")
	h.expect("127.0.0.1", "master.a.test", "A", "127.0.0.1")

	master := dns.ServerData{Host: "m1", IP: "192.0.2.1", Type: "master"}
	h.emit(dns.ServerCreated{ID: 1, Server: master})
	h.emit(dns.ServerCreated{ID: 2, Server: dns.ServerData{Host: "s1", IP: "192.0.2.2", Type: "slave"}})
	h.applied()
	h.expect("127.0.0.1", "master.a.test", "A", "192.0.2.1")

	// the user's own addresses at the generated name win
	own := h.add(z, record(v, "master", "A", "192.0.2.77"))
	h.applied()
	h.expect("127.0.0.1", "master.a.test", "A", "192.0.2.77")
	h.drop(own)

	// an alias at the generated name makes another one be taken
	alias := h.add(z, record(v, "master", "CNAME", "www"))
	h.applied()
	h.expect("127.0.0.1", "a.test", "NS", "master1.a.test.")
	h.drop(alias)
	h.applied()
	h.expect("127.0.0.1", "a.test", "NS", "master.a.test.")

	// own apex NS replace the generated one, and are replaced whole
	first := h.add(z, record(v, "@", "NS", "ns1.other.test."))
	h.applied()
	h.expect("127.0.0.1", "a.test", "NS", "ns1.other.test.")
	h.expect("127.0.0.1", "master.a.test", "A")
	h.drop(first)
	second := h.add(z, record(v, "@", "NS", "ns2"))
	h.applied()
	h.expect("127.0.0.1", "a.test", "NS", "ns2.a.test.")
	h.expect("127.0.0.1", "ns2.a.test", "A", "192.0.2.1") // or named would refuse all of it
	h.add(z, record(v, "ns2", "A", "10.0.0.53"))
	h.applied()
	h.expect("127.0.0.1", "ns2.a.test", "A", "10.0.0.53")

	// an apex NS that is an alias is left out and reported, the rest is served
	h.add(z, record(v, "bad", "CNAME", "www"))
	bad := h.add(z, record(v, "@", "NS", "bad"))
	h.until("the alias is reported", func(r protocol.Report) bool { return r.Applied == h.position && len(r.Failures) == 1 })
	h.expect("127.0.0.1", "a.test", "NS", "ns2.a.test.")
	h.drop(bad)
	h.drop(second)
	h.applied()
	h.expect("127.0.0.1", "a.test", "NS", "master.a.test.")
}
