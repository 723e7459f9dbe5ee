package ddns_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
)

// zoneCopy is what a secondary has: lines of zone text, the SOA aside.
type zoneCopy struct {
	serial uint32
	lines  map[string]bool
}

// transfer asks for a zone, with AXFR or, from a serial on, IXFR, and returns all records.
func (s *stack) transfer(k key, zone string, from uint32, ixfr bool) ([]mdns.RR, error) {
	m := new(mdns.Msg).SetAxfr(zone)
	if ixfr {
		m.SetIxfr(zone, from, "a.", "b.")
	}
	k.signed(m)
	tr := &mdns.Transfer{TsigSecret: map[string]string{k.name: k.secret}, DialTimeout: testkit.Patience, ReadTimeout: testkit.Patience}
	envelopes, err := tr.In(m, s.addr)
	if err != nil {
		return nil, err
	}
	var all []mdns.RR
	for e := range envelopes {
		all = append(all, e.RR...)
		if e.Error != nil {
			err = e.Error
		}
	}
	return all, err
}

// newCopy is the copy that AXFR gives.
func (s *stack) newCopy(k key, zone string) zoneCopy {
	s.t.Helper()
	all, err := s.transfer(k, zone, 0, false)
	must(s.t, err)
	return s.copyOf(all)
}

func (s *stack) copyOf(all []mdns.RR) zoneCopy {
	s.t.Helper()
	first, last := all[0].(*mdns.SOA), all[len(all)-1].(*mdns.SOA)
	if first.String() != last.String() || len(all) < 3 {
		s.t.Fatalf("a transfer of %d records from %s to %s", len(all), first, last)
	}
	c := zoneCopy{first.Serial, map[string]bool{}}
	for _, rr := range all[1 : len(all)-1] {
		if c.lines[rr.String()] {
			s.t.Errorf("%s comes twice", rr)
		}
		c.lines[rr.String()] = true
	}
	return c
}

// apply brings the copy to what an IXFR says, and tells whether that was a difference.
func (s *stack) apply(c *zoneCopy, all []mdns.RR) (difference bool) {
	s.t.Helper()
	first := all[0].(*mdns.SOA)
	if len(all) == 1 {
		if first.Serial != c.serial {
			s.t.Errorf("the serial is %d, and nothing comes for %d", first.Serial, c.serial)
		}
		return false
	}
	second, is := all[1].(*mdns.SOA)
	if !is {
		*c = s.copyOf(all)
		return false
	}
	if second.Serial != c.serial {
		s.t.Fatalf("a difference from %d for a copy of %d", second.Serial, c.serial)
	}
	gone := true
	for _, rr := range all[2 : len(all)-1] {
		line := rr.String()
		switch _, soa := rr.(*mdns.SOA); {
		case soa:
			gone = false
		case gone && !c.lines[line], !gone && c.lines[line]:
			s.t.Errorf("%s is removed and was not there, or is added and was", line)
		case gone:
			delete(c.lines, line)
		default:
			c.lines[line] = true
		}
	}
	c.serial = first.Serial
	return true
}

func (c zoneCopy) text() string {
	var lines []string
	for line := range c.lines {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// A copy that follows by IXFR is the one that AXFR gives, whatever happens: records, settings, the
// fleet, names of views; and it follows by differences, but for what changes a zone as a whole.
func TestDifferencesOnRandomHistories(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	other := s.view("other", "none")
	zone := s.zone("example.com", view, other)
	k := s.key("office", access.Restriction{})
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	copies := []zoneCopy{s.newCopy(k, "example.com.")}
	for i := range 40 {
		whole := s.someChange(k, random, zone, view, other)
		if whole {
			copies = copies[:0]
		}
		now := s.newCopy(k, "example.com.")
		for j := range copies {
			c := zoneCopy{copies[j].serial, map[string]bool{}}
			for line := range copies[j].lines {
				c.lines[line] = true
			}
			all, err := s.transfer(k, "example.com.", c.serial, true)
			must(t, err)
			changed := c.serial != now.serial
			if s.apply(&c, all) != changed {
				t.Errorf("round %d: from %d to %d by a difference: %v", i, copies[j].serial, now.serial, !changed)
			}
			if c.serial != now.serial || c.text() != now.text() {
				t.Fatalf("round %d: from %d to %d it is\n%s\nand is to be %d\n%s", i, copies[j].serial, now.serial, c.text(), now.serial, now.text())
			}
		}
		if copies = append(copies, now); len(copies) > 6 {
			copies = slices.Delete(copies, 0, 1)
		}
	}
}

// So does a copy of a reverse zone that has PTRs of another zone, of which records and links change.
func TestDifferencesOfKeptPTRs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view, other := s.view("office", "any"), s.view("other", "none")
	zone, reverse := s.zone("example.com", view, other), s.zone("2.0.192.in-addr.arpa", view)
	s.do(dns.NewChangeZoneSettings(reverse, dns.ZoneSettingsInput{
		PTRFrom: dns.Setting[[]string]{Given: true, Value: &[]string{"example.com"}},
	}, nil, nil))
	k := s.key("office", access.Restriction{})
	random := rand.New(rand.NewPCG(2, uint64(time.Now().UnixNano())))
	const name = "2.0.192.in-addr.arpa."
	c, kept, differences := s.newCopy(k, name), 0, 0
	for round := range 40 {
		for range 1 + random.IntN(2) {
			if random.IntN(4) > 0 {
				s.someChange(k, random, zone, view, other)
				continue
			}
			s.wantRcode(s.update(k, name, func(m *mdns.Msg) {
				rr := s.rr(fmt.Sprintf("%d.%s 60 %s own.test.", random.IntN(4), name, []string{"PTR", "CNAME"}[random.IntN(2)]))
				if random.IntN(2) == 0 {
					rr = as(rr.Header().Name, mdns.TypeANY, anyClass)
				}
				m.Ns = []mdns.RR{rr}
			}), noError)
		}
		all, err := s.transfer(k, name, c.serial, true)
		must(t, err)
		if s.apply(&c, all) {
			differences++
		}
		now := s.newCopy(k, name)
		if c.serial != now.serial || c.text() != now.text() {
			t.Fatalf("round %d: it is %d\n%s\nand is to be %d\n%s", round, c.serial, c.text(), now.serial, now.text())
		}
		kept += strings.Count(now.text(), ".example.com.")
	}
	if kept == 0 || differences < 10 {
		t.Errorf("%d PTRs were compared, and %d differences", kept, differences)
	}
}

// A prerequisite sees the PTRs of other zones, which no update removes.
func TestPrerequisitesOnKeptPTRs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	zone, reverse := s.zone("example.com", view), s.zone("2.0.192.in-addr.arpa", view)
	s.do(dns.NewChangeZoneSettings(reverse, dns.ZoneSettingsInput{
		PTRFrom: dns.Setting[[]string]{Given: true, Value: &[]string{"example.com"}},
	}, nil, nil))
	k := s.key("", access.Restriction{})
	s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) { m.Ns = s.rrs("www.example.com. 60 A 192.0.2.7") }), noError)
	_ = zone
	const name = "7.2.0.192.in-addr.arpa."
	for what, c := range map[string]struct {
		require mdns.RR
		rcode   int
	}{
		"the name is in use":        {as(name, mdns.TypeANY, anyClass), noError},
		"the name is not in use":    {as(name, mdns.TypeANY, none), mdns.RcodeYXDomain},
		"it has a PTR":              {as(name, mdns.TypePTR, anyClass), noError},
		"it has none":               {as(name, mdns.TypePTR, none), mdns.RcodeYXRrset},
		"it is this one":            {of(s.rr(name+" 0 PTR www.example.com."), mdns.ClassINET), noError},
		"it is another one":         {of(s.rr(name+" 0 PTR x.example.com."), mdns.ClassINET), mdns.RcodeNXRrset},
		"another name is in use":    {as("8.2.0.192.in-addr.arpa.", mdns.TypeANY, anyClass), mdns.RcodeNameError},
		"the name has another type": {as(name, mdns.TypeTXT, anyClass), mdns.RcodeNXRrset},
	} {
		got := s.update(k, "2.0.192.in-addr.arpa.", func(m *mdns.Msg) {
			m.Answer = []mdns.RR{c.require}
			m.Ns = []mdns.RR{as(name, mdns.TypePTR, anyClass)}
		})
		if got.Rcode != c.rcode {
			t.Errorf("%s: %s", what, mdns.RcodeToString[got.Rcode])
		}
	}
	if c := s.newCopy(k, "2.0.192.in-addr.arpa."); !c.lines[s.rr(name+" 60 PTR www.example.com.").String()] {
		t.Errorf("the zone is\n%s", c.text())
	}
	s.wantRecords(reverse, view)
}

// A change of several views gives each its difference, whichever of them it changes first.
func TestDifferencesOfChangesOfSeveralViews(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	views := []string{"office", "other"}
	zone := s.zone("example.com", s.view("office", "any"), s.view("other", "none"))
	k := s.key("office", access.Restriction{})
	for round := range 4 {
		c := s.newCopy(k, "example.com.")
		for range 2 {
			var operations []batch.Operation
			for i := range views {
				operations = append(operations, batch.Of(dns.NewAddRecord(dns.RecordInput{
					ZoneID: &zone, ViewName: &views[(round+i)%2], Host: new(fmt.Sprintf("h%d-%d", s.head(), i)),
					Type: new("A"), Value: new("192.0.2.1"), TTL: new(uint32(60)),
				})))
			}
			s.do(batch.New(operations))
			all, err := s.transfer(k, "example.com.", c.serial, true)
			must(t, err)
			if !s.apply(&c, all) {
				t.Errorf("round %d: no difference", round)
			}
			if now := s.newCopy(k, "example.com."); c.serial != now.serial || c.text() != now.text() {
				t.Fatalf("round %d: it is %d\n%s\nand is to be %d\n%s", round, c.serial, c.text(), now.serial, now.text())
			}
		}
	}
}

// someChange changes something. It says whether that changes the zone as a whole.
func (s *stack) someChange(k key, random *rand.Rand, zone, view, other int64) (whole bool) {
	s.t.Helper()
	switch n := random.IntN(12); n {
	case 0:
		s.do(dns.NewChangeZoneSettings(zone, dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: new(random.Int64N(1000))}}, nil, nil))
	case 1:
		serials, err := s.reader.Serials(s.t.Context(), zone)
		must(s.t, err)
		least := int64(slices.Max(serials)) + random.Int64N(100_000)
		s.do(dns.NewChangeZoneSettings(zone, dns.ZoneSettingsInput{SerialAtLeast: dns.Setting[int64]{Given: true, Value: &least}}, serials, nil))
	case 2:
		s.do(dns.NewUpdateView(view, dns.ViewInput{Name: new(fmt.Sprint("v", random.IntN(1000))), ACL: new("any")}, nil))
	case 3:
		s.do(dns.NewUpdateZone(zone, dns.ZoneInput{Name: new("example.com"), Type: new(dns.ZoneMaster), ViewIDs: &[]int64{other}}, nil))
		s.do(dns.NewUpdateZone(zone, dns.ZoneInput{Name: new("example.com"), Type: new(dns.ZoneMaster), ViewIDs: &[]int64{view, other}}, nil))
		return true
	default:
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) {
			for range 1 + random.IntN(5) {
				m.Ns = append(m.Ns, s.someUpdate(random))
			}
		}), noError)
	}
	return false
}

func (s *stack) someUpdate(random *rand.Rand) mdns.RR {
	owner := []string{"", "a.", "b.", "*.", "master.", "x.y."}[random.IntN(6)] + "example.com."
	data := fmt.Sprintf([]string{"A 192.0.2.%d", "TXT t%d", "MX %d mail.example.net.", "NS ns%d.example.net.", "AAAA 2001:db8::%d"}[random.IntN(5)], random.IntN(4))
	if strings.HasPrefix(owner, "*.") || owner != "example.com." && strings.HasPrefix(data, "NS") {
		data = "A 192.0.2.77"
	}
	rr := s.rr(fmt.Sprintf("%s %d %s", owner, 60*(1+random.IntN(2)), data))
	switch random.IntN(4) {
	case 0:
		return class(rr, none)
	case 1:
		return as(owner, rr.Header().Rrtype, anyClass)
	default:
		return rr
	}
}

// What is not transferred, and how it is said.
func TestRefusedTransfers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	one, two := s.view("one", "any"), s.view("two", "any")
	s.zone("example.com", one, two)
	s.zone("example.net", one)
	s.zone("example.org", two)
	ask := func(k key, zone string, rrtype uint16) *mdns.Msg {
		m := new(mdns.Msg).SetQuestion(zone, rrtype)
		if rrtype == mdns.TypeIXFR {
			m.SetIxfr(zone, 1, "a.", "b.")
		}
		m.SetEdns0(1232, false)
		return s.ask(k, m)
	}
	everything, ofOne := s.key("", access.Restriction{}), s.key("one", access.Restriction{})
	narrow := s.key("one", access.Restriction{Types: []string{"TXT"}})
	zones := s.key("one", access.Restriction{Zones: []string{"*.net"}})
	for _, rrtype := range []uint16{mdns.TypeAXFR, mdns.TypeIXFR} {
		for _, c := range []struct {
			k     key
			zone  string
			rcode int
		}{
			{key{}, "example.net.", mdns.RcodeRefused},
			{everything, "example.com.", mdns.RcodeRefused},
			{everything, "example.net.", noError},
			{ofOne, "example.com.", noError},
			{ofOne, "example.org.", mdns.RcodeRefused},
			{ofOne, "none.example.", mdns.RcodeNotAuth},
			{ofOne, "www.example.com.", mdns.RcodeNotAuth},
			{narrow, "example.net.", mdns.RcodeRefused},
			{zones, "example.net.", noError},
			{zones, "example.com.", mdns.RcodeRefused},
		} {
			got := ask(c.k, c.zone, rrtype)
			if s.wantRcode(got, c.rcode); c.rcode != noError && remark(got) == "" {
				t.Errorf("%s %d: it is not said why", c.zone, rrtype)
			}
		}
	}
	if got := ask(everything, "example.com.", mdns.TypeAXFR); !strings.Contains(remark(got), "give the credential a view") {
		t.Errorf("the remark is %q", remark(got))
	}
	s.wantRcode(s.ask(ofOne, new(mdns.Msg).SetQuestion("example.com.", mdns.TypeIXFR)), mdns.RcodeFormatError)

	udp := mdns.Client{TsigSecret: map[string]string{ofOne.name: ofOne.secret}, Timeout: testkit.Patience}
	got, _, err := udp.Exchange(ofOne.signed(new(mdns.Msg).SetAxfr("example.com.")), s.addr)
	must(t, err)
	s.wantRcode(got, mdns.RcodeFormatError)
	got, _, err = udp.Exchange(ofOne.signed(new(mdns.Msg).SetIxfr("example.com.", 1, "a.", "b.")), s.addr)
	must(t, err)
	if len(got.Answer) != 1 || got.Answer[0].Header().Rrtype != mdns.TypeSOA {
		t.Errorf("IXFR by UDP is answered with %s", got)
	}
}

// A transfer ends with its credential, though the other side does not read.
func TestTransferEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.zone("example.com", s.view("office", "any"))
	k := s.key("", access.Restriction{})
	text := strings.Repeat("x", 250)
	for i := range 40 { // more than all that buffers hold
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) {
			for j := range 200 {
				m.Ns = append(m.Ns, s.rr(fmt.Sprintf("n%d-%d.example.com. 60 TXT %s", i, j, text)))
			}
		}), noError)
	}
	other := s.key("", access.Restriction{})
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.addr)
	must(t, err)
	defer c.Close()
	must(t, c.(*net.TCPConn).SetReadBuffer(4096))
	must(t, c.SetDeadline(time.Now().Add(testkit.Patience)))
	co := &mdns.Conn{Conn: c, TsigSecret: map[string]string{other.name: other.secret}}
	must(t, co.WriteMsg(other.signed(new(mdns.Msg).SetAxfr("example.com."))))
	buf := make([]byte, 1<<20)
	read, err := c.Read(buf[:100])
	must(t, err)
	s.do(access.NewDeleteCredential(other.id))
	for err == nil && read < 1_000_000 {
		var n int
		n, err = c.Read(buf)
		read += n
	}
	if err == nil {
		t.Errorf("%d octets came, of some two million", read)
	}
	if _, err := s.transfer(other, "example.com.", 0, false); err == nil {
		t.Error("an ended credential transfers a zone")
	}
}
