package dns_test

import (
	"slices"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// importID is the import of importing.
const importID domain.Position = 12

// importing has the record 5 in the view 1 of zone 1, at 11, and an import of that zone and view,
// which began at 12.
func importing(more ...domain.Event) []domain.Event {
	return users(recordsGiven(append([]domain.Event{
		record(5, 1, 1, "www", "A", "192.0.2.5"), dns.ImportBegun{ZoneID: 1, ViewID: 1, Mode: "replace", Changes: 3},
	}, more...)...)...)
}

func stagedPart(change func(*dns.RecordsStaged)) dns.RecordsStaged {
	e := dns.RecordsStaged{Import: importID, ZoneID: 1, ViewID: 1}
	change(&e)
	return e
}

var (
	www     = record(5, 1, 1, "www", "A", "192.0.2.5").Record
	alias   = record(0, 1, 1, "www", "CNAME", "other").Record
	removal = stagedPart(func(e *dns.RecordsStaged) { e.Removed = []dns.StagedRecord{{ID: 5, Record: www}} })
	slower  = func() dns.RecordData { d := www; d.TTL = 900; return d }()
	change  = stagedPart(func(e *dns.RecordsStaged) {
		e.Changed = []dns.StagedChange{{ID: 5, Before: www, After: slower}}
	})
	arrival  = stagedPart(func(e *dns.RecordsStaged) { e.Added = []dns.StagedRecord{{ID: 6, Record: alias}} })
	imported = dns.ZoneImported{Import: importID, ZoneID: 1, ViewID: 1, ImportCounts: dns.ImportCounts{Added: 1, Removed: 1}}
	voided   = dns.ImportVoided{Import: importID, ZoneID: 1, ViewID: 1, Reason: dns.VoidCancelled}
)

// While an import is under way nothing else changes its zone, and other zones go on.
func TestImportKeepsOthersOut(t *testing.T) {
	t.Parallel()
	seconds := int64(60)
	settings := must(dns.NewChangeZoneSettings(1, dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: &seconds}}, nil, nil))
	const says = "/v1/imports/12"
	table := []decision{}
	for name, c := range map[string]domain.Command{
		"add a record":    must(dns.NewAddRecord(recordInput(1, "v2", "x", "A", "192.0.2.1"))),
		"change a record": must(dns.NewUpdateRecord(5, recordInput(1, "v1", "www", "A", "192.0.2.1"), nil)),
		"delete a record": must(dns.NewDeleteRecord(5, nil)),
		"settings":        settings,
		"change the zone": must(dns.NewUpdateZone(1, zoneInput("a.com", "master", 1), nil)),
		"delete the zone": must(dns.NewDeleteZone(1, nil)),
		"another import":  dns.NewBeginImport(dns.ImportBegun{ZoneID: 1, ViewID: 2}),
	} {
		table = append(table,
			decision{name: name, given: importing(), as: admin, when: c, code: domain.CodeConflict, text: says},
			decision{name: name + " by a stranger", given: importing(), as: other, when: c, code: domain.CodeForbidden})
	}
	runDecisions(t, table)
	for _, end := range []domain.Event{imported, voided} {
		out := domaintest.Given(importing(end)...).As(admin).When(must(dns.NewDeleteZone(1, nil)))
		out.Then(t, deletedZone(1, "a.com", 1, 2))
	}
	domaintest.Given(importing()...).As(admin).When(must(dns.NewAddRecord(recordInput(2, "line", "x", "A", "192.0.2.1")))).
		Then(t, dns.RecordAdded{ID: domaintest.FirstID, ZoneID: 2, Record: dns.RecordData{Line: "line", Host: "x", Type: "A", TTL: 600, Value: "192.0.2.1"}})
}

// What is staged holds if the import is done, and not otherwise.
func TestStagedHoldsOnceDone(t *testing.T) {
	t.Parallel()
	add := must(dns.NewAddRecord(recordInput(1, "v1", "www", "A", "192.0.2.6")))
	added := []domain.Event{dns.RecordAdded{ID: domaintest.FirstID, ZoneID: 1, Record: record(0, 1, 1, "www", "A", "192.0.2.6").Record}}
	deletes := func(id int64) domain.Command { return must(dns.NewDeleteRecord(id, nil)) }
	version := func(id int64, p domain.Position) domain.Command { return must(dns.NewDeleteRecord(id, &p)) }
	with := func(end domain.Event, parts ...domain.Event) []domain.Event {
		return importing(append(slices.Clone(parts), end)...)
	}
	retimed := recordInput(1, "v1", "www", "A", "192.0.2.7")
	after := slower
	after.Value = "192.0.2.7"
	done := dns.ZoneImported{Import: importID, ZoneID: 1, ViewID: 1}
	runDecisions(t, []decision{
		{name: "a new alias is there", given: with(done, removal, arrival), as: admin, when: add, code: domain.CodeRefused, text: "CNAME"},
		{name: "a void one is not", given: with(voided, removal, arrival), as: admin, when: add, then: added},
		{name: "what was added can be deleted", given: with(done, removal, arrival), as: admin, when: deletes(6), then: []domain.Event{dns.RecordDeleted{ID: 6, ZoneID: 1, Record: alias}}},
		{name: "but not if void", given: with(voided, arrival), as: admin, when: deletes(6), code: domain.CodeNotFound},
		{name: "what was removed is gone", given: with(done, removal), as: admin, when: deletes(5), code: domain.CodeNotFound},
		{name: "but not if void", given: with(voided, removal), as: admin, when: deletes(5), then: []domain.Event{dns.RecordDeleted{ID: 5, ZoneID: 1, Record: www}}},
		{name: "what was changed is changed", given: with(done, change), as: admin, when: deletes(5), then: []domain.Event{dns.RecordDeleted{ID: 5, ZoneID: 1, Record: slower}}},
		{name: "but not if void", given: with(voided, change), as: admin, when: deletes(5), then: []domain.Event{dns.RecordDeleted{ID: 5, ZoneID: 1, Record: www}}},
		{name: "it is changed further", given: with(done, change), as: admin, when: must(dns.NewUpdateRecord(5, retimed, nil)), then: []domain.Event{dns.RecordUpdated{ID: 5, ZoneID: 1, Before: slower, After: after}}},
		{name: "its version is the part's", given: with(done, change), as: admin, when: version(5, 13), then: []domain.Event{dns.RecordDeleted{ID: 5, ZoneID: 1, Record: slower}}},
		{name: "not the one of before", given: with(done, change), as: admin, when: version(5, 11), code: domain.CodePrecondition},
		{name: "of a void one that of before", given: with(voided, change), as: admin, when: version(5, 11), then: []domain.Event{dns.RecordDeleted{ID: 5, ZoneID: 1, Record: www}}},
		{name: "a renamed zone is checked for what is there", given: with(voided, arrival), as: admin, when: must(dns.NewUpdateZone(1, zoneInput("b.net", "master", 1, 2), nil)), then: []domain.Event{
			dns.ZoneUpdated{ID: 1, Before: master("a.com", 1, 2), After: master("b.net", 1, 2)},
		}},
	})
}

// An import ends once, within its time, and by those who may change the records.
func TestImportEnds(t *testing.T) {
	t.Parallel()
	finish := dns.NewFinishImport(imported, nil)
	stage := dns.NewStageRecords([]dns.RecordsStaged{arrival})
	late := func(given []domain.Event) domaintest.Scenario {
		return domaintest.Given(given[:11]...).At(domaintest.Now.Add(-dns.MaxImportTime), given[11:]...).As(admin)
	}
	mine := arrival
	mine.Added = []dns.StagedRecord{{ID: domaintest.FirstID, Record: alias}}
	seconds := int64(60)
	settings := must(dns.NewChangeZoneSettings(1, dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: &seconds}}, nil, nil))
	runDecisions(t, []decision{
		{name: "stage", given: importing(), as: admin, when: stage, then: []domain.Event{mine}},
		{name: "finish", given: importing(arrival), as: admin, when: finish, then: []domain.Event{imported}},
		{name: "finish with settings", given: importing(), as: admin, when: dns.NewFinishImport(imported, &settings), then: []domain.Event{
			dns.ZoneSettingsChanged{ID: 1, After: dns.ZoneSettings{DefaultTTL: new(uint32(60))}}, imported,
		}},
		{name: "stage by a stranger", given: importing(), as: other, when: stage, code: domain.CodeForbidden},
		{name: "finish by a stranger", given: importing(), as: other, when: finish, code: domain.CodeForbidden},
		{name: "void by a stranger", given: importing(), as: other, when: dns.NewVoidImport(voided), code: domain.CodeForbidden},
		{name: "stage what is done", given: importing(imported), as: admin, when: stage, code: domain.CodeConflict},
		{name: "stage what is void", given: importing(voided), as: admin, when: stage, code: domain.CodeConflict},
		{name: "finish what is void", given: importing(voided), as: admin, when: finish, code: domain.CodeConflict},
		{name: "finish again", given: importing(imported), as: admin, when: finish, code: domain.CodeConflict},
		{name: "void", given: importing(), as: domain.System, when: dns.NewVoidImport(voided), then: []domain.Event{voided}},
		{name: "void again", given: importing(voided), as: admin, when: dns.NewVoidImport(voided)},
		{name: "void what is done", given: importing(imported), as: admin, when: dns.NewVoidImport(voided), code: domain.CodeConflict},
		{name: "void what is done, with another under way", given: importing(imported, dns.ImportBegun{ZoneID: 1, ViewID: 1}), as: admin, when: dns.NewVoidImport(voided), code: domain.CodeConflict},
		{name: "a view that the zone is not in", given: users(recordsGiven()...), as: admin, when: dns.NewBeginImport(dns.ImportBegun{ZoneID: 1, ViewID: 3}), code: domain.CodeRefused},
		{name: "an external zone", given: users(recordsGiven()...), as: admin, when: dns.NewBeginImport(dns.ImportBegun{ZoneID: 2}), code: domain.CodeRefused},
	})
	late(importing()).When(stage).ThenError(t, domain.CodeConflict, "12")
	late(importing()).When(finish).ThenError(t, domain.CodeConflict, "12")
	late(importing()).When(dns.NewVoidImport(voided)).Then(t, voided)
	if dns.MaxImportTime != time.Hour {
		t.Error("the contract says an hour")
	}
}

// A change that was decided before an import began, and a part that was decided before it ended, are
// not appended after it.
func TestImportRaces(t *testing.T) {
	t.Parallel()
	begun := dns.ImportBegun{ZoneID: 1, ViewID: 1}
	open := recordsGiven(record(5, 1, 1, "www", "A", "192.0.2.5"), begun)
	runRaces(t, []race{
		{"a record", recordsGiven(), must(dns.NewAddRecord(recordInput(1, "v2", "x", "A", "192.0.2.1"))), begun, true},
		{"a deletion", recordsGiven(record(5, 1, 1, "www", "A", "192.0.2.5")), must(dns.NewDeleteRecord(5, nil)), begun, true},
		{"the zone", recordsGiven(), must(dns.NewDeleteZone(1, nil)), begun, true},
		{"two imports", recordsGiven(), dns.NewBeginImport(begun), begun, true},
		{"a part of a void import", open, dns.NewStageRecords([]dns.RecordsStaged{arrival}), voided, true},
		{"the end of a void import", open, dns.NewFinishImport(imported, nil), voided, true},
		{"the void of an import that is done", open, dns.NewVoidImport(voided), imported, true},
		{"a part and another part", open, dns.NewStageRecords([]dns.RecordsStaged{arrival}), removal, false},
	})
}
