package dns

import "github.com/opsledger/opsledger/domain"

// DriftMode is what becomes of drift on a name server.
type DriftMode string

// The modes. Repair: named gets again what the log says. Adopt: records that somebody changed in
// named are changed in the log, by the rules of a client's change, and all else is repaired.
// Report: named keeps what it has, until the zone or the mode changes.
const (
	DriftRepair DriftMode = "repair"
	DriftAdopt  DriftMode = "adopt"
	DriftReport DriftMode = "report"
)

// DriftDone is what was done about drift.
type DriftDone string

// What is done.
const (
	DriftRepaired DriftDone = "repaired"
	DriftAdopted  DriftDone = "adopted"
	DriftReported DriftDone = "reported"
)

// DriftKind is what is otherwise on a name server than the log says.
type DriftKind string

// The kinds. The first four are about a zone in a view.
const (
	// DriftRecords: named has other records. DriftSerial: it has another SOA alone.
	DriftRecords DriftKind = "records"
	DriftSerial  DriftKind = "serial"
	// DriftZoneMissing: named does not have the zone, or does not serve it. DriftZoneAdded: it has
	// one that is not in the log.
	DriftZoneMissing DriftKind = "zone_missing"
	DriftZoneAdded   DriftKind = "zone_added"
	// DriftConfiguration: named.conf was changed, or named was told to read its configuration.
	DriftConfiguration DriftKind = "configuration"
	// DriftProcess: named has ended, does not answer, or is another process.
	DriftProcess DriftKind = "process"
	// DriftMany stands for more zones than are told one by one.
	DriftMany DriftKind = "many"
)

// DriftKinds lists the kinds.
func DriftKinds() []DriftKind {
	return []DriftKind{DriftRecords, DriftSerial, DriftZoneMissing, DriftZoneAdded, DriftConfiguration, DriftProcess, DriftMany}
}

// DriftFound says that a name server had something else than the log says, by nothing that the log
// has asked for. It changes nothing by itself: what is adopted, and a serial that is lifted over a
// foreign one, are events of the same change.
type DriftFound struct {
	ServerID int64 `json:"server_id"`
	// ZoneID and ViewID are 0 where it is about none that the log has.
	ZoneID   int64     `json:"zone_id,omitempty"`
	Zone     string    `json:"zone,omitempty"`
	ViewID   int64     `json:"view_id,omitempty"`
	What     DriftKind `json:"what"`
	Expected string    `json:"expected"`
	Found    string    `json:"found"`
	Done     DriftDone `json:"done"`
	// Reason is why that was done, empty where it is what the server's mode says.
	Reason string `json:"reason,omitempty"`
	// By is who did it, as far as named's own log told, empty while that is not known.
	By string `json:"by,omitempty"`
	// Adopted counts the records that were changed in the log, and Zones the zones that the event
	// stands for, 0 for one that is about one at most.
	Adopted int `json:"adopted,omitempty"`
	Zones   int `json:"zones,omitempty"`
}

// ServerSettings are what a client may say about a server beside its row.
type ServerSettings struct {
	OnDrift DriftMode `json:"on_drift"`
}

// DefaultServerSettings are those of a server whose settings nobody has changed.
func DefaultServerSettings() ServerSettings { return ServerSettings{OnDrift: DriftRepair} }

// ServerSettingsChanged says that a server's settings changed. They belong to its id: a server that
// comes back has those that it had.
type ServerSettingsChanged struct {
	unkeyed
	ID     int64          `json:"id"`
	Before ServerSettings `json:"before"`
	After  ServerSettings `json:"after"`
}

// EventType implements [domain.Event].
func (DriftFound) EventType() string            { return "DriftFound" }
func (ServerSettingsChanged) EventType() string { return "ServerSettingsChanged" }

// SubjectKey implements [domain.Event].
func (e DriftFound) SubjectKey() int64 { return e.ZoneID }

// Tags implements [domain.Event].
func (e ServerSettingsChanged) Tags() []domain.Tag { return []domain.Tag{TagServer(e.ID)} }

// Tags implements [domain.Event].
func (e DriftFound) Tags() []domain.Tag {
	tags := []domain.Tag{TagServer(e.ServerID)}
	if e.ZoneID != 0 {
		tags = append(tags, TagZone(e.ZoneID))
	}
	return tags
}
