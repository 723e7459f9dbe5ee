package movein_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
)

// randomList writes a list of addresses below 127.0.0.0/28, of lists, and of names of lists.
func randomList(r *rand.Rand, depth int) string {
	var list strings.Builder
	for range 1 + r.IntN(4) {
		if r.IntN(3) == 0 {
			list.WriteString("! ")
		}
		switch n := r.IntN(8); {
		case n == 0:
			list.WriteString([]string{"any", "none"}[r.IntN(2)])
		case n == 1 && depth > 0:
			list.WriteString("{ " + randomList(r, depth-1) + "}")
		case n == 2 && depth > 0:
			fmt.Fprintf(&list, `"list%d"`, r.IntN(5))
		case n < 5:
			fmt.Fprintf(&list, "127.0.0.%d/30", 4*r.IntN(4))
		default:
			fmt.Fprintf(&list, "127.0.0.%d", 1+r.IntN(15))
		}
		list.WriteString("; ")
	}
	return list.String()
}

// matches says whether a list that is taken has an address.
func matches(list []dns.ACLEntry, address netip.Addr) bool {
	for _, e := range list {
		if e.Any || e.Prefix.Contains(address) {
			return !e.Not
		}
	}
	return false
}

// A list that is taken has the addresses that named finds in the list that was read.
func TestListsAsNamedReadsThem(t *testing.T) {
	t.Parallel()
	const lists, clients = 80, 15
	r := rand.New(rand.NewPCG(1, 2))
	conf, views := "", ""
	for i := range 5 {
		conf += fmt.Sprintf("acl list%d { %s};\n", i, randomList(r, 1-min(i, 1)))
	}
	conf = strings.ReplaceAll(conf, `"list0"`, "none") // it is in no other then, and in itself
	zones := ""
	for i := range lists {
		list := randomList(r, 3)
		zones += fmt.Sprintf("zone z%d { type primary; file \"zone\"; allow-query { %s}; };\n", i, list)
		views += fmt.Sprintf("view v%d { match-clients { %s}; };\n", i, list)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "zone"), []byte("@ 60 SOA . . 1 1 1 1 1\n@ 60 NS .\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	named := testkit.StartNamed(t, dir, conf+"options { recursion no; "+testkit.LoopbackOptions+" };\n"+zones)
	p := plan(t, conf+views, nil)
	if len(p.Views) != lists {
		t.Fatal(p.Notes)
	}
	yes := 0
	for i, v := range p.Views {
		for last := 1; last <= clients; last++ {
			address := netip.AddrFrom4([4]byte{127, 0, 0, byte(last)})
			served := asked(t, named, address, fmt.Sprintf("z%d.", i)).Rcode == mdns.RcodeSuccess
			if served {
				yes++
			}
			if matches(v.ACL, address) != served {
				t.Errorf("%s %v: named %v\n%s", address, v.ACL, served, conf+strings.Split(views, "\n")[i])
			}
		}
	}
	if yes < lists || yes > lists*clients-lists {
		t.Errorf("%d are served: the lists try nothing", yes)
	}
}

// The views are told from each other as named does it, too.
func TestViewsAsNamedReadsThem(t *testing.T) {
	t.Parallel()
	const views, clients = 8, 15
	r := rand.New(rand.NewPCG(3, 4))
	for range 2 {
		dir, conf := t.TempDir(), ""
		for i := range views {
			zone := fmt.Sprintf("@ 60 SOA . . %d 1 1 1 1\n@ 60 NS .\n", i+1)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("zone", i)), []byte(zone), 0o600); err != nil {
				t.Fatal(err)
			}
			conf += fmt.Sprintf("view v%d { match-clients { %s}; zone z { type primary; file \"zone%d\"; }; };\n", i, randomList(r, 2), i)
		}
		for i := range 5 {
			conf = fmt.Sprintf("acl list%d { ! 127.0.0.%d; 127.0.0.%d/30; };\n", i, 2*i, 3*i/4*4) + conf
		}
		named := testkit.StartNamed(t, dir, "options { recursion no; dnssec-validation no; "+testkit.LoopbackOptions+" };\n"+conf)
		p := plan(t, conf, nil)
		for last := 1; last <= clients; last++ {
			address := netip.AddrFrom4([4]byte{127, 0, 0, byte(last)})
			want := uint32(0)
			for i, v := range p.Views {
				if matches(v.ACL, address) {
					want = uint32(i + 1)
					break
				}
			}
			got := uint32(0)
			for _, rr := range asked(t, named, address, "z.").Answer {
				got = rr.(*mdns.SOA).Serial
			}
			if got != want {
				t.Errorf("%s: named shows view %d, not %d, of\n%s", address, got, want, conf)
			}
		}
		named.Kill()
	}
}

// asked asks from an address for an SOA.
func asked(t *testing.T, named *testkit.PlainNamed, from netip.Addr, zone string) *mdns.Msg {
	t.Helper()
	client := mdns.Client{Dialer: &net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}}
	return testkit.Exchange(t, client, new(mdns.Msg).SetQuestion(zone, mdns.TypeSOA), named.Addr)
}

// What cannot be taken makes a list narrower, or has it match nobody.
func TestListsGetNarrower(t *testing.T) {
	t.Parallel()
	const nobody = "none"
	for list, want := range map[string]string{
		"any": "any", "localhost": "127.0.0.1 ::1", "!localhost; any": nobody,
		"localnets; 192.0.2.1": "192.0.2.1", "!localnets; any": nobody, "!{ localnets; }; any": nobody, "{ !localnets; any; }; 192.0.2.1": nobody, "!{ !localnets; 10/8; }; any": "!10.0.0.0/8 any", "{ !10.0.0.1; 10.0.0.0/30; }; 10.0.0.1": "10.0.0.0 10.0.0.2/31 10.0.0.1",
		"key a; 192.0.2.1": "192.0.2.1", "!key a; 192.0.2.1": nobody, "!{ !key a; 10/8; }; any": "!10.0.0.0/8 any", "!{ key a; }; any": nobody,
		"::ffff:10.0.0.1; 192.0.2.1": "192.0.2.1", "!::ffff:10.0.0.1; any": nobody, "\"!10.0.0.1\"; 192.0.2.1": "192.0.2.1", "key a": nobody, "geoip country DE; 192.0.2.1": "192.0.2.1",
		"!geoip country DE; any": nobody, "nolist; 192.0.2.1": "192.0.2.1", "!nolist; any": nobody, "round; any": nobody,
		"10/8; 10.0.0.0/8; !10.0.0.0/8": "10.0.0.0/8", "2001:db8::/32; !::1": "2001:db8::/32 !::1", "192.0.2.0 / 24": nobody,
	} {
		p := plan(t, "acl round { round; };\noptions { recursion no; };\nview v { match-clients { "+list+"; }; };", nil)
		if got := summary(p); got != "v("+want+")" {
			t.Errorf("%s: %s", list, got)
		}
		sound := list == "any" || strings.HasPrefix(list, "{ !10.0.0.1") || strings.HasPrefix(list, "10/8") || strings.HasPrefix(list, "2001") || list == "localhost"
		if (len(leftOut(p)) == 0) != sound {
			t.Errorf("%s: left out are %v", list, leftOut(p))
		}
	}
	many := strings.Builder{}
	for i := range 1001 {
		fmt.Fprintf(&many, "10.0.%d.%d;", i/256, i%256)
	}
	if p := plan(t, "view v { match-clients { "+many.String()+" }; };", nil); summary(p) != "v(none)" || len(leftOut(p)) != 1 {
		t.Errorf("%.100s %v", summary(p), leftOut(p))
	}
}
