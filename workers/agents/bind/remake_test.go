package bind

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// importing is an import into a zone of a.test that has so many records of it.
func importing(begin func(domain.Event) domain.Position, zone int64, was, is []dns.RecordData) (parts []domain.Event) {
	end := dns.ZoneImported{ZoneID: zone, ViewID: 1}
	end.Import = begin(dns.ImportBegun{ZoneID: zone, ViewID: 1})
	add := func(e dns.RecordsStaged) {
		e.Import, e.ZoneID, e.ViewID = end.Import, zone, 1
		parts, end.ImportCounts = append(parts, e), end.Plus(e.Counts())
	}
	for i := range max(len(was), len(is)) {
		id := int64(1000 + i)
		switch {
		case i < len(was) && i < len(is):
			add(dns.RecordsStaged{Changed: []dns.StagedChange{{ID: id, Before: was[i], After: is[i]}}})
		case i < len(was):
			add(dns.RecordsStaged{Removed: []dns.StagedRecord{{ID: id, Record: was[i]}}})
		default:
			add(dns.RecordsStaged{Added: []dns.StagedRecord{{ID: id, Record: is[i]}}})
		}
	}
	return append(parts, end)
}

// manyRecords are two at each name.
func manyRecords(names int, ttl uint32) (all []dns.RecordData) {
	for i := range 2 * names {
		d := record(1, fmt.Sprintf("m%d", i/2), "A", fmt.Sprintf("10.%d.%d.%d", i%2, i/2/250, i/2%250))
		d.TTL = ttl
		all = append(all, d)
	}
	return all
}

// An import that changes most of a zone is a job to replace all of it, which leads to the same content as
// one change after the other; a smaller one is a job of its changes.
func TestImportRemakesAZone(t *testing.T) {
	t.Parallel()
	first, other, few := manyRecords(remakeAt, 60), manyRecords(remakeAt, 90), manyRecords(remakeAt/2-1, 60)
	for name, c := range map[string]struct {
		resting int
		was, is []dns.RecordData
		remakes bool
	}{
		"into an empty zone":  {0, nil, first, true},
		"of changes":          {0, first, other, true},
		"of changes and more": {0, first[:100], other, true},
		"that leaves little":  {10, first, other[:10], true},
		"of few":              {0, nil, few, false},
		"into a large zone":   {rewriteShare * len(first), nil, first, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, emit := smallState(t)
			want, emitWanted := smallState(t)
			prove(t, s)
			for i := range c.resting {
				loadBoth(t, s, want, int64(-1-i), record(1, fmt.Sprintf("rest%d", i), "A", "192.0.2.1"))
			}
			for i, d := range c.was {
				loadBoth(t, s, want, int64(1000+i), d)
			}
			for _, e := range importing(emit, 5, c.was, c.is) {
				emit(e)
				if staged, is := e.(dns.RecordsStaged); is {
					for _, single := range staged.Singly() {
						emitWanted(single)
						want.dirty = want.dirty[:0] // nobody works on them
					}
				}
			}
			jobs := prove(t, s)
			if len(jobs) != 1 || jobs[0].remade != c.remakes || jobs[0].full != c.remakes || c.remakes != (len(jobs[0].changes) == 0) {
				t.Fatalf("%d jobs, remade %v, full %v, %d changes", len(jobs), jobs[0].remade, jobs[0].full, len(jobs[0].changes))
			}
			z := s.inView[zoneKey{1, "a.test."}]
			if z.remade || z.tracked == nil {
				t.Error("the next job would replace all of the zone, too")
			}
			is, wanted := contentOf(s), contentOf(want)
			if len(is.sets) != len(wanted.sets) {
				t.Errorf("%d RRsets, want %d", len(is.sets), len(wanted.sets))
			}
			for key, records := range wanted.sets {
				if !assemble(records).equal(is.set(key)) {
					t.Fatalf("%v is %v, want %v", key, is.sets[key], records)
				}
			}
		})
	}
}

// loadBoth loads a record into both states, of which named is taken to have it.
func loadBoth(t *testing.T, a, b *desiredState, id int64, d dns.RecordData) {
	t.Helper()
	for _, s := range []*desiredState{a, b} {
		if err := s.loadRecord(id, 5, d); err != nil {
			t.Fatal(err)
		}
	}
}

func contentOf(s *desiredState) content {
	z := s.inView[zoneKey{1, "a.test."}]
	return content{zone: "a.test.", sets: z.want.sets}
}

// What a worker holds of a zone does not change while an import makes the zone anew.
func TestRemakeLeavesJobs(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	was := manyRecords(remakeAt, 60)
	for i, d := range was {
		if err := s.loadRecord(int64(1000+i), 5, d); err != nil {
			t.Fatal(err)
		}
	}
	parts := importing(emit, 5, was[:len(was)/2], nil)
	j := s.startJob(s.inView[zoneKey{1, "a.test."}], true)
	for _, e := range append(parts, importing(emit, 5, nil, manyRecords(remakeAt, 90))...) {
		emit(e)
	}
	for i := range remakeAt {
		records := j.content.sets[setKey{fmt.Sprintf("m%d", i), 1}]
		if len(records) != 2 || slices.ContainsFunc(records, func(r logRecord) bool { return r.ttl != 60 }) {
			t.Fatalf("m%d became %+v", i, records)
		}
	}
}

// A large import is served from one file, without a transfer of what the zone was, and the zone takes
// updates afterwards.
func TestLargeImportIsOneFile(t *testing.T) {
	t.Parallel()
	h := &host{t: t, dir: t.TempDir(), ids: 100, position: 100, verify: time.Hour}
	h.startFrom(generations{}.snapshot(0, h.position))
	defer h.stop()
	h.applied()
	begin := func(e domain.Event) domain.Position { return h.emit(e) }
	before := metric(t, h.engine.metrics.transfers)
	first, other := manyRecords(remakeAt, 60), manyRecords(remakeAt, 90)
	for n, parts := range []func() []domain.Event{
		func() []domain.Event { return importing(begin, generationsZone, nil, first) },
		func() []domain.Event { return importing(begin, generationsZone, first, other[:len(other)-1]) },
	} {
		for _, e := range parts() {
			h.emit(e)
		}
		h.applied()
		if got := metric(t, h.engine.metrics.rewrites); got <= float64(n) {
			t.Errorf("%v files for %d imports", got, n+1)
		}
		h.emit(dns.RecordAdded{ID: h.id(), ZoneID: generationsZone, Record: record(1, fmt.Sprintf("late%d", n), "A", "192.0.2.9")})
		h.applied()
		h.expect("127.0.0.1", fmt.Sprintf("late%d.a.test", n), "A", "192.0.2.9")
	}
	h.expect("127.0.0.1", "m0.a.test", "A", "10.0.0.0", "10.1.0.0")
	h.expect("127.0.0.1", fmt.Sprintf("m%d.a.test", remakeAt-1), "A", fmt.Sprintf("10.0.%d.%d", (remakeAt-1)/250, (remakeAt-1)%250))
	// What has failed, as on a busy machine, is compared.
	if got, failed := metric(t, h.engine.metrics.transfers)-before, metric(t, h.engine.metrics.failures); got > failed {
		t.Errorf("%v comparisons, %v failures", got, failed)
	}
}
