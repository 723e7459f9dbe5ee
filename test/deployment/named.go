package deployment

import (
	"strconv"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Named is a named as resolvers see it.
type Named struct {
	t testing.TB
	// DNS is host:port where it answers.
	DNS string
}

// query asks for what the server itself has.
func (n Named) query(name, kind string, class uint16) *mdns.Msg {
	n.t.Helper()
	m := new(mdns.Msg).SetQuestion(name, mdns.StringToType[kind])
	m.Question[0].Qclass = class
	m.RecursionDesired = false // named must not ask the world for what it does not serve
	return testkit.Exchange(n.t, mdns.Client{}, m, n.DNS)
}

// WantAnswer wants a record of this rdata at the name, perhaps among others.
func (n Named) WantAnswer(name, kind, rdata string) {
	n.t.Helper()
	reply := n.query(name, kind, mdns.ClassINET)
	for _, rr := range reply.Answer {
		if strings.HasSuffix(rr.String(), "\t"+rdata) {
			return
		}
	}
	n.t.Fatalf("%s %s: want %s, got %v", name, kind, rdata, reply)
}

// Answers says whether there is a record of the type at the name, and a named that says so.
func (n Named) Answers(name, kind string) bool {
	n.t.Helper()
	m := new(mdns.Msg).SetQuestion(name, mdns.StringToType[kind])
	m.RecursionDesired = false
	reply, _, err := new(mdns.Client).ExchangeContext(n.t.Context(), m, n.DNS)
	return err == nil && len(reply.Answer) > 0
}

// WantNoAnswer wants no record of the type at the name.
func (n Named) WantNoAnswer(name, kind string) {
	n.t.Helper()
	if reply := n.query(name, kind, mdns.ClassINET); len(reply.Answer) > 0 {
		n.t.Fatalf("%s %s is still answered: %v", name, kind, reply.Answer)
	}
}

// Serial is the zone's serial.
func (n Named) Serial(zone string) uint32 {
	n.t.Helper()
	reply := n.query(zone, "SOA", mdns.ClassINET)
	for _, rr := range reply.Answer {
		if soa, ok := rr.(*mdns.SOA); ok {
			return soa.Serial
		}
	}
	n.t.Fatalf("SOA of %s: %v", zone, reply)
	return 0
}

// WantSerial wants the zone's serial to be the position.
func (n Named) WantSerial(zone, position string) {
	n.t.Helper()
	reply := n.query(zone, "SOA", mdns.ClassINET)
	if len(reply.Answer) == 1 {
		if soa, ok := reply.Answer[0].(*mdns.SOA); ok && strconv.Itoa(int(soa.Serial)) == position {
			return
		}
	}
	n.t.Fatalf("SOA of %s: want serial %s, got %v", zone, position, reply.Answer)
}

// Chaos is what the server says of itself under a name, empty while it does not answer.
func (n Named) Chaos(name string) string {
	n.t.Helper()
	m := new(mdns.Msg).SetQuestion(name, mdns.TypeTXT)
	m.Question[0].Qclass = mdns.ClassCHAOS
	reply, _, err := new(mdns.Client).ExchangeContext(n.t.Context(), m, n.DNS)
	if err != nil || len(reply.Answer) != 1 {
		return ""
	}
	return strings.Join(reply.Answer[0].(*mdns.TXT).Txt, "")
}

// WantChaos wants the text in what the server says of itself.
func (n Named) WantChaos(name, text string) {
	n.t.Helper()
	reply := n.query(name, "TXT", mdns.ClassCHAOS)
	if len(reply.Answer) != 1 || !strings.Contains(reply.Answer[0].String(), text) {
		n.t.Fatalf("%s: %v", name, reply.Answer)
	}
}
