package dns

import (
	"maps"

	"github.com/opsledger/opsledger/domain"
)

// placedRecord is a record as the last event about it left it.
type placedRecord struct {
	data RecordData
	// at is the position of that event.
	at domain.Position
	// rdata is what data's value comes to, shared by all copies.
	rdata *rdataMemo
}

func placed(data RecordData, at domain.Position) placedRecord {
	return placedRecord{data: data, at: at, rdata: &rdataMemo{}}
}

// recordsFold is the records, of any view, at one owner name or in all of a
// zone. Records whose link ended are still in it, see [zoneFold.live].
type recordsFold struct {
	tag domain.Tag
	// host is the folded owner name, empty for all.
	host    string
	records map[int64]placedRecord
}

func newNodeFold(zone int64, host string) *recordsFold {
	return &recordsFold{tag: TagNode(zone, host), host: FoldName(host), records: map[int64]placedRecord{}}
}

func newZoneRecords(zone int64) *recordsFold {
	return &recordsFold{tag: TagZoneRecords(zone), records: map[int64]placedRecord{}}
}

// Item implements [domain.Fold]. A deletion makes nothing impossible and guards nothing.
func (f *recordsFold) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: recordsTypes, Guards: recordsTypes[1:]}
}

// recordsTypes are the types that change which records there are; all but the
// first can make a record impossible. A batch asks for them thousands of times.
var recordsTypes = []string{RecordDeleted{}.EventType(), RecordAdded{}.EventType(), RecordUpdated{}.EventType()}

// Apply implements [domain.Fold].
func (f *recordsFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case RecordAdded:
		f.records[e.ID] = placed(e.Record, r.Position)
	case RecordUpdated:
		if f.host == "" || FoldName(e.After.Host) == f.host {
			f.records[e.ID] = placed(e.After, r.Position)
		} else {
			delete(f.records, e.ID)
		}
	case RecordDeleted:
		delete(f.records, e.ID)
	}
}

// fewRecords is up to how many records are kept as a list: the log remembers
// very many names with one or two, and a map takes room for eight.
const fewRecords = 4

type numberedRecord struct {
	id int64
	placedRecord
}

// Snapshot implements [domain.Fold].
func (f *recordsFold) Snapshot() any {
	if len(f.records) > fewRecords {
		return maps.Clone(f.records)
	}
	list := make([]numberedRecord, 0, len(f.records))
	for id, r := range f.records {
		list = append(list, numberedRecord{id, r})
	}
	return list
}

// Restore implements [domain.Fold].
func (f *recordsFold) Restore(s any) {
	if many, ok := s.(map[int64]placedRecord); ok {
		f.records = maps.Clone(many)
		return
	}
	f.records = map[int64]placedRecord{}
	for _, r := range s.([]numberedRecord) {
		f.records[r.id] = r.placedRecord
	}
}

// recordFold is one record's life, apart from that of its zone and link.
type recordFold struct {
	id int64
	recordState
}

type recordState struct {
	exists bool
	zone   int64
	placedRecord
}

func newRecordFold(id int64) *recordFold { return &recordFold{id: id} }

// Item implements [domain.Fold].
func (f *recordFold) Item() domain.Item {
	guards := []string{RecordUpdated{}.EventType(), RecordDeleted{}.EventType()}
	return domain.Item{Tag: TagRecord(f.id), Types: append([]string{RecordAdded{}.EventType()}, guards...), Guards: guards}
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
	}
}

// Snapshot implements [domain.Fold].
func (f *recordFold) Snapshot() any { return f.recordState }

// Restore implements [domain.Fold].
func (f *recordFold) Restore(s any) { f.recordState = s.(recordState) }
