package dnsmodel_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/rights"
)

// sought are zones with the records of each, as host and value.
var sought = []struct {
	zone    string
	records [][2]string
}{
	{"example.com", [][2]string{{"@", "10.0.0.1"}, {"www", "192.0.2.10"}, {"WWW", "192.0.2.11"}, {"*.b", "Target.Example.NET."}, {`a\.b`, "v=spf1 100%_"}, {"cn", "XN--FSQU00A.test."}}},
	{"xn--fsqu00a.example", [][2]string{{"www", "xn--fsqu00a.example."}, {"xn--bcher-kva", "例子.example."}, {"@", "x"}}},
	{"com.example.Com", [][2]string{{"www.example", "2001:db8::1"}, {"ww", "w"}}},
	{"2.0.192.in-addr.arpa", [][2]string{{"10", "www.example.com."}}},
}

func searched(t *testing.T) (r *dnsmodel.Reader, records map[int64]dnsmodel.Record) {
	t.Helper()
	log := &modeltest.Chain{}
	log.Add(1, dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "Office"}})
	log.Add(1, dns.ServerCreated{ID: 1, Server: dns.ServerData{Host: "ns1.Example.net", IP: "192.0.2.53", Env: "e", Type: "master"}})
	records = map[int64]dnsmodel.Record{}
	id := int64(0)
	for i, z := range sought {
		zone := int64(i + 1)
		log.Add(1, dns.ZoneCreated{ID: zone, Zone: dns.ZoneData{Name: z.zone, Group: 1, Type: dns.ZoneMaster, ViewIDs: []int64{1}}})
		for _, record := range z.records {
			id += int64(1 + i%2*2) // so that there are ids that nothing has
			r := dnsmodel.Record{ID: id, ZoneID: zone, RecordData: dns.RecordData{ViewID: 1, Host: record[0], Type: "TXT", Value: record[1]}}
			r.Zone.Name = z.zone
			records[id] = r
			log.Add(1, dns.RecordAdded{ID: id, ZoneID: zone, Record: r.RecordData})
		}
	}
	pool := modeltest.Serving(t)
	modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", log.Events, 1000)
	return dnsmodel.NewReader(pool), records
}

// has is the rule of the search in other words.
func has(r dnsmodel.Record, text string) bool {
	full, typedHost, typedZone := dns.FullName(r.Host, r.Zone.Name)+".", dns.TypedName(r.Host), dns.TypedName(r.Zone.Name)
	if typedHost == "" {
		typedHost = r.Host
	}
	if typedZone == "" {
		typedZone = r.Zone.Name
	}
	return slices.ContainsFunc(dns.Spellings(text), func(spelling string) bool {
		return slices.ContainsFunc([]string{r.Value, r.Host, full, dns.FullName(typedHost, typedZone) + "."}, func(of string) bool {
			return strings.Contains(strings.ToLower(of), spelling)
		})
	})
}

var soughtTexts = []string{
	"www.example.com", "ww.exam", "WWW.EXAMPLE.COM.", "example", ".example.com", "www.", "m.", "com.", "w.", ".", "..", "@", "*.b", `\.b.ex`, "%_",
	"例子", "例", "www.例", "www.例子.example.", "bücher", "büch", "BÜCHER.例子", "ücher.例", "cher.例子.ex", "xn--fsqu00a", "xn--fs", "cher-kva.xn--fsqu00a.e", "www.xn--fsqu00a",
	"example.com.example", "www.example.com.example.com", "192.0.2.1", "10.2.0.192.in", "2001:DB8", "target.example.net", "nothing", "w.nothing", "nothing.com", "'; --",
}

// TestSearchRecords compares the search with its rule, at every page size and however the time
// is cut.
func TestSearchRecords(t *testing.T) {
	t.Parallel()
	r, records := searched(t)
	for _, text := range soughtTexts {
		var want []int64
		for _, id := range modeltest.SortedKeys(records) {
			if has(records[id], text) {
				want = append([]int64{id}, want...)
			}
		}
		for _, by := range []struct {
			limit  int
			atOnce int64
			time   time.Duration
		}{{1000, 1000, time.Hour}, {1, 1000, time.Hour}, {2, 4, time.Hour}, {1000, 5, 0}, {3, 1, 0}} {
			var got []int64
			next := int64(math.MaxInt64)
			for next != 0 {
				var found []dnsmodel.Record
				var err error
				s := dnsmodel.Search{Text: text, Before: next, Limit: by.limit}
				found, next, err = dnsmodel.SearchRecordsBy(r, t.Context(), rights.System(), s, time.Now().Add(by.time), by.atOnce)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ids(found, func(r dnsmodel.Record) int64 { return r.ID })...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q by %+v: %v, want %v", text, by, got, want)
			}
		}
	}
}

// A search that has no time left ends after one look, and says where it goes on.
func TestSearchEndsInTime(t *testing.T) {
	t.Parallel()
	r, records := searched(t)
	last := slices.Max(modeltest.SortedKeys(records))
	found, next, err := dnsmodel.SearchRecordsBy(r, t.Context(), rights.System(), dnsmodel.Search{Text: "nothing", Before: math.MaxInt64, Limit: 5}, time.Now(), 4)
	if err != nil || len(found) != 0 || next != last-3 {
		t.Errorf("%v, goes on at %d, %v; want %d", found, next, err, last-3)
	}
}

func TestSearchNames(t *testing.T) {
	t.Parallel()
	r, _ := searched(t)
	for text, want := range map[string][3][]int64{
		"example": {{3, 2, 1}, nil, {1}}, "EXAMPLE.com.": {{3, 1}, nil, nil}, "例": {{2}, nil, nil}, "xn--fsqu00a.": {{2}, nil, nil}, "OFF": {nil, {1}, nil},
		"192": {{4}, nil, {1}}, "NS1.example": {nil, nil, {1}}, "none": {nil, nil, nil},
	} {
		s, ctx := dnsmodel.Search{Text: text, Before: math.MaxInt64, Limit: 10}, t.Context()
		got := [3][]int64{
			ids(modeltest.Must(r.SearchZones(ctx, rights.System(), s)), func(z dnsmodel.Zone) int64 { return z.ID }),
			ids(modeltest.Must(r.SearchViews(ctx, s)), func(v dnsmodel.View) int64 { return v.ID }),
			ids(modeltest.Must(r.SearchServers(ctx, rights.System(), s)), func(s dnsmodel.Server) int64 { return s.ID }),
		}
		for i := range got {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%q: %v, want %v", text, got, want)
			}
		}
	}
	if zones := modeltest.Must(r.SearchZones(t.Context(), rights.System(), dnsmodel.Search{Text: "example", Before: 3, Limit: 1})); len(zones) != 1 || zones[0].ID != 2 {
		t.Errorf("the second page: %+v", zones)
	}
}

// All records that are wanted are shown once, however many are read at a time.
func TestEachRecord(t *testing.T) {
	t.Parallel()
	r, records := searched(t)
	for _, c := range []struct {
		with dnsmodel.RecordsWith
		want int
	}{
		{dnsmodel.RecordsWith{}, len(records)}, {dnsmodel.RecordsWith{Host: "www"}, 3}, {dnsmodel.RecordsWith{Host: "www", Zones: []string{"example.com"}}, 2},
		{dnsmodel.RecordsWith{Zones: []string{"*.example", "**.arpa"}}, 4}, {dnsmodel.RecordsWith{Types: []string{"A"}}, 0},
		{dnsmodel.RecordsWith{Types: []string{"TXT"}, ViewName: "Office"}, len(records)}, {dnsmodel.RecordsWith{Type: "A"}, 0}, {dnsmodel.RecordsWith{TTL: new(uint32(1))}, 0},
	} {
		for _, atOnce := range []int{1, 2, 1000} {
			seen := map[int64]bool{}
			err := dnsmodel.EachRecordBy(r, t.Context(), rights.System(), c.with, func(r dnsmodel.Record) error {
				if seen[r.ID] || r.Zone.Name != records[r.ID].Zone.Name || r.ViewName != "Office" || r.RecordData != records[r.ID].RecordData {
					t.Errorf("%+v", r)
				}
				seen[r.ID] = true
				return nil
			}, atOnce)
			if err != nil || len(seen) != c.want {
				t.Errorf("%+v: %d records, %v; want %d", c.with, len(seen), err, c.want)
			}
		}
	}
}
