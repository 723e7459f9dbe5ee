package bind

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/child"
)

// A name that begins with a dollar sign is no directive, be it an owner or the zone's own.
func TestDollarIsNoDirective(t *testing.T) {
	t.Parallel()
	c := content{zone: "$a.test.", sets: map[setKey][]logRecord{
		{owner: "@", rrtype: 2}:  {{ttl: 60, rdata: "\x02ns\x07example\x00"}},
		{owner: "$w", rrtype: 1}: {{ttl: 60, rdata: "\x0a\x00\x00\x01"}},
	}}
	c.apex = nameServers{}.apexOf(c.zone, c.sets)
	text, err := zoneFile(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := child.Run(t.Context(), child.Spec{Name: "named-checkzone", Args: []string{"-i", "none", `\$a.test`, path}, Path: checkZone(t)})
	if err != nil {
		t.Errorf("%v: %s\n%s", err, said, text)
	}
}

// A large zone is written by two processors, and has the same file.
func TestZoneFileInHalves(t *testing.T) {
	t.Parallel()
	c := content{zone: "a.test.", sets: map[setKey][]logRecord{}}
	for i := range halvedAt {
		c.sets[setKey{fmt.Sprintf("h%d", i), mdns.TypeA}] = []logRecord{{ttl: 60, rdata: string([]byte{10, 0, byte(i >> 8), byte(i)})}}
	}
	// one in the first half leads to the apex
	c.sets[setKey{"b", mdns.TypeNS}] = []logRecord{{ttl: 60, rdata: "\x01a\x04test\x00"}}
	c.apex = nameServers{}.apexOf(c.zone, c.sets)
	got, err := zoneFile(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	var whole linesOf
	if err := whole.write(c, c.keys()); err != nil || !whole.delegated {
		t.Fatal(err, whole.delegated)
	}
	want := string(whole.text) + outside + c.soa(7).String() + "\n"
	if string(got) != want {
		t.Errorf("%d octets, want %d, end %q", len(got), len(want), got[max(0, len(got)-200):])
	}
}
