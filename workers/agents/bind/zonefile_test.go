package bind

import (
	"os"
	"path/filepath"
	"testing"

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
