package dns

import (
	"github.com/opsledger/opsledger/domain"
)

// A staged import brings a zone to what a master file says in many changes of the log, of
// which nothing is seen before the last: ImportBegun, RecordsStaged as often as it takes, and
// ZoneImported, or ImportVoided in its place. The position of ImportBegun is the import's id.

// ImportBegun says that records of a zone in a view are about to be staged. Until the import has
// ended nothing else changes the zone.
type ImportBegun struct {
	ZoneID int64 `json:"zone_id"`
	ViewID int64 `json:"view_id"`
	// Mode is how the file was compared with the zone: merge or replace.
	Mode string `json:"mode"`
	// Read is how many records the file has, Changes how many are to be staged.
	Read    int `json:"read"`
	Changes int `json:"changes"`
}

// StagedRecord is a record that comes or goes with an import.
type StagedRecord struct {
	ID     int64      `json:"id"`
	Record RecordData `json:"record"`
}

// StagedChange is a record that changes with an import.
type StagedChange struct {
	ID     int64      `json:"id"`
	Before RecordData `json:"before"`
	After  RecordData `json:"after"`
}

// RecordsStaged says what becomes of some records once their import is done. If it is voided,
// nothing becomes of them.
type RecordsStaged struct {
	Import  domain.Position `json:"import"`
	ZoneID  int64           `json:"zone_id"`
	ViewID  int64           `json:"view_id"`
	Added   []StagedRecord  `json:"added,omitempty"`
	Changed []StagedChange  `json:"changed,omitempty"`
	Removed []StagedRecord  `json:"removed,omitempty"`
}

// ImportCounts are how many records an import has staged.
type ImportCounts struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

// ZoneImported says that an import is done: all that it has staged holds from here on.
type ZoneImported struct {
	Import domain.Position `json:"import"`
	ZoneID int64           `json:"zone_id"`
	ViewID int64           `json:"view_id"`
	ImportCounts
}

// ImportVoided says that an import came to nothing.
type ImportVoided struct {
	Import domain.Position `json:"import"`
	ZoneID int64           `json:"zone_id"`
	ViewID int64           `json:"view_id"`
	// Reason is one of the Void constants.
	Reason string `json:"reason"`
	// Errors are what was refused, where the reason is that.
	Errors []ImportError `json:"errors,omitempty"`
}

// ImportError says what is wrong in a line of the file, or of no line if that is 0, in the language of
// who asked for the import.
type ImportError struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// Why an import came to nothing.
const (
	// VoidCancelled: somebody asked for it.
	VoidCancelled = "cancelled"
	// VoidOverdue: it took too long.
	VoidOverdue = "overdue"
	// VoidAbandoned: the process that carried it out has ended, or its database was away.
	VoidAbandoned = "abandoned"
	// VoidRefused: a part of it was refused, as when a right was taken away meanwhile.
	VoidRefused = "refused"
)

// EventType implements [domain.Event].
func (ImportBegun) EventType() string   { return "ImportBegun" }
func (RecordsStaged) EventType() string { return "RecordsStaged" }
func (ZoneImported) EventType() string  { return "ZoneImported" }
func (ImportVoided) EventType() string  { return "ImportVoided" }

// SubjectKey implements [domain.Event].
func (e ImportBegun) SubjectKey() int64   { return e.ZoneID }
func (e RecordsStaged) SubjectKey() int64 { return e.ZoneID }
func (e ZoneImported) SubjectKey() int64  { return e.ZoneID }
func (e ImportVoided) SubjectKey() int64  { return e.ZoneID }

// Tags implements [domain.Event].
func (e ImportBegun) Tags() []domain.Tag  { return []domain.Tag{TagZone(e.ZoneID)} }
func (e ZoneImported) Tags() []domain.Tag { return []domain.Tag{TagZone(e.ZoneID)} }
func (e ImportVoided) Tags() []domain.Tag { return []domain.Tag{TagZone(e.ZoneID)} }

// Tags implements [domain.Event]. They are those of the events that a client's changes of the
// records would be.
func (e RecordsStaged) Tags() []domain.Tag {
	tags := make([]domain.Tag, 1, 2*e.Len()+1)
	tags[0] = TagZoneRecords(e.ZoneID)
	has := make(map[domain.Tag]bool, 2*e.Len())
	add := func(t domain.Tag) {
		if !has[t] {
			has[t] = true
			tags = append(tags, t)
		}
	}
	for _, list := range [][]StagedRecord{e.Added, e.Removed} {
		for _, r := range list {
			add(TagRecord(r.ID))
			add(TagNode(e.ZoneID, r.Record.Host))
		}
	}
	for _, r := range e.Changed {
		add(TagRecord(r.ID))
		add(TagNode(e.ZoneID, r.Before.Host)) // which an import does not change
	}
	return tags
}

// Len is how many records the event is about.
func (e RecordsStaged) Len() int { return len(e.Added) + len(e.Changed) + len(e.Removed) }

// Counts are those of the event.
func (e RecordsStaged) Counts() ImportCounts {
	return ImportCounts{Added: len(e.Added), Changed: len(e.Changed), Removed: len(e.Removed)}
}

// Plus are the counts of both.
func (c ImportCounts) Plus(o ImportCounts) ImportCounts {
	return ImportCounts{Added: c.Added + o.Added, Changed: c.Changed + o.Changed, Removed: c.Removed + o.Removed}
}

// Total is how many records they count.
func (c ImportCounts) Total() int { return c.Added + c.Changed + c.Removed }

// Singly are the events that the same changes would be without an import.
func (e RecordsStaged) Singly() []domain.Event {
	all := make([]domain.Event, 0, e.Len())
	for _, r := range e.Removed {
		all = append(all, RecordDeleted{ID: r.ID, ZoneID: e.ZoneID, Record: r.Record})
	}
	for _, r := range e.Changed {
		all = append(all, RecordUpdated{ID: r.ID, ZoneID: e.ZoneID, Before: r.Before, After: r.After})
	}
	for _, r := range e.Added {
		all = append(all, RecordAdded{ID: r.ID, ZoneID: e.ZoneID, Record: r.Record})
	}
	return all
}
