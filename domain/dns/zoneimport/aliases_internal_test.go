package zoneimport

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// Invariant 3: of a file of aliases their tags and places are held, and no records. The test is not
// parallel, so that nothing else allocates.
func TestAliasesAreNotHeld(t *testing.T) {
	const aliases = 2000
	target := strings.Repeat("x", 60) + "." + strings.Repeat("y", 60)
	var text strings.Builder
	for i := range aliases {
		fmt.Fprintf(&text, "h%d 60 CNAME %s\n", i, target)
	}
	file, err := zonefile.Read(t.Context(), strings.NewReader(text.String()), "a.test", aliases)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compare(file, Merge, Target{
		ZoneID: 1, ViewID: 1, Zone: zonedata.Zone{Name: "a.test."}, Own: func(zonedata.Key) *zonedata.RRset { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Stage()
	if err != nil {
		t.Fatal(err)
	}
	var before, between, after runtime.MemStats
	runtime.ReadMemStats(&before)
	hosts := map[domain.Tag]int32{}
	for i, ch := range s.changes {
		if s.lengthOfOwner(s.changes[i:]) == 1 && c.ofAlias(ch) {
			hosts[dns.TagNode(1, c.hostOf(ch))] = int32(i)
		}
	}
	runtime.ReadMemStats(&between)
	places := s.aliases()
	runtime.ReadMemStats(&after)
	least, took := between.TotalAlloc-before.TotalAlloc, after.TotalAlloc-between.TotalAlloc
	if len(hosts) != aliases || len(places) != aliases || took > least+aliases*100 {
		t.Errorf("%d aliases of %d take %d octets, their tags %d", len(places), len(hosts), took, least)
	}
	h := &importHistory{staging: s, own: newPresentRecords(1), after: places, first: "a", last: "b"}
	events := h.eventsOf(dns.TagNode(1, "h7"))
	if len(events) != 1 || events[0].Event.(dns.RecordAdded).Record.Type != "CNAME" {
		t.Errorf("%+v", events)
	}
}
