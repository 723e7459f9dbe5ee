package dns

import (
	"github.com/opsledger/opsledger/domain"
)

// placedRecord is a record as the last event about it left it.
type placedRecord struct {
	data RecordData
	// at is the position of that event.
	at domain.Position
	// rdata is what data's value comes to, shared by all copies.
	rdata *rdataMemo
	// staged says that the record is so once an import is done, nil for a record that simply is so.
	staged *stagedVersion
}

// stagedVersion is what an import makes of a record.
type stagedVersion struct {
	by domain.Position
	// gone: the import removes the record.
	gone bool
	// before is what the record is without the import, nil for none.
	before *placedRecord
}

func placed(data RecordData, at domain.Position) placedRecord {
	return placedRecord{data: data, at: at, rdata: &rdataMemo{}}
}

// recordsFold has the records, of any view, at one owner name or in all of a
// zone. It also has the records whose link has ended, and those of imports that are not
// done, see [zoneFold.now].
type recordsFold struct {
	tag domain.Tag
	// host is the folded owner name, empty for all.
	host string
	recordSet
}

func newNodeFold(zone int64, host string) *recordsFold {
	return &recordsFold{tag: TagNode(zone, host), host: FoldName(host)}
}

func newZoneRecords(zone int64) *recordsFold {
	return &recordsFold{tag: TagZoneRecords(zone)}
}

// Item implements [domain.Fold]. A deletion makes nothing impossible and guards nothing.
func (f *recordsFold) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: recordsTypes, Guards: recordsTypes[2:]}
}

// recordsTypes are the types that change which records there are. Any of them but
// the first two can make a record impossible that a decision found possible: a deletion does
// not, and what is staged holds from an event of the zone on, which guards. A batch asks for
// them thousands of times.
var recordsTypes = []string{
	RecordDeleted{}.EventType(), RecordsStaged{}.EventType(), RecordAdded{}.EventType(), RecordUpdated{}.EventType(),
}

// Apply implements [domain.Fold].
func (f *recordsFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case RecordAdded:
		f.put(e.ID, placed(e.Record, r.Position))
	case RecordUpdated:
		if f.host == "" || FoldName(e.After.Host) == f.host {
			f.put(e.ID, placed(e.After, r.Position))
		} else {
			f.remove(e.ID)
		}
	case RecordDeleted:
		f.remove(e.ID)
	case RecordsStaged:
		f.stage(e, r.Position)
	}
}

// stage takes what an import makes of records. An import changes no host.
func (f *recordsFold) stage(e RecordsStaged, at domain.Position) {
	e.each(func(id int64, data RecordData, v *stagedVersion) {
		if f.host != "" && FoldName(data.Host) != f.host {
			return
		}
		if was, there := f.get(id); there {
			v.before = &was
		}
		version := placed(data, at)
		version.staged = v
		f.put(id, version)
	})
}

// each shows what becomes of each record.
func (e RecordsStaged) each(each func(id int64, data RecordData, v *stagedVersion)) {
	for _, r := range e.Added {
		each(r.ID, r.Record, &stagedVersion{by: e.Import})
	}
	for _, r := range e.Changed {
		each(r.ID, r.After, &stagedVersion{by: e.Import})
	}
	for _, r := range e.Removed {
		each(r.ID, r.Record, &stagedVersion{by: e.Import, gone: true})
	}
}

// Snapshot implements [domain.Fold].
func (f *recordsFold) Snapshot() any { return f.clone() }

// Restore implements [domain.Fold].
func (f *recordsFold) Restore(s any) {
	saved := s.(recordSet)
	f.recordSet = saved.clone()
}

// fresh implements judgeable.
func (f *recordsFold) fresh() domain.Fold { return &recordsFold{tag: f.tag, host: f.host} }

// cutFold is a recordsFold of one owner name for decisions that need a record to stay
// there: a DS needs the NS at its name. A deletion guards such decisions, too.
type cutFold struct{ recordsFold }

func newCutFold(zone int64, host string) *cutFold { return &cutFold{*newNodeFold(zone, host)} }

// Item implements [domain.Fold].
func (f *cutFold) Item() domain.Item { return domain.Item{Tag: f.tag, Types: recordsTypes} }

func (f *cutFold) fresh() domain.Fold { return &cutFold{recordsFold{tag: f.tag, host: f.host}} }

// glanceFold is a recordsFold of one owner name for warnings: what happens at that name
// does not disturb the decision.
type glanceFold struct{ recordsFold }

func newGlance(zone int64, host string) *glanceFold { return &glanceFold{*newNodeFold(zone, host)} }

// Item implements [domain.Fold]. No event of a zone's life has the tag of a name in it.
func (f *glanceFold) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: recordsTypes, Guards: zoneTypes[2:]}
}

func (f *glanceFold) fresh() domain.Fold { return &glanceFold{recordsFold{tag: f.tag, host: f.host}} }

// recordFold is one record's life, without that of its zone and link.
type recordFold struct {
	id int64
	recordState
}

type recordState struct {
	exists bool
	zone   int64
	placedRecord
}

// Size implements [domain.Sized]: however often a record was changed, it is one.
func (recordState) Size() int { return 1 }

func newRecordFold(id int64) *recordFold { return &recordFold{id: id} }

// Item implements [domain.Fold].
func (f *recordFold) Item() domain.Item {
	return domain.Item{Tag: TagRecord(f.id), Types: recordTypes, Guards: recordTypes[1:]}
}

// recordTypes are the types of a record's life. The first does not guard: a
// record that a decision has found cannot be added again.
var recordTypes = []string{
	RecordAdded{}.EventType(), RecordUpdated{}.EventType(), RecordDeleted{}.EventType(), RecordsStaged{}.EventType(),
}

// Apply implements [domain.Fold].
func (f *recordFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case RecordAdded:
		f.recordState = recordState{exists: true, zone: e.ZoneID, placedRecord: placed(e.Record, r.Position)}
	case RecordUpdated:
		f.placedRecord = placed(e.After, r.Position)
	case RecordDeleted:
		f.exists, f.at = false, r.Position
	case RecordsStaged:
		f.stage(e, r.Position)
	}
}

func (f *recordFold) stage(e RecordsStaged, at domain.Position) {
	e.each(func(id int64, data RecordData, v *stagedVersion) {
		if id != f.id {
			return
		}
		if f.exists {
			was := f.placedRecord
			v.before = &was
		}
		f.recordState = recordState{exists: true, zone: e.ZoneID, placedRecord: placed(data, at)}
		f.staged = v
	})
}

// in returns the record as it is in its zone: one that is not live does not exist. The fold
// itself stays as it is, for the store remembers it.
func (f *recordFold) in(zone *zoneFold) *recordFold {
	is, live := zone.now(f.placedRecord)
	return &recordFold{id: f.id, recordState: recordState{exists: f.exists && live, zone: f.zone, placedRecord: is}}
}

// Snapshot implements [domain.Fold].
func (f *recordFold) Snapshot() any { return f.recordState }

// Restore implements [domain.Fold].
func (f *recordFold) Restore(s any) { f.recordState = s.(recordState) }
