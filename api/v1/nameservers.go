package v1

import (
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// errNoNameServers: nobody can tell how the name servers are.
const errNoNameServers = api.Unavailable("the state of the name servers is not known yet, try again")

// NameServers knows how name servers are, from what their agents say.
type NameServers interface {
	// Health returns what is known of a server.
	Health(server int64) ServerHealth
	// Zone says how far each server with an agent is with what a zone serves in a view.
	Zone(ZoneInView) []ZoneServer
	// FailedZones lists the zones that a server does not serve as the log says. more says
	// that there are others, of which is not known which they are.
	FailedZones(server int64) (zones []FailedZone, more bool)
}

// ServerHealth is what is known of a name server. What its agent alone can tell is null while
// the agent is away.
type ServerHealth struct {
	// Online: its agent has reported lately.
	Online bool      `json:"online"`
	Named  NamedBody `json:"named"`
	// Process: named runs. Port: it answers at all its addresses. Resolve: clients get what the
	// log says.
	Process *bool `json:"process"`
	Port    *bool `json:"port"`
	Resolve *bool `json:"resolve"`
	// QueryRate is how many questions clients asked in a second lately.
	QueryRate *float64 `json:"query_rate"`
	// AppliedPosition is that up to which it is known to serve the log, Lag how many positions
	// the last event of name servers is ahead of that.
	AppliedPosition domain.Position `json:"applied_position"`
	Lag             domain.Position `json:"lag"`
	Zones           *ZoneCounts     `json:"zones"`
	// Error is the first thing that is wrong, empty for nothing.
	Error string `json:"error"`
	// Drift is counted in the log.
	Drift DriftCounts `json:"drift"`
	// Of FailedZone, FailedGone and FailedView see [ServerChange].
	FailedZone int64 `json:"-"`
	FailedGone bool  `json:"-"`
	FailedView int64 `json:"-"`
}

// NamedBody is a named: its version and when it was started, both null while it does not answer.
type NamedBody struct {
	Version *string    `json:"version"`
	Since   *time.Time `json:"since"`
}

// ZoneCounts are numbers of zones, each counted once for each of its views.
type ZoneCounts struct {
	Total   int `json:"total"`
	Behind  int `json:"behind"`
	Refused int `json:"refused"`
}

// ZoneInView is a zone as it is served in one view.
type ZoneInView struct {
	ID, ViewID int64
	Name       string
	// Content is the position of the last event that changed what it serves there.
	Content domain.Position
}

// ZoneServer is how far a name server is with a zone in a view.
type ZoneServer struct {
	ServerID int64  `json:"server_id"`
	Server   string `json:"server"`
	// Serial is the one that the zone has at Position, null where the zone was not served then.
	Serial *uint32 `json:"serial"`
	// Position is that up to which the server is known to serve the zone, 0 while that is not known.
	Position domain.Position `json:"position"`
	// State is one of the State constants. Since is when it came to be INSYNC.
	State string     `json:"state"`
	Since *time.Time `json:"since"`
	Error string     `json:"error"`
	// Of FailedZone, FailedGone and FailedView see [ServerChange].
	FailedZone int64 `json:"-"`
	FailedGone bool  `json:"-"`
	FailedView int64 `json:"-"`
}

// FailedZone is a zone in a view that a server does not serve as the log says, since a position
// of the log; the position is 0 of a zone that it served before.
type FailedZone struct {
	ZoneID int64           `json:"zone_id"`
	Zone   string          `json:"zone"`
	ViewID int64           `json:"view_id"`
	View   string          `json:"view"`
	Since  domain.Position `json:"since_position"`
	Error  string          `json:"error"`
}
