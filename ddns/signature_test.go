package ddns_test

import (
	"encoding/hex"
	"net"
	"sync"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

// raw sends octets by TCP and returns the answer, unchecked.
func (s *stack) raw(out []byte) (answer *mdns.Msg) {
	s.t.Helper()
	c, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.addr)
	must(s.t, err)
	defer c.Close()
	must(s.t, c.SetDeadline(time.Now().Add(testkit.Patience)))
	co := &mdns.Conn{Conn: c}
	_, err = co.Write(out)
	must(s.t, err)
	octets := make([]byte, mdns.MaxMsgSize)
	n, err := co.Read(octets)
	must(s.t, err)
	answer = new(mdns.Msg)
	must(s.t, answer.Unpack(octets[:n]))
	return answer
}

// signing signs a message at a time, with a fudge; change is made of the record before it is sent.
func (s *stack) signing(k key, m *mdns.Msg, at time.Time, fudge uint16, change func(*mdns.TSIG)) []byte {
	s.t.Helper()
	m.SetTsig(k.name, k.algorithm, fudge, at.Unix())
	out, mac, err := mdns.TsigGenerate(m, k.secret, "", false)
	must(s.t, err)
	if change == nil {
		return out
	}
	signed := new(mdns.Msg)
	must(s.t, signed.Unpack(out))
	rr := signed.IsTsig()
	rr.MAC = mac
	change(rr)
	out, err = signed.Pack()
	must(s.t, err)
	return out
}

func adding(text string) func(*stack) *mdns.Msg {
	return func(s *stack) *mdns.Msg {
		m := new(mdns.Msg).SetUpdate("example.com.")
		m.Ns = s.rrs(text)
		return m
	}
}

// RFC 8945, section 5: what is wrong with a signature, how it is said, and which answers are signed.
func TestBadSignatures(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	zone := s.zone("example.com", view)
	k := s.key("", access.Restriction{})
	now := time.Now()
	truncated := func(octets int) func(*mdns.TSIG) {
		return func(rr *mdns.TSIG) { rr.MAC, rr.MACSize = rr.MAC[:2*octets], uint16(octets) }
	}
	for name, c := range map[string]struct {
		at         time.Time
		fudge      uint16
		change     func(*mdns.TSIG)
		rcode      int
		code       int
		signed, no bool
	}{
		"good":                        {at: now, fudge: 300, signed: true},
		"a short fudge":               {at: now.Add(-200 * time.Second), fudge: 1, signed: true},
		"late, with a long fudge":     {at: now.Add(-400 * time.Second), fudge: 65535, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadTime, signed: true, no: true},
		"early":                       {at: now.Add(400 * time.Second), fudge: 300, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadTime, signed: true, no: true},
		"another key":                 {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Hdr.Name = "acme-999." }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadKey, no: true},
		"a key of another name":       {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Hdr.Name = "other-1." }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadKey, no: true},
		"no key's name":               {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Hdr.Name = "acme." }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadKey, no: true},
		"another algorithm":           {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Algorithm = mdns.HmacSHA512 }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadKey, no: true},
		"MD5":                         {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Algorithm = mdns.HmacMD5 }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadKey, no: true},
		"another MAC":                 {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.MAC = hex.EncodeToString(make([]byte, 32)) }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadSig, no: true},
		"another time":                {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.TimeSigned++ }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadSig, no: true},
		"half a MAC":                  {at: now, fudge: 300, change: truncated(16), rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadTrunc, signed: true, no: true},
		"half of another MAC":         {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.MAC, rr.MACSize = hex.EncodeToString(make([]byte, 16)), 16 }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadSig, no: true},
		"less than half a MAC":        {at: now, fudge: 300, change: truncated(15), rcode: mdns.RcodeFormatError, no: true},
		"no MAC":                      {at: now, fudge: 300, change: truncated(0), rcode: mdns.RcodeFormatError, no: true},
		"more than a MAC":             {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.MAC, rr.MACSize = rr.MAC+"00", 33 }, rcode: mdns.RcodeFormatError, no: true},
		"a TTL":                       {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Hdr.Ttl = 1 }, rcode: mdns.RcodeFormatError, no: true},
		"late, and another MAC":       {at: now.Add(-400 * time.Second), fudge: 300, change: func(rr *mdns.TSIG) { rr.MAC = hex.EncodeToString(make([]byte, 32)) }, rcode: mdns.RcodeNotAuth, code: mdns.RcodeBadSig, no: true},
		"a key by the name with case": {at: now, fudge: 300, change: func(rr *mdns.TSIG) { rr.Hdr.Name = "ACME-1." }, signed: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			before := s.head()
			out := s.signing(k, adding("a.example.com. 60 A 192.0.2.1")(s), c.at, c.fudge, c.change)
			got := s.raw(out)
			s.wantRcode(got, c.rcode)
			rr := got.IsTsig()
			switch {
			case rr == nil:
				if c.signed || c.code != 0 {
					t.Fatal("the answer has no TSIG record")
				}
			case int(rr.Error) != c.code || (rr.MACSize > 0) != c.signed:
				t.Errorf("error %d, MAC of %d octets", rr.Error, rr.MACSize)
			}
			if c.signed {
				request := new(mdns.Msg)
				must(t, request.Unpack(out))
				// The library verifies no answer that says NOTAUTH: so it is signed once more.
				again := got.Copy()
				again.Compress = true
				_, mac, err := mdns.TsigGenerate(again, k.secret, request.IsTsig().MAC, false)
				if err != nil || mac != rr.MAC {
					t.Errorf("the answer's signature is %s, and is to be %s: %v", rr.MAC, mac, err)
				}
			}
			if c.code == mdns.RcodeBadTime && (rr.OtherLen != 6 || rr.TimeSigned != uint64(c.at.Unix())) {
				t.Errorf("the time that it says: %s", rr)
			}
			if c.no && s.head() != before {
				t.Error("something was appended")
			}
		})
	}
	s.wantRecords(zone, view, "a A 1m0s 192.0.2.1")
	s.wantRcode(s.ask(key{}, adding("b.example.com. 60 A 192.0.2.1")(s)), mdns.RcodeRefused)
}

// Each algorithm, and a message that comes by UDP.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.zone("example.com", s.view("office", "any"))
	for _, algorithm := range []string{"hmac-sha256", "hmac-sha384", "hmac-sha512"} {
		k := s.keyOf(access.CredentialInput{Name: new("acme"), Kind: new(access.CredentialTSIG), Algorithm: &algorithm}, "")
		for _, net := range []string{"udp", "tcp"} {
			c := mdns.Client{Net: net, TsigSecret: map[string]string{k.name: k.secret}, Timeout: testkit.Patience}
			got, _, err := c.Exchange(k.signed(adding("a.example.com. 60 A 192.0.2.1")(s)), s.addr)
			must(t, err)
			s.wantRcode(got, noError)
		}
	}
}

// A message is executed once, whichever process gets it, how often and how late; a repeat gets
// the answer of the first, also a refusal, and whatever was changed meanwhile.
func TestRepeatedUpdates(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	view := s.view("office", "any")
	zone := s.zone("example.com", view)
	k := s.key("", access.Restriction{})
	other := s.in(t)
	other.addr = s.serve(s.cfg)

	add := s.signing(k, adding("a.example.com. 60 A 192.0.2.1")(s), time.Now(), 300, nil)
	exists := adding("b.example.com. 60 A 192.0.2.1")(s)
	exists.Answer = []mdns.RR{as("b.example.com.", mdns.TypeANY, anyClass)}
	unmet := s.signing(k, exists, time.Now(), 300, nil)
	foreign := new(mdns.Msg).SetUpdate("example.net.")
	foreign.Ns = s.rrs("a.example.net. 60 A 192.0.2.1")
	noZone := s.signing(k, foreign, time.Now(), 300, nil)

	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			at := s
			if i%2 == 0 {
				at = other
			}
			got := at.raw(add)
			s.wantRcode(got, noError)
		})
	}
	all.Wait()
	got := s.raw(unmet)
	s.wantRcode(got, mdns.RcodeNameError)
	got = s.raw(noZone)
	s.wantRcode(got, mdns.RcodeNotAuth)
	s.wantRecords(zone, view, "a A 1m0s 192.0.2.1")

	s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) {
		m.Ns = append(s.rrs("b.example.com. 60 A 192.0.2.2"), as("a.example.com.", mdns.TypeANY, anyClass))
	}), noError)
	s.zone("example.net", view)
	before := s.head()
	for _, at := range []*stack{s, other} {
		got = at.raw(add)
		s.wantRcode(got, noError)
		got = at.raw(unmet)
		s.wantRcode(got, mdns.RcodeNameError)
		got = at.raw(noZone)
		s.wantRcode(got, mdns.RcodeNotAuth)
	}
	if s.head() != before {
		t.Error("a repeat appended something")
	}
	s.wantRecords(zone, view, "b A 1m0s 192.0.2.2")
	s.deleteZone(zone)
	got = s.raw(add)
	s.wantRcode(got, noError)
}
