package ddns_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A named that is a secondary has what the API has: it transfers the zone once as a whole, is
// notified of each change, and follows by differences.
func TestNamedFollows(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	zone := s.zone("example.com", s.view("office", "any"))
	s.record(zone, "office", "www", "A", "192.0.2.1", 60)
	k := s.key("", access.Restriction{})
	dir := t.TempDir()
	named := testkit.NewNamed(t, filepath.Join(dir, "named.conf"))
	said := &testkit.Lines{}
	cfg := s.cfg
	cfg.Pool, cfg.NotifyPort, cfg.Log = s.pool, netip.MustParseAddrPort(named.Addr).Port(), slog.New(slog.NewTextHandler(said, nil))
	s.addr = s.serve(cfg)
	conf := fmt.Sprintf(`controls { };
options { %s directory "%s"; recursion no; notify no; };
key "%s" { algorithm %s; secret "%s"; };
zone "example.com" { type secondary; file "example.com.db"; primaries { 127.0.0.1 port %d key "%s"; }; };
`, testkit.LoopbackOptions, dir, strings.TrimSuffix(k.name, "."), strings.TrimSuffix(k.algorithm, "."), k.secret,
		netip.MustParseAddrPort(s.addr).Port(), strings.TrimSuffix(k.name, "."))
	must(t, os.WriteFile(named.Conf, []byte(conf), 0o600))
	named.Start()
	answers := func(name string, rrtype uint16, want string) {
		t.Helper()
		testkit.Eventually(t, name+" is "+want+" at the secondary", func() bool {
			for _, rr := range named.Ask(name, rrtype).Answer {
				if strings.HasSuffix(rr.String(), "\t"+want) {
					return true
				}
			}
			return false
		})
	}
	answers("www.example.com.", mdns.TypeA, "192.0.2.1")
	other := s.key("", access.Restriction{ReadOnly: true})
	for i := range 5 {
		value := fmt.Sprint("192.0.2.", 10+i)
		s.wantRcode(s.update(k, "example.com.", func(m *mdns.Msg) {
			m.Ns = append([]mdns.RR{as("www.example.com.", mdns.TypeA, anyClass)}, s.rrs("www.example.com. 60 A "+value, fmt.Sprintf("n%d.example.com. 60 TXT x", i))...)
		}), noError)
		answers("www.example.com.", mdns.TypeA, value)
		// Somebody on the secondary's host has the zone, too, and takes nothing from the secondary.
		if _, err := s.transfer(other, "example.com.", 0, false); err != nil {
			t.Fatal(err)
		}
	}
	s.record(zone, "office", "@", "NS", "ns.example.net.", 60)
	answers("example.com.", mdns.TypeNS, "ns.example.net.")
	if whole, parts := said.Count("what=axfr rcode=NOERROR"), said.Count("what=ixfr rcode=NOERROR"); whole > 1+5 || parts < 6 {
		t.Errorf("it made %d transfers of the whole, and %d of differences", whole, parts)
	}
}
