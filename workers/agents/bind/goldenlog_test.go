package bind

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

var updateGolden = flag.Bool("update", false, "write the golden zones if they are missing; those that exist are never changed")

// A log that a program wrote before records had another reading (schema 1 of their
// events) gives named what it gave then, octet for octet: TXT in every spelling, all types
// of that time, records that would be refused today, renamed zones and views linked again.
func TestAnOldLogKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	got := renderedLog(t, filepath.Join("testdata", "log.schema1.ndjson"))
	golden := filepath.Join("testdata", "log.schema1.zones")
	if _, err := os.Stat(golden); err != nil && *updateGolden {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := range max(len(theirs), len(ours)) {
		if i >= len(theirs) || i >= len(ours) || !bytes.Equal(theirs[i], ours[i]) {
			t.Fatalf("line %d is another one than then: %q", i+1, slices.Concat(ours[min(i, len(ours)):min(i+1, len(ours))]))
		}
	}
}

// renderedLog replays a log and writes every zone in every view: its RRsets with their
// data in hexadecimal, but for the SOA, which is not made of records.
func renderedLog(t *testing.T, file string) []byte {
	t.Helper()
	s := newDesiredState()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if err := s.apply(Change{Events: []domain.Recorded{storedEvent(t, lines.Bytes())}}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	for _, key := range slices.SortedFunc(maps.Keys(s.inView), func(a, b zoneKey) int {
		return bytes.Compare(fmt.Append(nil, a.view, a.zone), fmt.Append(nil, b.view, b.zone))
	}) {
		z := s.inView[key]
		if z.want == nil {
			continue
		}
		fmt.Fprintf(&out, "view %d zone %s\n", key.view, key.zone)
		c := z.job(s.fallback, true).content
		for _, set := range c.keys() {
			if rrset := c.set(set); rrset != nil {
				fmt.Fprintf(&out, "%s %d %d %x\n", set.owner, set.rrtype, rrset.ttl, rrset.rdata)
			}
		}
	}
	return out.Bytes()
}

func storedEvent(t *testing.T, line []byte) domain.Recorded {
	t.Helper()
	var e struct {
		Position domain.Position
		Type     string
		Schema   int
		Data     json.RawMessage
	}
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatal(err)
	}
	event, err := testkit.Codec().Decode(e.Type, e.Schema, e.Data)
	if err != nil {
		t.Fatal(err)
	}
	return domain.Recorded{Position: e.Position, Event: event}
}
