package bind

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
)

// Zone files are not synced: after a crash of the host a file may have lost its
// end. named must then refuse the zone and not serve a part of it.
func TestTornZoneFileIsNotServed(t *testing.T) {
	t.Parallel()
	c := content{zone: "a.test.", sets: map[setKey][]logRecord{
		{owner: "@", rrtype: 2}:  {{ttl: 60, rdata: "\x02ns\x07example\x00"}},
		{owner: "w", rrtype: 1}:  {{ttl: 60, rdata: "\x0a\x00\x00\x01"}, {ttl: 60, rdata: "\x0a\x00\x00\x02"}},
		{owner: "x", rrtype: 16}: {{ttl: 60, rdata: "\x03abc"}},
	}}
	c.apex = nameServers{}.apexOf(c.zone, c.sets)
	text, err := zoneFile(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "zone")
	loads := func(text []byte) bool {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := child.Run(t.Context(), child.Spec{Name: "named-checkzone", Args: []string{"-i", "none", "a.test", path}, Path: checkZone(t)})
		return err == nil
	}
	if !loads(text) {
		t.Fatalf("the whole file does not load:\n%s", text)
	}
	lastLine := strings.LastIndex(strings.TrimSuffix(string(text), "\n"), "\n") + 1
	for n := 0; n < lastLine; n += 3 {
		if loads(text[:n]) {
			t.Fatalf("a zone loads that ends after %d of %d octets:\n%s", n, len(text), text[:n])
		}
	}
}

func checkZone(t *testing.T) string {
	t.Helper()
	path, err := child.Find("named-checkzone")
	if err != nil {
		t.Skip("named-checkzone is missing")
	}
	return path
}

// A zone whose file was torn is added anew.
func TestTornZoneFileIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	have, err := h.engine.showZone(context.Background(), zoneKey{view: v, zone: "a.test."})
	if err != nil || have.file == "" {
		t.Fatal(have, err)
	}
	h.stop()
	info, err := os.Stat(have.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(have.file, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
}
