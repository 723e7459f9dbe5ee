//go:build interop

package interop

import (
	"encoding/gob"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// endpoint is external-dns' own, as its source "connector" reads it from a server.
type endpoint struct {
	DNSName    string
	Targets    []string
	RecordType string
	RecordTTL  int64
}

// endpoints serves those that external-dns is to publish, until the test ends.
func endpoints(t *testing.T, all *[]endpoint) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if err := gob.NewEncoder(c).Encode(*all); err != nil {
				t.Error(err)
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// syncs has external-dns publish endpoints, change some, and take all away, and wants no change where there is
// nothing to do.
func syncs(t *testing.T, p program, s *stack, more []endpoint, provider ...string) {
	t.Helper()
	all := append([]endpoint{
		{"www.example.com", []string{"192.0.2.1", "192.0.2.2"}, "A", 300}, {"www.example.com", []string{"2001:db8::1"}, "AAAA", 300},
		{"alias.example.com", []string{"www.example.net"}, "CNAME", 60}, {"*.apps.example.com", []string{"192.0.2.3"}, "A", 0},
	}, more...)
	args := append([]string{
		"--once", "--source=connector", "--connector-source-server=" + endpoints(t, &all), "--txt-owner-id=here", "--domain-filter=example.com",
		"--policy=sync", "--registry=txt", "--log-level=debug", "--metrics-address=" + testkit.Address(t),
	}, provider...)
	for _, kind := range []string{"A", "AAAA", "CNAME", "SRV", "MX"} {
		args = append(args, "--managed-record-types="+kind)
	}
	sync := func() string { t.Helper(); return p.run(t, nil, args...) }
	idle := func(what string) {
		t.Helper()
		before := s.Head()
		said := sync()
		if after := s.Head(); after != before {
			t.Errorf("%s: it changes something: %d events, and says %s", what, after-before, said)
		}
	}
	sync()
	s.wants(t, "example.com", []string{
		"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2", "www.example.com. 300 IN AAAA 2001:db8::1",
		"alias.example.com. 60 IN CNAME www.example.net.",
	}, nil)
	if records := s.records(t, "example.com"); !slices.ContainsFunc(records, func(r string) bool { return strings.HasPrefix(r, "a-*.apps.example.com.") }) {
		t.Errorf("it is not written whose the wildcard is: %s", strings.Join(records, "\n"))
	}
	idle("after the first")
	all[0].Targets, all[2].Targets, all[1].RecordTTL = []string{"192.0.2.1", "192.0.2.9"}, []string{"other.example.net"}, 120
	sync()
	s.wants(t, "example.com", []string{"www.example.com. 300 IN A 192.0.2.9", "alias.example.com. 60 IN CNAME other.example.net.", "www.example.com. 120 IN AAAA 2001:db8::1"},
		[]string{"192.0.2.2", "CNAME www"})
	idle("after a change")
	all = nil
	said := sync()
	defer func() {
		if t.Failed() {
			t.Log(said)
		}
	}()
	s.wants(t, "example.com", nil, []string{"www", "alias", "apps", "_sip", "mail", "heritage"})
	idle("after the last")
}

func TestExternalDNS(t *testing.T) {
	t.Parallel()
	p := find(t, "external-dns", "", "--version")
	p.try(t, "provider rfc2136: addresses, an alias, a wildcard published, changed, removed; idle when nothing is new", func(t *testing.T) {
		s := newStack(t)
		s.zone("example.com")
		k := s.key(t, "external-dns", `{"zones":["example.com"]}`)
		syncs(t, p, s, nil, "--provider=rfc2136", "--rfc2136-host="+s.host, "--rfc2136-port="+s.port, "--rfc2136-zone=example.com",
			"--rfc2136-tsig-secret="+k.secret, "--rfc2136-tsig-secret-alg=hmac-sha256", "--rfc2136-tsig-keyname="+k.name, "--rfc2136-tsig-axfr",
			"--rfc2136-min-ttl=60s")
	})
	p.try(t, "provider pdns: the same, and SRV and MX, which its other provider does not read", func(t *testing.T) {
		s := newStack(t)
		s.zone("example.com")
		more := []endpoint{{"_sip._tcp.example.com", []string{"1 2 5060 sip.example.com."}, "SRV", 60}, {"mail.example.com", []string{"10 mx.example.net."}, "MX", 60}}
		syncs(t, p, s, more, "--provider=pdns", "--pdns-server=http://"+s.Address, "--pdns-api-key="+s.token(t, "external-dns", `{"zones":["example.com"]}`))
	})
}
