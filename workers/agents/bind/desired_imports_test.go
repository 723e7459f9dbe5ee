package bind

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

func staged(id domain.Position, hosts ...string) dns.RecordsStaged {
	e := dns.RecordsStaged{Import: id, ZoneID: 5, ViewID: 1}
	for i, host := range hosts {
		d := dns.RecordData{ViewID: 1, Host: host, Type: "A", TTL: 60, Value: "192.0.2.1"}
		e.Added = append(e.Added, dns.StagedRecord{ID: int64(id)*100 + int64(i), Record: d})
	}
	return e
}

// What is staged is no work before the import is done, and then one change; of a void one there is
// none.
func TestImportIsOneChange(t *testing.T) {
	t.Parallel()
	s, emit := smallState(t)
	old := dns.RecordData{ViewID: 1, Host: "old", Type: "A", TTL: 60, Value: "192.0.2.9"}
	emit(dns.RecordAdded{ID: 1, ZoneID: 5, Record: old})
	prove(t, s)
	begun := emit(dns.ImportBegun{ZoneID: 5, ViewID: 1})
	part := staged(begun, "a", "b")
	part.Removed = []dns.StagedRecord{{ID: 1, Record: old}}
	emit(part)
	if jobs := prove(t, s); len(jobs) != 0 {
		t.Errorf("a part is work: %+v", jobs)
	}
	emit(dns.ImportVoided{Import: begun, ZoneID: 5, ViewID: 1})
	if jobs := prove(t, s); len(jobs) != 0 || len(s.imports) != 0 {
		t.Errorf("a void import is work: %+v, held %d", jobs, len(s.imports))
	}
	begun = emit(dns.ImportBegun{ZoneID: 5, ViewID: 1})
	part = staged(begun, "a", "b")
	part.Removed = []dns.StagedRecord{{ID: 1, Record: old}}
	emit(part)
	end := emit(dns.ZoneImported{Import: begun, ZoneID: 5, ViewID: 1, ImportCounts: part.Counts()})
	jobs := prove(t, s)
	if len(jobs) != 1 || len(jobs[0].changes) != 3 || jobs[0].changed != end || len(s.imports) != 0 {
		t.Errorf("%d jobs, held %d: %+v", len(jobs), len(s.imports), jobs)
	}
}

// An engine that has not seen all of an import says so, and gets a snapshot.
func TestImportThatWasNotSeen(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]func(emit func(domain.Event) domain.Position) domain.Position{
		"nothing of it": func(func(domain.Event) domain.Position) domain.Position { return 3 },
		"not the begin": func(emit func(domain.Event) domain.Position) domain.Position {
			emit(staged(3, "a"))
			return 3
		},
		"not all parts": func(emit func(domain.Event) domain.Position) domain.Position {
			return emit(dns.ImportBegun{ZoneID: 5, ViewID: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, emit := smallState(t)
			end := dns.ZoneImported{Import: seen(emit), ZoneID: 5, ViewID: 1, ImportCounts: dns.ImportCounts{Added: 1}}
			err := s.apply(Change{Events: []domain.Recorded{{Position: s.seen + 1, Prev: s.seen, Event: end}}})
			if want := fmt.Sprintf("not all of import %d was seen", end.Import); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}

// The records that a zone has again are in no event: the engine takes a snapshot, before anything of
// the change is wanted.
func TestRestoredZonesComeWithASnapshot(t *testing.T) {
	t.Parallel()
	s, _ := smallState(t)
	zone := dns.ZoneData{Name: "a.test", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}
	seen := s.seen
	err := s.apply(Change{Events: []domain.Recorded{
		{Position: seen + 1, Event: dns.RecordAdded{ID: 9, ZoneID: 5, Record: record(1, "www", "A", "10.0.0.1")}},
		{Position: seen + 2, Event: dns.ZoneRestored{ID: 7, After: zone}},
	}, End: seen + 2})
	if err == nil || s.seen != seen {
		t.Errorf("%v, seen %d, want %d", err, s.seen, seen)
	}
	zone.Group = dns.GroupExternal
	if err := s.apply(Change{Events: []domain.Recorded{{Position: seen + 1, Event: dns.ZoneRestored{ID: 7, After: zone}}}, End: seen + 1}); err != nil {
		t.Errorf("an external zone: %v", err)
	}
}
