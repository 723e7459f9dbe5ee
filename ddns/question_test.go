package ddns_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Questions for SOA and NS are answered in the credential's view, and without a signature in the
// view that the address falls into.
func TestQuestions(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	inside, outside := s.view("inside", "127.0.0.1"), s.view("outside", "any")
	both := s.zone("example.com", inside, outside)
	s.zone("example.net", outside)
	s.zone("deep.sub.example.com", inside)
	s.record(both, "inside", "@", "NS", "ns.inside.example.", 60)
	s.record(both, "outside", "@", "NS", "ns.outside.example.", 60)
	none, out := s.key("", access.Restriction{}), s.key("outside", access.Restriction{})
	narrow := s.key("outside", access.Restriction{Zones: []string{"*.net"}})
	for _, c := range []struct {
		k               key
		name            string
		rrtype          uint16
		rcode           int
		answer, nearest string
	}{
		{key{}, "example.com.", mdns.TypeNS, noError, "ns.inside.example.", ""},
		{key{}, "EXAMPLE.com.", mdns.TypeSOA, noError, "master", ""},
		{key{}, "a.b.example.com.", mdns.TypeSOA, noError, "", "example.com."},
		{key{}, "a.b.example.com.", mdns.TypeNS, noError, "", "example.com."},
		{key{}, "x.deep.sub.example.com.", mdns.TypeSOA, noError, "", "deep.sub.example.com."},
		{key{}, "deep.sub.example.com.", mdns.TypeSOA, noError, "master", ""},
		{key{}, "example.net.", mdns.TypeSOA, mdns.RcodeRefused, "", ""},
		{key{}, "com.", mdns.TypeSOA, mdns.RcodeRefused, "", ""},
		{key{}, ".", mdns.TypeSOA, mdns.RcodeRefused, "", ""},
		{key{}, `a\.b.example.com.`, mdns.TypeSOA, noError, "", "example.com."},
		{key{}, "example.com.", mdns.TypeA, mdns.RcodeRefused, "", ""},
		{out, "example.com.", mdns.TypeNS, noError, "ns.outside.example.", ""},
		{out, "example.net.", mdns.TypeSOA, noError, "master", ""},
		{out, "x.deep.sub.example.com.", mdns.TypeSOA, noError, "", "example.com."},
		{none, "example.com.", mdns.TypeSOA, mdns.RcodeRefused, "", ""},
		{none, "example.net.", mdns.TypeSOA, noError, "master", ""},
		{narrow, "www.example.net.", mdns.TypeSOA, noError, "", "example.net."},
		{narrow, "example.com.", mdns.TypeSOA, mdns.RcodeRefused, "", ""},
	} {
		got := s.ask(c.k, new(mdns.Msg).SetQuestion(c.name, c.rrtype))
		s.wantRcode(got, c.rcode)
		text := fmt.Sprint(got.Answer)
		if (c.answer == "") != (len(got.Answer) == 0) || !strings.Contains(text, c.answer) || got.Authoritative != (c.rcode == noError) {
			t.Errorf("%s %d is answered with %s", c.name, c.rrtype, got)
		}
		if (c.nearest == "") != (len(got.Ns) == 0) || c.nearest != "" && got.Ns[0].Header().Name != c.nearest {
			t.Errorf("%s %d: the authority is %s", c.name, c.rrtype, got.Ns)
		}
	}
}

// What may not be updated is refused, with the reason.
func TestRefusedUpdates(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	one, two := s.view("one", "any"), s.view("two", "any")
	s.zone("example.com", one, two)
	net := s.zone("example.net", one)
	s.zone("example.org", two)
	s.record(net, "one", "www", "A", "192.0.2.1", 60)
	s.record(net, "one", "_acme-challenge.www", "A", "192.0.2.1", 60)
	everything, ofOne := s.key("", access.Restriction{}), s.key("one", access.Restriction{})
	acme := s.key("one", access.Restriction{Names: []string{"_acme-challenge.**"}, Types: []string{"TXT"}})
	reading := s.key("", access.Restriction{ReadOnly: true})
	robot := domain.UserID(created(s.do(access.NewAddServiceUser("robot", []int64{access.RoleZoneGuest}))))
	guest := s.keyOf(access.CredentialInput{Name: new("acme"), Kind: new(access.CredentialTSIG), User: &robot}, "one")
	robot = domain.UserID(created(s.do(access.NewAddServiceUser("other", []int64{}))))
	nobody := s.keyOf(access.CredentialInput{Name: new("acme"), Kind: new(access.CredentialTSIG), User: &robot}, "one")
	unplaced := s.keyOf(access.CredentialInput{Name: new("acme"), Kind: new(access.CredentialTSIG), User: &robot}, "")
	ofNet := s.key("one", access.Restriction{Zones: []string{"*.net"}})
	for _, name := range []string{"example.com.", "example.net.", "example.org.", "none.example."} {
		answer := s.ask(unplaced, new(mdns.Msg).SetQuestion(name, mdns.TypeSOA))
		s.wantRcode(answer, mdns.RcodeRefused)
		transfer := s.ask(unplaced, new(mdns.Msg).SetQuestion(name, mdns.TypeAXFR))
		s.wantRcode(transfer, mdns.RcodeNotAuth)
	}
	for _, c := range []struct {
		name, zone string
		k          key
		change     func(*mdns.Msg)
		rcode      int
	}{
		{"not signed", "example.net.", key{}, addingA("a.example.net."), mdns.RcodeRefused},
		{"several views", "example.com.", everything, addingA("a.example.com."), mdns.RcodeRefused},
		{"the only view", "example.net.", everything, addingA("a.example.net."), noError},
		{"of the view", "example.com.", ofOne, addingA("a.example.com."), noError},
		{"not in the view", "example.org.", ofOne, addingA("a.example.org."), mdns.RcodeRefused},
		{"a foreign zone", "none.example.", ofOne, addingA("a.none.example."), mdns.RcodeNotAuth},
		{"below the zone's name", "a.example.net.", ofOne, addingA("a.example.net."), mdns.RcodeNotAuth},
		{"reads only", "example.net.", reading, addingA("b.example.net."), mdns.RcodeRefused},
		{"reads only, and nothing to do", "example.net.", reading, func(m *mdns.Msg) { m.Ns = []mdns.RR{as("no.example.net.", mdns.TypeANY, anyClass)} }, mdns.RcodeRefused},
		{"reads the zone alone", "example.net.", guest, addingA("b.example.net."), mdns.RcodeRefused},
		{"reads the zone alone, and nothing to do", "example.net.", guest, func(m *mdns.Msg) { m.Ns = []mdns.RR{as("no.example.net.", mdns.TypeANY, anyClass)} }, mdns.RcodeRefused},
		{"reads the zone alone, and asks", "example.net.", guest, func(m *mdns.Msg) { m.Answer = []mdns.RR{as("no.example.net.", mdns.TypeANY, anyClass)} }, mdns.RcodeNameError},
		{"no rights", "example.net.", nobody, func(m *mdns.Msg) { m.Answer = []mdns.RR{as("no.example.net.", mdns.TypeANY, anyClass)} }, mdns.RcodeNotAuth},
		{"no rights, in another view", "example.org.", nobody, addingA("a.example.org."), mdns.RcodeNotAuth},
		{"no rights, in several views", "example.com.", unplaced, addingA("a.example.com."), mdns.RcodeNotAuth},
		{"another zone than the credential's", "example.com.", ofNet, addingA("a.example.com."), mdns.RcodeRefused},
		{"no SOA in the zone section", "example.net.", ofOne, func(m *mdns.Msg) { m.Question[0].Qtype = mdns.TypeA }, mdns.RcodeFormatError},
		{"two zones", "example.net.", ofOne, func(m *mdns.Msg) { m.Question = append(m.Question, m.Question[0]) }, mdns.RcodeFormatError},
		{"another class", "example.net.", ofOne, func(m *mdns.Msg) { m.Question[0].Qclass = mdns.ClassCHAOS }, mdns.RcodeNotAuth},
		{"within the bounds", "example.net.", acme, func(m *mdns.Msg) { m.Ns = s.rrs("_acme-challenge.www.example.net. 60 TXT x") }, noError},
		{"another name", "example.net.", acme, func(m *mdns.Msg) { m.Ns = s.rrs("www.example.net. 60 TXT x") }, mdns.RcodeRefused},
		{"another type", "example.net.", acme, func(m *mdns.Msg) { m.Ns = s.rrs("_acme-challenge.b.example.net. 60 A 192.0.2.1") }, mdns.RcodeRefused},
		{"all of a name", "example.net.", acme, func(m *mdns.Msg) { m.Ns = []mdns.RR{as("_acme-challenge.www.example.net.", mdns.TypeANY, anyClass)} }, mdns.RcodeRefused},
		{"nothing of another name", "example.net.", acme, func(m *mdns.Msg) { m.Ns = []mdns.RR{as("no.example.net.", mdns.TypeTXT, anyClass)} }, mdns.RcodeRefused},
		{"asks about another name", "example.net.", acme, func(m *mdns.Msg) { m.Answer = []mdns.RR{as("www.example.net.", mdns.TypeTXT, anyClass)} }, mdns.RcodeRefused},
		{"asks about all of a name", "example.net.", acme, func(m *mdns.Msg) { m.Answer = []mdns.RR{as("_acme-challenge.www.example.net.", mdns.TypeANY, none)} }, mdns.RcodeRefused},
		{"an RRset within the bounds", "example.net.", acme, func(m *mdns.Msg) { m.Ns = []mdns.RR{as("_acme-challenge.www.example.net.", mdns.TypeTXT, anyClass)} }, noError},
	} {
		before := s.head()
		got := s.update(c.k, c.zone, c.change)
		if s.wantRcode(got, c.rcode); c.rcode != noError && (s.head() != before || remark(got) == "") || t.Failed() {
			t.Fatalf("%s: %s", c.name, got)
		}
	}
	s.do(access.NewDeleteCredential(ofOne.id))
	got := s.raw(s.signing(ofOne, adding("c.example.com. 60 A 192.0.2.1")(s), time.Now(), 300, nil))
	if rr := got.IsTsig(); rr == nil || rr.Error != mdns.RcodeBadKey {
		t.Errorf("a credential that has ended: %s", got)
	}
}

func addingA(name string) func(*mdns.Msg) {
	return func(m *mdns.Msg) {
		rr, err := mdns.NewRR(name + " 60 A 192.0.2.1")
		if err == nil {
			m.Ns = []mdns.RR{rr}
		}
	}
}

// Of several who each ask that nobody has come before them one wins, whatever they ask it by, and
// whether the former one is there or has just gone.
func TestRacersWithPrerequisites(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	zone := s.zone("example.com", view)
	other := s.serve(s.cfg)
	k := s.key("", access.Restriction{})
	const racers = 8
	rounds := 40
	if n, err := strconv.Atoi(os.Getenv("OPSLEDGER_TEST_RACES")); err == nil {
		rounds = n
	}
	for round := range rounds {
		name := fmt.Sprintf("r%d.example.com.", round)
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) { m.Ns = s.rrs(name + " 60 TXT token") }), noError)
		soa := s.ask(k, new(mdns.Msg).SetQuestion("example.com.", mdns.TypeSOA)).Answer[0]
		soa.Header().Ttl = 0
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range racers {
			all.Go(func() {
				at := s.in(t)
				if i%2 == 0 {
					at.addr = other
				}
				got := at.update(k, "example.com.", func(m *mdns.Msg) {
					switch round % 4 {
					case 3: // the zone is as it was
						m.Answer = []mdns.RR{soa}
						m.Ns = []mdns.RR{s.rr(fmt.Sprintf("w%d-%d.example.com. 60 A 192.0.2.1", round, i))}
					case 0: // there is no address yet
						m.Answer = []mdns.RR{as(name, mdns.TypeA, none)}
						m.Ns = s.rrs(fmt.Sprintf("%s 60 A 192.0.2.%d", name, i+1))
					case 1: // the token is there, and is taken away
						m.Answer = s.rrs(name + " 0 TXT token")
						m.Ns = []mdns.RR{class(s.rr(name+" TXT token"), none), s.rr(fmt.Sprintf("w%d-%d.example.com. 60 A 192.0.2.1", round, i))}
					default: // the name is in use, and is given up
						m.Answer = []mdns.RR{as(name, mdns.TypeANY, anyClass)}
						m.Ns = []mdns.RR{as(name, mdns.TypeANY, anyClass), s.rr(fmt.Sprintf("w%d-%d.example.com. 60 A 192.0.2.1", round, i))}
					}
				})
				if got.Rcode == noError {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d won", round, won.Load())
		}
	}
	if n := len(s.records(zone, view)); n != rounds/4*(2+1+1+2) {
		t.Errorf("there are %d records", n)
	}
}

// What a prerequisite is about does not go while the update is appended: of two that each give up
// what the other asks for one wins.
func TestPrerequisitesAreGuarded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.zone("example.com", s.view("office", "any"))
	k := s.key("", access.Restriction{})
	for round := range 30 {
		names := []string{fmt.Sprintf("a%d.example.com.", round), fmt.Sprintf("b%d.example.com.", round)}
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) {
			m.Ns = s.rrs(names[0]+" 60 TXT x", names[1]+" 60 TXT x")
		}), noError)
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range names {
			all.Go(func() {
				got := s.update(k, "example.com.", func(m *mdns.Msg) {
					m.Answer = []mdns.RR{as(names[i], mdns.TypeTXT, anyClass)}
					m.Ns = []mdns.RR{as(names[1-i], mdns.TypeTXT, anyClass)}
				})
				if got.Rcode == noError {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d won", round, won.Load())
		}
	}
}

// A connection takes many messages at once, each of up to 64 KiB, and answers all of them.
func TestPipelined(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	zone := s.zone("example.com", view)
	k := s.key("", access.Restriction{})
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.addr)
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(testkit.Patience)))
	const messages, large = 40, 1500
	ids := map[uint16]bool{}
	var out []byte
	for i := range messages {
		m := adding(fmt.Sprintf("n%d.example.com. 60 A 192.0.2.1", i))(s)
		if i == messages-1 {
			for j := range large {
				m.Ns = append(m.Ns, s.rr(fmt.Sprintf("large%d.example.com. 60 TXT %s", j, strings.Repeat("x", 10))))
			}
		}
		m.Id = uint16(i + 1)
		ids[m.Id] = true
		raw := s.signing(k, m, time.Now(), 300, nil)
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(raw))), raw...)
	}
	if len(out) < 45_000 {
		t.Errorf("the messages have %d octets", len(out))
	}
	_, err = c.Write(out)
	must(t, err)
	for range messages {
		var length [2]byte
		_, err := io.ReadFull(c, length[:])
		must(t, err)
		raw := make([]byte, binary.BigEndian.Uint16(length[:]))
		_, err = io.ReadFull(c, raw)
		must(t, err)
		got := new(mdns.Msg)
		must(t, got.Unpack(raw))
		s.wantRcode(got, noError)
		delete(ids, got.Id)
	}
	if len(ids) > 0 {
		t.Errorf("not answered: %v", ids)
	}
	if n := len(s.records(zone, view)); n != messages+large {
		t.Errorf("there are %d records", n)
	}
}

// An answer by UDP fits where the client says, and one that does not is said to be cut.
func TestTruncatedAnswer(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	zone := s.zone("example.com", s.view("office", "any"))
	for i := range 20 {
		s.record(zone, "office", "@", "NS", fmt.Sprintf("%s%d.example.net.", strings.Repeat("n", 40), i), 60)
	}
	ask := func(net string, size uint16) *mdns.Msg {
		m := new(mdns.Msg).SetQuestion("example.com.", mdns.TypeNS)
		if size > 0 {
			m.SetEdns0(size, false)
		}
		c := mdns.Client{Net: net, UDPSize: 4096, Timeout: testkit.Patience}
		got, _, err := c.Exchange(m, s.addr)
		must(t, err)
		return got
	}
	if got := ask("udp", 0); !got.Truncated || len(got.Answer) > 0 {
		t.Errorf("without EDNS: %s", got)
	}
	if got := ask("udp", 1232); got.Truncated || len(got.Answer) != 20 {
		t.Errorf("with room: %s", got)
	}
	if got := ask("tcp", 0); got.Truncated || len(got.Answer) != 20 {
		t.Errorf("by TCP: %s", got)
	}
	bad := new(mdns.Msg).SetQuestion("example.com.", mdns.TypeSOA)
	bad.SetEdns0(1232, false)
	bad.IsEdns0().SetVersion(1)
	s.wantRcode(s.ask(key{}, bad), mdns.RcodeBadVers)
	if got := ask("tcp", 0); !slices.ContainsFunc(got.Answer, func(rr mdns.RR) bool { return rr.Header().Ttl == 60 }) {
		t.Error("no record has its TTL")
	}
}
