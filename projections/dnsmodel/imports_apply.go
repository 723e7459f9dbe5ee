package dnsmodel

import (
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

// importBegun gives the import a link of its own, which is not open yet.
func (b *batch) importBegun(e domain.Recorded, event dns.ImportBegun) error {
	zone, err := b.zones.Find(event.ZoneID)
	if err != nil {
		return err
	}
	if _, err := b.linkOf(event.ZoneID, event.ViewID); err != nil {
		return err
	}
	zone.links++
	b.zones.Put(zone)
	return b.imports.Add(importRow{link: zone.links, Import: Import{
		ID: e.Position, ZoneID: event.ZoneID, ViewID: event.ViewID, Mode: event.Mode, State: ImportRunning,
		Read: int64(event.Read), Changes: int64(event.Changes), Begun: e.At,
	}})
}

// recordsStaged hangs what comes on the import's link, and notes on what goes that it ends when that
// link is opened. What changes does both.
func (b *batch) recordsStaged(e domain.Recorded, event dns.RecordsStaged) error {
	staging, err := b.runningImport(event.Import, event.ZoneID)
	if err != nil {
		return err
	}
	creator, err := b.operators.Of(e)
	if err != nil {
		return err
	}
	for _, r := range event.Added {
		record := recordRow{Record: Record{ID: r.ID, ZoneID: event.ZoneID, Creator: creator, Created: e.At, Changed: e.Position}}
		if err := b.stage(record, r.Record, staging); err != nil {
			return err
		}
	}
	for _, r := range event.Changed {
		record, err := b.endWith(r.ID, event.ZoneID, r.Before, staging)
		if err != nil {
			return err
		}
		record.Changed = e.Position
		if err := b.stage(record, r.After, staging); err != nil {
			return err
		}
	}
	for _, r := range event.Removed {
		if _, err := b.endWith(r.ID, event.ZoneID, r.Record, staging); err != nil {
			return err
		}
	}
	staging.Staged = staging.Staged.Plus(event.Counts())
	b.imports.Put(staging)
	return nil
}

// stage puts a record with its data on the import's link.
func (b *batch) stage(record recordRow, data dns.RecordData, staging importRow) error {
	if data.ViewID != staging.ViewID {
		return fmt.Errorf("record %d is in view %d, its import in view %d", record.ID, data.ViewID, staging.ViewID)
	}
	record.set(data)
	record.link, record.ends = staging.link, 0
	b.noteLife(record)
	return b.records.Add(record)
}

// endWith notes on a visible record that it ends with the import.
func (b *batch) endWith(id, zone int64, was dns.RecordData, staging importRow) (recordRow, error) {
	record, _, err := b.visible(id, zone, was)
	if err != nil {
		return record, err
	}
	record.ends = staging.link
	b.records.Put(record)
	return record, nil
}

// zoneImported opens the import's link.
func (b *batch) zoneImported(e domain.Recorded, event dns.ZoneImported) error {
	done, err := b.runningImport(event.Import, event.ZoneID)
	if err != nil {
		return err
	}
	if done.Staged != event.ImportCounts {
		return fmt.Errorf("import %d has staged %+v, and not %+v", done.ID, done.Staged, event.ImportCounts)
	}
	link, err := b.linkOf(done.ZoneID, done.ViewID)
	if err != nil {
		return err
	}
	grown := int64(event.Added - event.Removed)
	link.links = append(slices.Clip(link.links), done.link)
	link.records += grown
	b.state.records += grown
	link.changed, link.written = e.Position, e.Position
	b.putLink(link)
	if event.Changed+event.Removed > 0 {
		end := b.ends(done.ZoneID)
		end.replaced = append(end.replaced, done.link)
	}
	done.State, done.Ended = ImportDone, e.Position
	b.imports.Put(done)
	return b.logImport(e, event, done)
}

func (b *batch) importVoided(e domain.Recorded, event dns.ImportVoided) error {
	void, err := b.runningImport(event.Import, event.ZoneID)
	if err != nil {
		return err
	}
	if void.Staged.Total() > 0 {
		end := b.ends(void.ZoneID)
		end.void = append(end.void, void.link)
	}
	void.State, void.Reason, void.Ended = ImportVoid, event.Reason, e.Position
	b.imports.Put(void)
	return nil
}

func (b *batch) runningImport(id domain.Position, zone int64) (importRow, error) {
	row, err := b.imports.Find(id)
	if err != nil {
		return row, err
	}
	if row.State != ImportRunning || row.ZoneID != zone {
		return row, fmt.Errorf("import %d is no import into zone %d that is under way", id, zone)
	}
	return row, nil
}

// logImport writes the one entry that a staged import has.
func (b *batch) logImport(e domain.Recorded, event dns.ZoneImported, done importRow) error {
	zone, err := b.zones.Find(done.ZoneID)
	if err != nil {
		return err
	}
	views, err := b.viewNames([]int64{done.ViewID})
	if err != nil {
		return err
	}
	d := oplog.NewDetail()
	d.Number("id", zone.ID)
	d.Line("Zone名称", zone.Name)
	d.Names("导入View", views)
	d.Number("导入编号", int64(done.ID))
	d.Number("新增记录数", int64(event.Added))
	d.Number("修改记录数", int64(event.Changed))
	d.Number(removedRecords, int64(event.Removed))
	e.Causation = 0 // the import's begin, which the entry names
	return b.log(e, oplog.OperationAdd, zoneTarget(zone), oplog.Stated(d))
}
