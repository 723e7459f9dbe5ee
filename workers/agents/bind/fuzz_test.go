package bind

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// FuzzZoneFile: whatever zone and records are accepted, the file that the engine
// writes of them loads in named-checkzone with exactly these records.
func FuzzZoneFile(f *testing.F) {
	for _, seed := range [][7]string{
		{"a.com", "www", "A", "192.0.2.1", "@", "MX", "10 mail"},
		{"a.com", "@", "NS", "ns", "ns", "CNAME", "elsewhere.example."},
		{"a.com", "@", "NS", "ns", "*", "AAAA", "2001:db8::1"},
		{"a.com", "master", "CNAME", "x", "master1", "CNAME", "y"},
		{"a.com", "z", "NS", "@", "z", "NS", "w"},
		{"0/25.2.0.192.in-addr.arpa", "1", "PTR", "a.com.", "*.x", "TXT", "a;b \"c\" (d) \\ $INCLUDE /etc/passwd"},
		{"xn--fiqs8s", "_sip._tcp", "SRV", "1 2 3 @", "@", "CAA", `0 issue "a;b=\"c\""`},
		{"A-b._c.D", "sub", "NS", "ns.sub", "x.sub", "TXT", `"one" "two" "\001\255"`},
		{"test", "h", "TLSA", "3 1 1 " + strings.Repeat("ab", 32), "h", "NAPTR", `1 2 "U" "E2U+sip" "!^.*$!sip:a@b.com!i" .`},
		{"test", "h", "SSHFP", "1 1 " + strings.Repeat("0f", 20), "h", "URI", `1 2 "https://a.com/?q=%20;x#y"`},
		{"test", "$TTL", "A", "192.0.2.1", "a b", "A", "192.0.2.1"}, {"test", "www", "TXT", "x\n@ A 192.0.2.1", "@", "CNAME", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6])
	}
	checkzone := bindProgram(f, "named-checkzone")
	f.Fuzz(func(t *testing.T, zone, host1, type1, value1, host2, type2, value2 string) {
		create, err := dns.NewCreateZone(dns.ZoneInput{Name: &zone, Type: new(dns.ZoneMaster), ViewIDs: &[]int64{1}})
		if err != nil {
			return
		}
		w := newFuzzWorld(t)
		if !w.decide(create, domain.SequenceZone) {
			t.Fatalf("zone %q is not created", zone)
		}
		accepted := w.record(host1, type1, value1)
		if !w.record(host2, type2, value2) && !accepted {
			return
		}
		for _, z := range w.state.inView {
			checkZoneFile(t, checkzone, z.startJob(w.state.fallback, false).content)
		}
	})
}

// fuzzWorld decides commands and applies their events to a desired state.
type fuzzWorld struct {
	t       *testing.T
	history *domaintest.History
	state   *desiredState
}

func newFuzzWorld(t *testing.T) *fuzzWorld {
	w := &fuzzWorld{t: t, history: domaintest.NewHistory(), state: newDesiredState()}
	w.take(dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "v", ACL: "any"}})
	return w
}

func (w *fuzzWorld) take(e domain.Event) {
	w.history.Append(e)
	if err := w.state.apply(Change{Events: []domain.Recorded{{Position: w.history.Last(), Prev: w.history.Last() - 1, Event: e}}}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *fuzzWorld) decide(c domain.Command, s domain.Sequence) bool {
	id := int64(w.history.Last())
	ids := map[domain.Sequence][]int64{s: {id}, domain.SequencePrivilege: {3 * id, 3*id + 1, 3*id + 2}}
	env := domain.NewEnv(domain.System, time.Unix(0, 0), ids)
	events, err := c.Decide(w.history, env)
	for _, e := range events {
		w.take(e)
	}
	return err == nil
}

// record adds a record if it is accepted.
func (w *fuzzWorld) record(host, rrtype, value string) bool {
	zone, view := int64(1), "v"
	add, err := dns.NewAddRecord(dns.RecordInput{Host: &host, Type: &rrtype, Value: &value, ViewName: &view, ZoneID: &zone})
	return err == nil && w.decide(add, domain.SequenceRecord)
}

// checkZoneFile loads the zone as leniently as the engine has named load it.
func checkZoneFile(t *testing.T, checkzone string, c content) {
	t.Helper()
	text, err := zoneFile(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "zone"), filepath.Join(dir, "loaded")
	if err := os.WriteFile(in, text, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(checkzone, "-k", "ignore", "-n", "ignore", "-i", "none", "-m", "ignore", "-M", "ignore", "-S", "ignore",
		"-r", "ignore", "-T", "ignore", "-W", "ignore", "-s", "full", "-o", out, c.zone, in).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, said, text)
	}
	loaded, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	var rrs []mdns.RR
	parser := mdns.NewZoneParser(loaded, ".", out)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if rr.Header().Rrtype != mdns.TypeSOA {
			rrs = append(rrs, rr)
		}
	}
	sets, err := collect(c.zone, rrs)
	if err != nil || parser.Err() != nil {
		t.Fatalf("%v, %v", err, parser.Err())
	}
	keys := c.keys()
	for _, key := range keys {
		if !sets[key].equal(c.set(key)) {
			t.Errorf("%v was loaded as %+v, written as %+v\n%s", key, sets[key], c.set(key), text)
		}
	}
	if len(sets) != len(keys) {
		t.Errorf("%d RRsets were loaded, %d written\n%s", len(sets), len(keys), text)
	}
}

// FuzzNamedConf: whatever view, ACL and forwarders are accepted, the
// configuration and the zone statement that the engine writes of them load.
func FuzzNamedConf(f *testing.F) {
	for _, seed := range [][3]string{
		{"office", "any", "192.0.2.1"}, {"a_b-C", "10.0.0.0/8, !192.0.2.1\n2001:db8::/32", "192.0.2.1, 2001:db8::1;"},
		{"v", "none", "0.0.0.0"}, {"v", "!any", "::ffff:1.2.3.4"}, {"v", "10.1.2.3/9 ::/0", "::"}, {`v" {`, "any; }; zone", "1.1.1.1; }; //"},
		{"v", "fe80::1%lo", "fe80::1%eth0"}, {"v", "0.0.0.0/0", "255.255.255.255"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	checkconf := bindProgram(f, "named-checkconf")
	f.Fuzz(func(t *testing.T, view, acl, forwarders string) {
		if _, err := dns.NewCreateView(dns.ViewInput{Name: &view, ACL: &acl}); err != nil {
			return
		}
		dir := t.TempDir()
		text, _, err := renderConf(confInput{
			text: dns.DefaultBindConf, views: map[int64]dns.ViewData{1: {Name: view, ACL: acl}}, layout: layout{dir: dir},
			listen: netip.MustParseAddrPort("127.0.0.1:5300"), local: &local{ControlPort: 953, ControlSecret: newSecret(), ViewSecrets: map[int64][]byte{1: newSecret()}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if list, err := dns.ParseForwarders(forwarders); err == nil && len(list) > 0 {
			statement, err := stubStatement(list)
			if err != nil {
				t.Fatal(err)
			}
			text += fmt.Sprintf("view \"stub\" { zone \"a.test\" %s };\n", statement)
		}
		file := filepath.Join(dir, "named.conf")
		if err := (layout{dir: dir}).create(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command(checkconf, file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, said, text)
		}
	})
}

// bindProgram finds one of BIND's checking programs; without them the test fails.
func bindProgram(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not installed: %v", name, err)
	}
	return path
}
