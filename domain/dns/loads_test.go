package dns_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// bindTool finds one of BIND's checking programs. They are a part of what this
// package promises, so a machine without them fails the test.
func bindTool(t *testing.T, name string) string {
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

// Whatever the decisions accept, named loads, of every type, in any
// combination, and it means the same to named as to us: every record that was
// accepted is in the zone, and nothing else.
func TestWhatIsAcceptedLoads(t *testing.T) {
	t.Parallel()
	for seed, zone := range []string{"a.com", "0/25.2.0.192.in-addr.arpa", "xn--fiqs8s", "A-b._c.D"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			g := newGenerator(uint64(seed))
			accepted := acceptedRecords(t, g, zone, 400)
			checkZoneLoads(t, zone, accepted)
		})
	}
}

// acceptedRecords decides n generated records and returns those that were accepted.
func acceptedRecords(t *testing.T, g generator, zone string, n int) []mdns.RR {
	t.Helper()
	h := domaintest.NewHistory(
		dns.ViewCreated{ID: 1, Privilege: privilegeOf(1), View: dns.ViewData{Name: "v", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: privilegeOf(1), Zone: dns.ZoneData{Name: zone, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}},
	)
	var out []mdns.RR
	types := map[string]bool{}
	for range n {
		record, ok := decideRecord(t, g, h)
		if !ok {
			continue
		}
		rr, err := dns.RecordRR(zone, record)
		if err != nil {
			t.Fatalf("accepted, but not rendered: %+v: %v", record, err)
		}
		out = append(out, rr)
		types[record.Type] = true
	}
	if len(types) < len(generatedTypes())-1 || len(out) < n/4 { // hardly any DS has an NS beside it
		t.Fatalf("the generator is of no use: %d records of %d types were accepted", len(out), len(types))
	}
	return out
}

func decideRecord(t *testing.T, g generator, h *domaintest.History) (dns.RecordData, bool) {
	t.Helper()
	host, rrtype, value := g.record()
	if host == dns.Apex && rrtype == "NS" {
		// The agent gives in-zone name servers an address; here they stay outside.
		value = "ns" + fmt.Sprint(g.IntN(50)) + ".outside.example."
	}
	ttl, zone, view := uint32(g.IntN(1<<31)), int64(1), "v"
	cmd, err := dns.NewAddRecord(dns.RecordInput{Host: &host, Type: &rrtype, Value: &value, ViewName: &view, TTL: &ttl, ZoneID: &zone})
	if err != nil {
		return dns.RecordData{}, false
	}
	env := domain.NewEnv(domain.System, domaintest.Now, map[domain.Sequence][]int64{domain.SequenceRecord: {int64(h.Last())}})
	events, err := cmd.Decide(h, env)
	if err != nil {
		return dns.RecordData{}, false
	}
	h.Append(events...)
	return events[0].(dns.RecordAdded).Record, true
}

func checkZoneLoads(t *testing.T, zone string, records []mdns.RR) {
	t.Helper()
	dir := t.TempDir()
	var text strings.Builder
	fmt.Fprintf(&text, "%s. 600 IN SOA m.outside.example. h.outside.example. 1 3600 600 86400 600\n", zone)
	fmt.Fprintf(&text, "%s. 600 IN NS m.outside.example.\n", zone)
	for _, rr := range records {
		rr.Header().Ttl = 600 // an RRset has one TTL; the agent sees to that
		fmt.Fprintln(&text, lineOf(t, rr))
	}
	in, out := filepath.Join(dir, "zone"), filepath.Join(dir, "loaded")
	if err := os.WriteFile(in, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bindTool(t, "named-checkzone"), "-k", "ignore", "-i", "none", "-s", "full", "-o", out, zone, in)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	compareLoaded(t, out, records)
}

// lineOf writes a record as the agent does.
func lineOf(t *testing.T, rr mdns.RR) string {
	t.Helper()
	line, err := zonedata.Line(rr)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// compareLoaded reads the zone as BIND wrote it and compares it with what was put in.
func compareLoaded(t *testing.T, file string, want []mdns.RR) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	loaded := map[string]bool{}
	parser := mdns.NewZoneParser(f, ".", file)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		loaded[canonicalRR(t, rr)] = true
	}
	if err := parser.Err(); err != nil {
		t.Fatal(err)
	}
	for _, rr := range want {
		if !loaded[canonicalRR(t, rr)] {
			t.Errorf("not in the loaded zone: %s", rr)
		}
	}
	if len(loaded) != len(want)+2 {
		t.Errorf("%d records were loaded, want %d and SOA and NS", len(loaded), len(want))
	}
}

// canonicalRR is the record's wire form with lower-case owner and names.
func canonicalRR(t *testing.T, rr mdns.RR) string {
	t.Helper()
	c := mdns.Copy(rr)
	c.Header().Name = strings.ReplaceAll(c.Header().Name, `\$`, "$") // as BIND writes it
	if unknown, ok := c.(*mdns.RFC3597); ok {
		return strings.ToLower(unknown.String())
	}
	c.Header().Name = strings.ToLower(c.Header().Name)
	if data, err := dns.ParseRData("unused", dns.TypeName(c.Header().Rrtype), strings.TrimPrefix(c.String(), c.Header().String())); err == nil {
		return c.Header().String() + data.Canonical()
	}
	return c.String()
}

func TestAcceptedACLsLoad(t *testing.T) {
	t.Parallel()
	g := newGenerator(7)
	var conf strings.Builder
	accepted := 0
	for i := range 400 {
		text := ""
		for range 1 + g.IntN(5) {
			text += g.spoil(g.pick("10.0.0.1", "10.0.0.1/8", "!10.1.2.3/17", "any", "none", "!any", "2001:db8::1", "2001:db8::1/33", "::/0", "!::1", "0.0.0.0/0", "::ffff:1.2.3.4")) + g.pick("\n", " ", ",", "\r\n", "; ", ";")
		}
		entries, err := dns.ParseACL(text)
		if err != nil {
			continue
		}
		accepted++
		fmt.Fprintf(&conf, "view v%d {\n\tmatch-clients {", i)
		for _, e := range entries {
			fmt.Fprintf(&conf, " %s;", e)
		}
		conf.WriteString(" };\n};\n")
	}
	if accepted < 100 {
		t.Fatalf("only %d lists were accepted", accepted)
	}
	checkConf(t, conf.String())
}

func checkConf(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "named.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(bindTool(t, "named-checkconf"), file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, said, text)
	}
}
