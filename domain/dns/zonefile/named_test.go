package zonefile_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

const zone = "a.test"

// beginning is what a zone needs for named to read it at all.
const beginning = "$TTL 300\n@ IN SOA m.x. h.x. 1 2 3 4 5\n@ NS m.x.\n"

// ours are the records of a file, one a line, in order.
func ours(f *zonefile.File) []string {
	var out []string
	if s := f.SOA; s != nil {
		rr := &mdns.SOA{
			Hdr: mdns.RR_Header{Name: ".", Rrtype: mdns.TypeSOA, Class: mdns.ClassINET}, Ns: strings.ToLower(s.MName), Mbox: strings.ToLower(s.RName), Serial: s.Serial,
			Refresh: s.Refresh, Retry: s.Retry, Expire: s.Expire, Minttl: s.Minimum,
		}
		data, _ := zonedata.Data(rr) // of names that were packed before
		out = append(out, fmt.Sprintf("%s %d %s %x", dns.Apex, s.TTL, "SOA", data))
	}
	for _, r := range f.All() {
		out = append(out, fmt.Sprintf("%s %d %s %x", r.Owner, f.TTL(r.Key()), dns.TypeName(r.Type), r.Data))
	}
	slices.Sort(out)
	return out
}

// theirs are the records that named-compilezone reads, or what it says.
func theirs(t testing.TB, zone, text string) (records []string, said string, loaded bool) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "zone"), filepath.Join(dir, "raw")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{"-F", "raw", "-k", "ignore", "-i", "none", "-n", "ignore", "-m", "ignore", "-M", "ignore", "-r", "ignore", "-S", "ignore",
		"-T", "ignore", "-W", "ignore", "-o", out, zone, in}
	output, err := exec.Command(bindTool(t, "named-compilezone"), all...).CombinedOutput()
	if err != nil {
		return nil, string(output), false
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return readRaw(t, zone, raw), string(output), true
}

func bindTool(t testing.TB, name string) string {
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

// readRaw reads BIND's raw format: RRsets in wire form.
func readRaw(t testing.TB, zone string, raw []byte) (records []string) {
	t.Helper()
	const header = 4 + 4 + 4 + 4 + 4 + 4 // format, version, time, flags, serial, last transfer
	if binary.BigEndian.Uint32(raw) != 2 || binary.BigEndian.Uint32(raw[4:]) != 1 {
		t.Fatalf("another raw format: %x", raw[:8])
	}
	for raw = raw[header:]; len(raw) > 0; {
		length := binary.BigEndian.Uint32(raw)
		records = append(records, readSet(t, zone, raw[4:length])...)
		raw = raw[length:]
	}
	slices.Sort(records)
	return slices.Compact(records) // those that differ in the case of names alone
}

func readSet(t testing.TB, zone string, set []byte) (records []string) {
	t.Helper()
	rrtype, ttl, count := binary.BigEndian.Uint16(set[2:]), binary.BigEndian.Uint32(set[6:]), binary.BigEndian.Uint32(set[10:])
	set = set[14:]
	nameLen := int(binary.BigEndian.Uint16(set))
	name, _, err := mdns.UnpackDomainName(set[2:2+nameLen], 0)
	if err != nil {
		t.Fatal(err)
	}
	set = set[2+nameLen:]
	for range count {
		n := int(binary.BigEndian.Uint16(set))
		data := set[2 : 2+n]
		set = set[2+n:]
		owner := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(name), zone+"."), ".")
		if owner == "" {
			owner = "@"
		}
		records = append(records, fmt.Sprintf("%s %d %s %x", owner, ttl, dns.TypeName(rrtype), folded(t, rrtype, data)))
	}
	return records
}

// folded brings the names in data to lower case.
func folded(t testing.TB, rrtype uint16, data []byte) []byte {
	t.Helper()
	h := mdns.RR_Header{Name: ".", Rrtype: rrtype, Class: mdns.ClassINET, Rdlength: uint16(len(data))}
	rr, _, err := mdns.UnpackRRWithHeader(h, data, 0)
	if err != nil {
		return data
	}
	if soa, is := rr.(*mdns.SOA); is {
		soa.Ns, soa.Mbox = strings.ToLower(soa.Ns), strings.ToLower(soa.Mbox)
	}
	dns.FoldNames(rr)
	buf := make([]byte, mdns.Len(rr)+64)
	end, err := mdns.PackRR(rr, buf, 0, nil, false)
	if err != nil || end-11 != len(data) {
		return data // which the library does not know how to write
	}
	return buf[11:end]
}

// ofTheZone are reasons why named refuses a zone for what its records are among each other, and
// where they stand. A reader of lines does not know that: the decision on each record does.
var ofTheZone = []string{"CNAME and other data", "multiple RRs of singleton type", "has no NS records", "has no address records", "(illegal)",
	"at top of zone", "(wildcard)", "invalid NS owner name", "ran out of space"}

func isOfTheZone(said string) bool {
	return slices.ContainsFunc(ofTheZone, func(reason string) bool { return strings.Contains(said, reason) })
}

// compare reads a text and compares with what named-compilezone reads of it. It returns what
// was read, nil where the text was refused.
func compare(t testing.TB, text string) *zonefile.File {
	t.Helper()
	file, err := zonefile.Read(t.Context(), strings.NewReader(text), zone, 100_000)
	var refused *zonefile.Error
	var many *zonefile.TooManyError
	switch {
	case errors.As(err, &refused), errors.As(err, &many):
		return nil
	case err != nil:
		t.Fatalf("%q: %v", text, err)
	}
	records, said, loaded := theirs(t, zone, text)
	if !loaded {
		if !isOfTheZone(said) {
			t.Errorf("%q is read as %q, and refused by named-compilezone:\n%s", text, ours(file), said)
		}
		return file
	}
	if got := ours(file); !slices.Equal(got, records) {
		t.Errorf("%.2000q: only ours\n%.2000s\nonly named-compilezone's\n%.2000s\n%.2000s", text, without(got, records), without(records, got), said)
	}
	return file
}
