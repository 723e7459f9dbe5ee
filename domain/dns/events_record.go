package dns

import "github.com/opsledger/opsledger/domain"

// RecordData is what a client may say about a record.
type RecordData struct {
	// ViewID is the view the record is served in, 0 in an external zone.
	ViewID int64 `json:"view_id,omitempty"`
	// Line is the provider's line (线路) in an external zone, empty elsewhere.
	Line string `json:"line,omitempty"`
	// Host is the owner name relative to the zone, "@" for the apex, as given.
	Host string `json:"host"`
	// Type is the RR type's mnemonic in upper case.
	Type string `json:"type"`
	// TTL is in seconds.
	TTL uint32 `json:"ttl"`
	// Value is the rdata as the client wrote it; names without a final dot are
	// relative to the zone. See [ParseRData].
	Value   string `json:"value"`
	Comment string `json:"comment,omitempty"`
	// Literal says that the value is one TXT string as it stands, though it begins as
	// presentation text does. Only events of schema 1 mean that, see [liftRecord].
	Literal bool `json:"literal,omitempty"`
}

// RecordAdded says that a record exists.
type RecordAdded struct {
	ID     int64      `json:"id"`
	ZoneID int64      `json:"zone_id"`
	Record RecordData `json:"record"`
}

// RecordUpdated says that a record changed; view, host and type may have changed, too.
type RecordUpdated struct {
	ID     int64      `json:"id"`
	ZoneID int64      `json:"zone_id"`
	Before RecordData `json:"before"`
	After  RecordData `json:"after"`
}

// RecordDeleted says that a single record was removed.
type RecordDeleted struct {
	ID     int64      `json:"id"`
	ZoneID int64      `json:"zone_id"`
	Record RecordData `json:"record"`
}

// EventType implements [domain.Event].
func (RecordAdded) EventType() string   { return "RecordAdded" }
func (RecordUpdated) EventType() string { return "RecordUpdated" }
func (RecordDeleted) EventType() string { return "RecordDeleted" }

// SubjectKey implements [domain.Event].
func (e RecordAdded) SubjectKey() int64   { return e.ZoneID }
func (e RecordUpdated) SubjectKey() int64 { return e.ZoneID }
func (e RecordDeleted) SubjectKey() int64 { return e.ZoneID }

// Tags implements [domain.Event].
func (e RecordAdded) Tags() []domain.Tag {
	return []domain.Tag{TagRecord(e.ID), TagNode(e.ZoneID, e.Record.Host), TagZoneRecords(e.ZoneID)}
}
func (e RecordUpdated) Tags() []domain.Tag {
	return domain.JoinTags(TagRecord(e.ID), TagNode(e.ZoneID, e.Before.Host), TagNode(e.ZoneID, e.After.Host), TagZoneRecords(e.ZoneID))
}
func (e RecordDeleted) Tags() []domain.Tag {
	return []domain.Tag{TagRecord(e.ID), TagNode(e.ZoneID, e.Record.Host), TagZoneRecords(e.ZoneID)}
}

// Served is the part of a record that name servers know of. A change of the rest changes
// no zone's content.
func (d RecordData) Served() RecordData {
	d.Comment = ""
	return d
}
