package bind

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

func TestZonesComeAndGo(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	one, two := h.view("one", "127.0.0.2"), h.view("two", "any")
	z, data := h.zone("a.test", one, two)
	h.applied()
	before := metric(t, h.engine.metrics.reconfigs)
	www := h.add(z, record(one, "www", "A", "10.0.0.1"))
	h.add(z, record(two, "www", "CNAME", "target"))
	h.applied()

	// deleted and made again at once, and again after it was gone
	h.emit(dns.ZoneDeleted{ID: z, Zone: data})
	z, data = h.zone("A.test", one, two)
	h.add(z, record(two, "new", "A", "10.0.0.2"))
	h.applied()
	h.expect("127.0.0.2", "www.a.test", "A")
	h.expect("127.0.0.3", "new.a.test", "A", "10.0.0.2")
	h.emit(dns.ZoneDeleted{ID: z, Zone: data})
	h.applied()
	if r := h.ask("127.0.0.3", "a.test", mdns.TypeSOA); len(r.Answer) != 0 {
		t.Errorf("deleted zone answers %v", r)
	}
	z, data = h.zone("a.test", one, two)
	h.add(z, www.Record)
	h.add(z, record(two, "alias", "CNAME", "target"))
	h.applied()
	h.expect("127.0.0.2", "www.a.test", "A", "10.0.0.1")

	// renamed: names in values follow
	renamed := data
	renamed.Name = "b.test"
	h.emit(dns.ZoneUpdated{ID: z, Before: data, After: renamed})
	h.applied()
	h.expect("127.0.0.3", "alias.b.test", "CNAME", "target.b.test.")
	h.expect("127.0.0.3", "alias.a.test", "CNAME")

	// unlinked from a view: gone there alone, and empty when linked again
	unlinked := renamed
	unlinked.ViewIDs = []int64{two}
	h.emit(dns.ZoneUpdated{ID: z, Before: renamed, After: unlinked})
	h.applied()
	h.expect("127.0.0.2", "www.b.test", "A")
	h.expect("127.0.0.3", "alias.b.test", "CNAME", "target.b.test.")
	h.emit(dns.ZoneUpdated{ID: z, Before: unlinked, After: renamed})
	h.applied()
	h.expect("127.0.0.2", "www.b.test", "A")
	h.expect("127.0.0.2", "b.test", "NS", "master.b.test.")
	if after := metric(t, h.engine.metrics.reconfigs); after != before {
		t.Errorf("%v reconfigurations for changes of zones", after-before)
	}
	entries, err := os.ReadDir(h.engine.layout.zones())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Log(e.Name())
	}
}

// forwarder is a DNS server that answers every A question with one address. It
// returns its own, at which it has the one port that forwarders can have.
func forwarder(t *testing.T, answer string) (addr string) {
	t.Helper()
	conn, addr := listenDNS(t)
	ready := make(chan struct{})
	s := &mdns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(ready) },
		Handler: mdns.HandlerFunc(func(w mdns.ResponseWriter, q *mdns.Msg) {
			m := new(mdns.Msg)
			m.SetReply(q)
			m.RecursionAvailable = true
			if q.Question[0].Qtype == mdns.TypeA {
				rr, err := mdns.NewRR(q.Question[0].Name + " 1 IN A " + answer)
				if err == nil {
					m.Answer = append(m.Answer, rr)
				}
			}
			_ = w.WriteMsg(m) // the test sees a missing answer
		})}
	ended := make(chan error, 1)
	go func() { ended <- s.ActivateAndServe() }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Shutdown()
		<-ended
	})
	return addr
}

// listenDNS listens on port 53 of a loopback address that nobody else has.
func listenDNS(t *testing.T) (conn net.PacketConn, addr string) {
	t.Helper()
	for {
		addr = fmt.Sprintf("127.53.%d.%d", rand.IntN(256), 1+rand.IntN(254))
		conn, err := net.ListenPacket("udp", addr+":53")
		switch {
		case err == nil:
			return conn, addr
		case !errors.Is(err, syscall.EADDRINUSE):
			t.Skipf("forwarders need port 53 on a loopback address: %v", err)
		}
	}
}

func TestForwardOnlyZones(t *testing.T) {
	t.Parallel()
	first, second, global := forwarder(t, "10.11.11.11"), forwarder(t, "10.22.22.22"), forwarder(t, "10.33.33.33")
	h := newHost(t)
	h.recursive = true
	v := h.view("all", "any")
	h.emit(dns.BindConfChanged{Text: "options { recursion yes; forwarders { " + global + "; }; forward only; dnssec-validation no; };"})
	h.applied()
	before := metric(t, h.engine.metrics.reconfigs)
	z := h.id()
	data := dns.ZoneData{Name: "f.test", Group: 1, Type: dns.ZoneForwardOnly, Forwarders: []string{first}, ViewIDs: []int64{v}}
	h.emit(dns.ZoneCreated{ID: z, Zone: data})
	h.applied()
	h.expect("127.0.0.1", "x.f.test", "A", "10.11.11.11")
	if after := metric(t, h.engine.metrics.reconfigs); after != before {
		t.Errorf("%v reconfigurations for a new forward-only zone", after-before)
	}
	for i, forwarders := range [][]string{{second}, {first}} {
		changed := data
		changed.Forwarders = forwarders
		h.emit(dns.ZoneUpdated{ID: z, Before: data, After: changed})
		data = changed
		h.applied()
		h.expect("127.0.0.1", fmt.Sprintf("y%d.f.test", i), "A", map[string]string{first: "10.11.11.11", second: "10.22.22.22"}[forwarders[0]])
	}
	// to a zone with records and back
	master := data
	master.Type = dns.ZoneMaster
	h.emit(dns.ZoneUpdated{ID: z, Before: data, After: master})
	www := h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.expect("127.0.0.1", "www.f.test", "A", "10.0.0.1")
	h.drop(www)
	h.emit(dns.ZoneUpdated{ID: z, Before: master, After: data})
	h.applied()
	h.expect("127.0.0.1", "www.f.test", "A", "10.11.11.11")
	h.emit(dns.ZoneDeleted{ID: z, Zone: data})
	h.applied()
	h.expect("127.0.0.1", "z.f.test", "A", "10.33.33.33")
}
