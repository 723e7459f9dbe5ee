package protocol

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Report is the state of an agent's name server. The newest report replaces all before.
type Report struct {
	Log   uuid.UUID `json:"log"`
	Agent int64     `json:"agent"`
	// Seq rises with every report of one agent process; Boot tells the processes apart.
	Boot uuid.UUID `json:"boot"`
	Seq  int64     `json:"seq"`
	// Applied is the highest position up to which every change has been read back from
	// named, except for those in Failures.
	Applied domain.Position `json:"applied"`
	// Seen is the highest position that the agent has received.
	Seen domain.Position `json:"seen"`
	// LastID is the id of the last event of name servers that the agent has received, LastDNS its position: a log
	// that was set back to an earlier place has another event there, or none. LastID is zero where there was no such
	// event, and of an agent of an earlier version.
	LastDNS  domain.Position `json:"last_dns,omitempty"`
	LastID   uuid.UUID       `json:"last_id,omitzero"`
	Failures []Failure       `json:"failures,omitempty"`
	At       time.Time       `json:"at"`
	// Named is the version that named reports, empty while it does not answer.
	Named string `json:"named"`
	// Condition is how named is, nil of an agent of an earlier version.
	Condition *Condition `json:"condition,omitempty"`
}

// Condition is how a named is, beside what it is proved to serve.
type Condition struct {
	// Process: named runs, whether it answers or not. Port: it answers at all its addresses.
	// Resolve: clients get what the log says, as far as they were asked for lately.
	Process bool `json:"process"`
	Port    bool `json:"port"`
	Resolve bool `json:"resolve"`
	// Since is when named was started, zero while it does not answer to its control channel.
	Since time.Time `json:"since,omitzero"`
	// QueryRate is how many questions clients asked in a second lately, nil while that is not
	// known. Questions that are signed do not count, nor do those of the agent itself.
	QueryRate *float64   `json:"query_rate,omitempty"`
	Zones     ZoneCounts `json:"zones"`
	// Unapplied is how many zones, each counted once for each of its views, changes wait for, or are
	// under way in. Unlike Zones it is as of the report.
	Unapplied int `json:"unapplied,omitempty"`
}

// ZoneCounts are numbers of zones, each counted once for each of its views: those that are to be
// served, of them those that are not proved to be as the log says, and those that named refuses.
type ZoneCounts struct {
	Total   int `json:"total"`
	Behind  int `json:"behind"`
	Refused int `json:"refused"`
}

// Failure is a zone, or the configuration, that named does not serve as the log says.
type Failure struct {
	// Since is the first position that could not be applied.
	Since domain.Position `json:"since"`
	// ZoneID is 0 for the configuration as a whole (options, views, ACLs), and for a zone
	// that cannot be removed; only the latter has a Zone.
	ZoneID int64  `json:"zone_id,omitempty"`
	Zone   string `json:"zone,omitempty"`
	ViewID int64  `json:"view_id,omitempty"`
	View   string `json:"view,omitempty"`
	// More is set if this failure stands for others that the report has no room for, or is
	// that named does not answer at its addresses. It may concern anything.
	More bool `json:"more,omitempty"`
	// Now is set if clients do not get what the log says now, whatever was applied before:
	// it concerns every position. Since is 0 then. Of the others, ViewID alone is the view's
	// fault, and More the server's.
	Now bool `json:"now,omitempty"`
	// Message is named's own message, or that of named-checkconf.
	Message string `json:"message"`
}

// Gone says that the failure is about a zone that is not in the log any more.
func (f Failure) Gone() bool { return f.ZoneID == 0 && f.Zone != "" }

// OfSettings says that the failure is about the configuration as a whole.
func (f Failure) OfSettings() bool { return f.ZoneID == 0 && f.Zone == "" && !f.More && !f.Now }

// HeadAnnouncement tells all agents from time to time where the log ends, and requests a
// [Report]. An agent that does not get to LastDNS by itself has lost events: while no
// later events come, nothing else shows this.
type HeadAnnouncement struct {
	Log uuid.UUID `json:"log"`
	// LastDNS is the position of the last event of the dns context, 0 while it is not known
	// to be in the stream.
	LastDNS domain.Position `json:"last_dns"`
}

// SnapshotRequest is the body of a request for a snapshot; it may be missing.
type SnapshotRequest struct {
	// Held is what the agent has stored, nil for nothing.
	Held *SnapshotHeld `json:"held,omitempty"`
}

// SnapshotHeld says of which log, and of which place in it, an agent has the state.
type SnapshotHeld struct {
	Log uuid.UUID `json:"log"`
	// LastDNS is the position of the last dns event that the agent has, and LastID that event's id.
	LastDNS domain.Position `json:"last_dns"`
	LastID  uuid.UUID       `json:"last_id"`
}

// SnapshotInfo answers the request for a snapshot. It is signed, see [Question], and
// Digest makes the signature one of the whole snapshot.
type SnapshotInfo struct {
	Log      uuid.UUID       `json:"log"`
	Position domain.Position `json:"position"`
	// LastDNS is the position of the last event of the dns context at Position, and LastID that
	// event's id; it is nil of an earlier version.
	LastDNS domain.Position `json:"last_dns"`
	LastID  uuid.UUID       `json:"last_id,omitzero"`
	// Resume says that the agent's own state is one of this log, and that there is no snapshot:
	// it goes on with the events after that. LastDNS and Head are those of the log then.
	Resume bool `json:"resume,omitempty"`
	// Head is the end of the log when the snapshot was asked for. An agent that is beyond
	// Head has followed a log that was restored to an earlier state since; an agent that
	// is only beyond Position is ahead of a read model that lags.
	Head     domain.Position `json:"head"`
	Instance string          `json:"instance"`
	ID       string          `json:"id"`
	Chunks   int             `json:"chunks"`
	// Digest is that of all chunks, see [SnapshotDigest]. An agent takes nothing of a
	// snapshot before it has all chunks and they have this digest.
	Digest []byte `json:"digest"`
	// Rows is the number of rows in all chunks together.
	Rows int `json:"rows"`
	// Error is set if no snapshot can be made now; the agent tries again.
	Error string `json:"error,omitempty"`
}

// SnapshotDigest is the SHA-256 of the chunks' SHA-256 sums, in their order.
func SnapshotDigest(chunks [][]byte) []byte {
	all := sha256.New()
	for _, chunk := range chunks {
		sum := sha256.Sum256(chunk)
		all.Write(sum[:])
	}
	return all.Sum(nil)
}

// SnapshotRow is one line of a snapshot: chunks are gzip, each a whole number
// of JSON lines. Exactly one field is set.
type SnapshotRow struct {
	Server   *SnapshotServer   `json:"s,omitempty"`
	View     *SnapshotView     `json:"v,omitempty"`
	Zone     *SnapshotZone     `json:"z,omitempty"`
	Record   *SnapshotRecord   `json:"r,omitempty"`
	BindConf *SnapshotBindConf `json:"c,omitempty"`
	Fleet    *SnapshotFleet    `json:"f,omitempty"`
	Order    *SnapshotOrder    `json:"o,omitempty"`
	Base     *SnapshotBase     `json:"b,omitempty"`
	Rollout  *SnapshotRollout  `json:"t,omitempty"`

	ServerSettings *SnapshotServerSettings `json:"d,omitempty"`
}

// SnapshotServer is a name server.
type SnapshotServer struct {
	ID      int64           `json:"id"`
	Server  dns.ServerData  `json:"server"`
	Changed domain.Position `json:"changed"`
	// Enrolled says that the server has an agent, Serves that it has served all of the log once.
	Enrolled bool `json:"enrolled,omitempty"`
	Serves   bool `json:"serves,omitempty"`
}

// SnapshotServerSettings are the settings of a server for which others than the default were set.
type SnapshotServerSettings struct {
	ID       int64              `json:"id"`
	Settings dns.ServerSettings `json:"settings"`
}

// SnapshotFleet is what zones have in common that say nothing of their own. It always is
// in a snapshot, behind the servers.
type SnapshotFleet struct {
	Fleet   dns.FleetData    `json:"fleet"`
	Changes dns.FleetChanges `json:"changes"`
}

// SnapshotOrder is the order in which views are matched, absent while that of their ids holds.
type SnapshotOrder struct {
	ViewIDs []int64 `json:"view_ids"`
}

// SnapshotBase is the base of the serials of a zone name, in a view by its name, where the base is not 0.
type SnapshotBase struct {
	Zone string         `json:"zone"`
	View string         `json:"view"`
	Base dns.SerialBase `json:"base"`
}

// SnapshotView is a view.
type SnapshotView struct {
	ID      int64           `json:"id"`
	View    dns.ViewData    `json:"view"`
	Changed domain.Position `json:"changed"`
}

// SnapshotZone is a zone that named serves, never an external one.
type SnapshotZone struct {
	ID   int64        `json:"id"`
	Zone dns.ZoneData `json:"zone"`
	// Changed has, by view id, the position of the last event about the zone that changed
	// what it serves in that view. Its serial there follows from that, see
	// [dns.FleetChanges] and [dns.SerialBase].
	Changed  map[int64]domain.Position `json:"changed"`
	Settings dns.ZoneSettings          `json:"settings,omitzero"`
}

// SnapshotRecord is a record of a zone that named serves.
type SnapshotRecord struct {
	ID     int64          `json:"id"`
	ZoneID int64          `json:"zone_id"`
	Record dns.RecordData `json:"record"`
}

// SnapshotBindConf is the current BIND main configuration, absent while it is the default.
type SnapshotBindConf struct {
	Conf    dns.BindConfChanged `json:"conf"`
	Changed domain.Position     `json:"changed"`
}

// SnapshotRollout is the rollout that is under way, absent while there is none. It comes behind the
// views, their order and the configuration, which are those of the log.
type SnapshotRollout struct {
	ID domain.Position `json:"id"`
	// Stages are the servers of all stages but the last, Reached the stage that was reached last,
	// and Former what the servers of later stages have.
	Stages  dns.RolloutStages  `json:"stages"`
	Reached int                `json:"reached"`
	Former  dns.FormerSettings `json:"former"`
}

// SecretsRequest asks for secrets by the vault ids that the current configuration names, and for the
// keys by which the servers of the fleet exchange zones, by the ids of their views.
type SecretsRequest struct {
	IDs      []string `json:"ids"`
	Transfer []int64  `json:"transfer,omitempty"`
}

// SecretsReply maps vault ids to secrets, and views to their keys.
type SecretsReply struct {
	Secrets  map[string]string `json:"secrets"`
	Transfer map[int64][]byte  `json:"transfer,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// CheckConfRequest asks whether named would take a main configuration. Text was rendered from
// parsed statements and has stand-ins for its secrets. It is signed for the agent, [ForCheck].
type CheckConfRequest struct {
	Text string `json:"text"`
}

// CheckConfReply is the answer: an empty Error means yes, else it is named-checkconf's message.
type CheckConfReply struct {
	Error string `json:"error,omitempty"`
}
