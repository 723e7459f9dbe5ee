package dns_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
	"github.com/opsledger/opsledger/domain/dns/zoneimport"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// zoneState is a zone in one view as the log says.
type zoneState struct {
	history  *domaintest.History
	name     string
	settings dns.ZoneSettings
	records  map[int64]zoneimport.Present
}

func newZoneState(name string) *zoneState {
	return &zoneState{name: name, records: map[int64]zoneimport.Present{}, history: domaintest.NewHistory(
		dns.ViewCreated{ID: 1, Privilege: privilegeOf(1), View: dns.ViewData{Name: "v", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: privilegeOf(1), Zone: dns.ZoneData{
			Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1},
		}},
	)}
}

// append takes events as one change.
func (z *zoneState) append(events ...domain.Event) {
	for _, e := range events {
		z.history.Append(e)
		at := z.history.Last()
		switch e := e.(type) {
		case dns.RecordAdded:
			z.records[e.ID] = zoneimport.Present{ID: e.ID, Changed: at, RecordData: e.Record}
		case dns.RecordUpdated:
			z.records[e.ID] = zoneimport.Present{ID: e.ID, Changed: at, RecordData: e.After}
		case dns.RecordDeleted:
			delete(z.records, e.ID)
		case dns.ZoneSettingsChanged:
			z.settings = e.After
		}
	}
}

// inOrder are the records as the read model gives them.
func (z *zoneState) inOrder() []zoneimport.Present {
	return slices.SortedFunc(maps.Values(z.records), func(a, b zoneimport.Present) int {
		return strings.Compare(dns.Place(a.Host)+"\x00"+a.Type, dns.Place(b.Host)+"\x00"+b.Type)
	})
}

// content is what the zone serves at a serial.
func (z *zoneState) content(t *testing.T, serial uint32) (zonedata.Zone, zonedata.Records) {
	t.Helper()
	own := zonedata.Records{}
	for _, r := range z.records {
		key, data, err := zonedata.Locate(z.name, r.RecordData)
		if err != nil {
			t.Fatal(err)
		}
		own[key] = append(own[key], zonedata.Record{ID: r.ID, TTL: r.TTL, Data: data})
	}
	served := zonedata.Zone{Name: zonedata.Absolute(z.name), Settings: z.settings, Serial: serial, Fleet: dns.ResolveFleet(dns.FleetData{}, nil)}
	served.Generated = zonedata.Generate(served.Name, served.Fleet, z.settings.TTL(), own.Lookup)
	return served, own
}

func (z *zoneState) export(t *testing.T, serial uint32) string {
	t.Helper()
	var out strings.Builder
	served, _ := z.content(t, serial)
	text, err := zonedata.NewText(served, func(line string) error { out.WriteString(line + "\n"); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range z.inOrder() {
		key, data, err := zonedata.Locate(z.name, r.RecordData)
		if err != nil {
			t.Fatal(err)
		}
		if err := text.Add(key, zonedata.Record{ID: r.ID, TTL: r.TTL, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if err := text.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// importText decides the import of a file at a serial.
func (z *zoneState) importText(t *testing.T, text string, mode zoneimport.Mode, serial uint32) ([]domain.Event, error) {
	t.Helper()
	file, err := zonefile.Read(t.Context(), strings.NewReader(text), z.name, 100_000)
	if err != nil {
		return nil, err
	}
	served, own := z.content(t, serial)
	c, err := zoneimport.Compare(file, mode, zoneimport.Target{ZoneID: 1, ViewName: "v", Zone: served, Own: own.Lookup, Serials: []uint32{serial}})
	if err != nil {
		return nil, err
	}
	for _, r := range z.inOrder() {
		if err := c.Present(r); err != nil {
			t.Fatal(err)
		}
	}
	cmd, err := c.Command()
	if err != nil {
		return nil, err
	}
	ids := map[domain.Sequence][]int64{}
	for i := range cmd.Allocates() {
		ids[domain.SequenceRecord] = append(ids[domain.SequenceRecord], int64(z.history.Last())+1+int64(i))
	}
	return cmd.Decide(z.history, domain.NewEnv(domain.System, domaintest.Now, ids))
}

// randomZone is a zone of generated records of all types.
func randomZone(t *testing.T, g generator, name string, n int) *zoneState {
	t.Helper()
	z := newZoneState(name)
	for range n {
		host, rrtype, value := g.record()
		if host == dns.Apex && rrtype == "NS" && g.IntN(2) > 0 {
			value = "ns" + fmt.Sprint(g.IntN(3))
		}
		ttl, zone, view := uint32(g.IntN(3)*300), int64(1), "v"
		comment := fmt.Sprint("c", g.IntN(100))
		cmd, err := dns.NewAddRecord(dns.RecordInput{Host: &host, Type: &rrtype, Value: &value, ViewName: &view, TTL: &ttl, ZoneID: &zone, Comment: &comment})
		if err != nil {
			continue
		}
		env := domain.NewEnv(domain.System, domaintest.Now, map[domain.Sequence][]int64{domain.SequenceRecord: {int64(z.history.Last()) + 1}})
		if events, err := cmd.Decide(z.history, env); err == nil {
			z.append(events...)
		}
	}
	if len(z.records) < n/8 {
		t.Fatalf("the generator is of no use: %d records", len(z.records))
	}
	return z
}

// What is exported loads in named, is there already, and makes the same zone elsewhere.
func TestExportImportExport(t *testing.T) {
	t.Parallel()
	for seed, name := range []string{"a.com", "0/25.2.0.192.in-addr.arpa", "xn--fiqs8s", "A-b._c.D"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGenerator(uint64(seed) + 100)
			z := randomZone(t, g, name, 300)
			text := z.export(t, 7)
			loads(t, name, text)
			for _, mode := range []zoneimport.Mode{zoneimport.Merge, zoneimport.Replace} {
				if events, err := z.importText(t, text, mode, 7); err != nil || len(events) > 0 {
					t.Fatalf("%s: an import of what is there: %v %v", mode, events, err)
				}
			}
			// Into an empty zone, and over another one.
			for _, other := range []*zoneState{newZoneState(name), randomZone(t, g, name, 200)} {
				events, err := other.importText(t, text, zoneimport.Replace, 7)
				if err != nil {
					t.Fatal(err)
				}
				other.append(events...)
				if again := other.export(t, 7); again != text {
					t.Fatalf("exported again:\n%s", firstDifference(text, again))
				}
				if events, err := other.importText(t, text, zoneimport.Replace, 7); err != nil || len(events) > 0 {
					t.Errorf("imported again: %v %v", events, err)
				}
			}
		})
	}
}

// Values as long as they may be are longer in a file, and come back.
func TestLongValuesComeBack(t *testing.T) {
	t.Parallel()
	z := newZoneState("a.com")
	for i, r := range []dns.RecordData{
		{Type: "TXT", Value: strings.Repeat("中", 2730)},
		{Type: "TXT", Value: `"` + strings.Repeat("a;", 4095) + `"`},
		{Type: "OPENPGPKEY", Value: strings.Repeat("AAAA", 2048)},
		{Type: "TYPE65400", Value: `\# 4090 ` + strings.Repeat("00", 4090)},
	} {
		r.Host, r.ViewID, r.TTL = fmt.Sprint("r", i), 1, 5
		z.append(dns.RecordAdded{ID: int64(i + 1), ZoneID: 1, Record: r})
	}
	text := z.export(t, 7)
	other := newZoneState("a.com")
	events, err := other.importText(t, text, zoneimport.Replace, 7)
	if err != nil {
		t.Fatal(err)
	}
	other.append(events...)
	if again := other.export(t, 7); again != text {
		t.Error(firstDifference(text, again))
	}
	var refused *zonefile.Error
	tooLong := "$TTL 5\n\nx TXT" + strings.Repeat(" "+strings.Repeat("a", 254), 40) + "\n"
	if _, err := z.importText(t, tooLong, zoneimport.Merge, 7); !errors.As(err, &refused) || refused.Lines[0].Line != 3 {
		t.Error(err)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d was %s\nand is %s", i+1, x[i], y[i])
		}
	}
	return "one is longer"
}

// loads has BIND's checker load a zone file. What keeps a zone with such records from being
// answered from does not keep it from loading.
func loads(t *testing.T, zone, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tool := range [][]string{{"named-checkzone"}, {"named-compilezone", "-o", "-"}} {
		args := append(tool[1:], "-k", "ignore", "-i", "none", zone, file)
		if said, err := exec.Command(bindTool(t, tool[0]), args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", tool[0], err, said)
		}
	}
}

// A record that somebody has changed since the comparison makes the import stale, whatever the
// import does to it; one that nobody has changed is changed.
func TestImportIsStale(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"$TTL 7\nwww A 192.0.2.1\n", "$TTL 7\nother A 192.0.2.1\n"} {
		z := newZoneState("a.com")
		record := dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 5, Value: "192.0.2.1"}
		z.append(dns.RecordAdded{ID: 1, ZoneID: 1, Record: record})
		if events, err := z.importText(t, text, zoneimport.Replace, 7); err != nil || len(events) == 0 {
			t.Errorf("%q: %v %v", text, events, err)
		}
		moved := record
		moved.TTL = 6
		z.history.Append(dns.RecordUpdated{ID: 1, ZoneID: 1, Before: record, After: moved})
		if _, err := z.importText(t, text, zoneimport.Replace, 7); !errors.Is(err, zoneimport.ErrStale) {
			t.Errorf("%q: %v", text, err)
		}
		z.history.Append(dns.RecordDeleted{ID: 1, ZoneID: 1, Record: moved})
		if _, err := z.importText(t, text, zoneimport.Replace, 7); !errors.Is(err, zoneimport.ErrStale) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Who else has added a record of the file makes the import stale, and not wrong.
func TestImportIsStaleByItsEqual(t *testing.T) {
	t.Parallel()
	z := newZoneState("a.com")
	z.history.Append(dns.RecordAdded{ID: 1, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 7, Value: "192.0.2.1"}})
	if _, err := z.importText(t, "$TTL 7\nwww A 192.0.2.1\n", zoneimport.Merge, 7); !errors.Is(err, zoneimport.ErrStale) {
		t.Error(err)
	}
}

// A record that the file has in another spelling stays: the tags of CAA compare without case.
func TestImportKeepsCAA(t *testing.T) {
	t.Parallel()
	z := newZoneState("a.com")
	for i, tag := range []string{"issue", "iodef"} {
		z.append(dns.RecordAdded{ID: int64(i + 1), ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "@", Type: "CAA", TTL: 7, Value: "0 " + tag + ` "mailto:A"`}})
	}
	const text = "$TTL 7\n@ CAA 0 ISSUE \"mailto:A\"\n@ CAA 0 Iodef \"mailto:A\"\n@ CAA 0 IODEF \"mailto:A\"\n"
	if events, err := z.importText(t, text, zoneimport.Replace, 7); err != nil || len(events) > 0 {
		t.Errorf("%v, %v", events, err)
	}
	if events, err := z.importText(t, text+"@ CAA 0 issue \"mailto:a\"\n", zoneimport.Replace, 7); err != nil || len(events) != 1 {
		t.Errorf("%v, %v", events, err)
	}
}

// A file that has nothing of the zone replaces nothing.
func TestReplaceByNothing(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"": false, "$TTL 5\nx.other. A 192.0.2.1\n": false, "@ SOA master hostmaster 1 3600 600 604800 60\n": true} {
		z := newZoneState("a.com")
		z.append(dns.RecordAdded{ID: 1, ZoneID: 1, Record: dns.RecordData{ViewID: 1, Host: "www", Type: "A", TTL: 7, Value: "192.0.2.1"}})
		events, err := z.importText(t, text, zoneimport.Replace, 7)
		var refused *domain.Error
		if ok && (err != nil || len(events) == 0) || !ok && (!errors.As(err, &refused) || !strings.Contains(refused.Message, "has no record of the zone")) {
			t.Errorf("%q: %v, %v", text, events, err)
		}
		if _, err := z.importText(t, text, zoneimport.Merge, 7); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What would be generated becomes no record, and what only looks like it does.
func TestImportLeavesOutGenerated(t *testing.T) {
	t.Parallel()
	ownNS := []dns.RecordData{{Host: "@", Type: "NS", TTL: 600, Value: "ns.x."}}
	wildcard := []dns.RecordData{{Host: "*", Type: "A", TTL: 5, Value: "192.0.2.9"}}
	const soa = "@ SOA master hostmaster 1 3600 600 604800 60\n"
	for _, c := range []struct {
		name, text string
		mode       zoneimport.Mode
		given      []dns.RecordData
		added      int
	}{
		{"as generated", "$TTL 600\n@ NS master\nmaster A 127.0.0.1\n", zoneimport.Merge, nil, 0},
		{"the NS alone", "$TTL 600\n@ NS master\n", zoneimport.Merge, nil, 0},
		{"another TTL", "$TTL 60\n@ NS master\nmaster A 127.0.0.1\n", zoneimport.Merge, nil, 2},
		{"the TTL that the SOA gives", "$TTL 60\n" + soa + "@ NS master\nmaster A 127.0.0.1\n", zoneimport.Merge, nil, 0},
		{"one more NS", "$TTL 600\n@ NS master\n@ NS ns.x.\nmaster A 127.0.0.1\n", zoneimport.Merge, nil, 2},
		{"another NS", "$TTL 600\n@ NS ns\nns A 127.0.0.1\nmaster A 127.0.0.1\n", zoneimport.Merge, nil, 3},
		{"its address elsewhere", "$TTL 600\nmaster A 192.0.2.1\n", zoneimport.Merge, nil, 1},
		{"one more address", "$TTL 600\nmaster A 127.0.0.1\nmaster AAAA ::1\n", zoneimport.Merge, nil, 2},
		{"beside own NS", "$TTL 600\n@ NS master\n", zoneimport.Merge, ownNS, 1},
		{"own NS go", "$TTL 600\n@ NS master\nmaster A 127.0.0.1\n", zoneimport.Replace, ownNS, 2},
		{"by a wildcard", "$TTL 600\nmaster 5 A 192.0.2.9\n* 5 A 192.0.2.9\n", zoneimport.Merge, wildcard, 0},
		{"by a wildcard that goes", "$TTL 600\nmaster 5 A 192.0.2.9\n", zoneimport.Replace, wildcard, 1},
	} {
		z := newZoneState("a.com")
		for i, r := range c.given {
			r.ViewID = 1
			z.append(dns.RecordAdded{ID: int64(i + 1), ZoneID: 1, Record: r})
		}
		events, err := z.importText(t, c.text, c.mode, 7)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		added := 0
		for _, e := range events {
			if _, is := e.(dns.RecordAdded); is {
				added++
			}
		}
		if added != c.added {
			t.Errorf("%s: %d records are added, want %d: %+v", c.name, added, c.added, events)
		}
		z.append(events...)
		if again, err := z.importText(t, c.text, c.mode, 7); err != nil || len(again) > 0 {
			t.Errorf("%s: imported again: %+v, %v", c.name, again, err)
		}
	}
}

// A TTL is changed where another one is served, and the record keeps the rest.
func TestImportChangesTTL(t *testing.T) {
	t.Parallel()
	given := []dns.RecordData{
		{ViewID: 1, Host: "w", Type: "A", TTL: 5, Value: "192.0.2.1", Comment: "c"}, {ViewID: 1, Host: "w", Type: "A", TTL: 9, Value: "192.0.2.2"},
	}
	for _, c := range []struct {
		text    string
		mode    zoneimport.Mode
		changed []int64
		events  int
	}{
		{"w 5 A 192.0.2.1\nw 5 A 192.0.2.2\n", zoneimport.Merge, nil, 0},
		{"w 7 A 192.0.2.1\nw 7 A 192.0.2.2\n", zoneimport.Merge, []int64{1, 2}, 2},
		{"w 5 A 192.0.2.2\n", zoneimport.Merge, nil, 0},
		{"w 5 A 192.0.2.2\n", zoneimport.Replace, []int64{2}, 2},
		{"w 5 A 192.0.2.2\nw 5 A 192.0.2.3\n", zoneimport.Replace, nil, 2},
		{"W 9 a 192.0.2.2\n", zoneimport.Merge, nil, 0},
	} {
		z := newZoneState("a.com")
		for i, r := range given {
			z.append(dns.RecordAdded{ID: int64(i + 1), ZoneID: 1, Record: r})
		}
		events, err := z.importText(t, c.text, c.mode, 7)
		if err != nil {
			t.Fatal(err)
		}
		var changed []int64
		for _, e := range events {
			if e, is := e.(dns.RecordUpdated); is {
				changed = append(changed, e.ID)
				before := e.Before
				if before.TTL = e.After.TTL; before != e.After {
					t.Errorf("%q changes more than a TTL: %+v", c.text, e)
				}
			}
		}
		if slices.Sort(changed); !slices.Equal(changed, c.changed) || len(events) != c.events {
			t.Errorf("%q: %+v", c.text, events)
		}
	}
}
