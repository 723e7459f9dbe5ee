package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ServerData is what a client may say about a server.
type ServerData struct {
	Host string `json:"host"`
	// IP is the canonical text of an IPv4 or IPv6 address.
	IP  string `json:"ip"`
	Env string `json:"env"`
	// Type is "master", "slave" or the historic "salve", as given.
	Type            string `json:"dns_server_type"`
	ZbProcessItem   string `json:"zb_process_itemid"`
	ZbPortItem      string `json:"zb_port_itemid"`
	ZbResolveItem   string `json:"zb_resolve_itemid"`
	ZbResolveRateID string `json:"zb_resolve_rate_itemid"`
}

// IsMaster says whether the server is a primary.
func (d ServerData) IsMaster() bool { return d.Type == "master" }

// ServerCreated says that a name server was registered, or is there again.
type ServerCreated struct {
	unkeyed
	ID     int64      `json:"id"`
	Server ServerData `json:"server"`
	// Privilege is the first of the three ids of the server's privileges: ACCESS, UPDATE, DELETE.
	Privilege int64 `json:"privilege"`
	// Birth is that of a server which comes back, nil for a new one.
	Birth *Birth `json:"birth,omitempty"`
}

// ServerUpdated says that a server's data changed.
type ServerUpdated struct {
	unkeyed
	ID     int64      `json:"id"`
	Before ServerData `json:"before"`
	After  ServerData `json:"after"`
}

// ServerDeleted says that a server was removed; its agent no longer counts.
type ServerDeleted struct {
	unkeyed
	ID        int64      `json:"id"`
	Server    ServerData `json:"server"`
	Privilege int64      `json:"privilege"`
}

// ServerEnrolled says that the server has an agent, whose id on the bus is the server's.
type ServerEnrolled struct {
	unkeyed
	ID int64 `json:"id"`
	// Unproved says that the server serves only from a [ServerProved] on. Without it, as in older
	// logs, the server serves from its enrolment on.
	Unproved bool `json:"unproved,omitempty"`
	// Key is the public key of an agent that has made its own, see [RedeemServerToken]; empty where the control plane
	// has made it.
	Key string `json:"key,omitempty"`
}

// ServerProved says that the server, for the first time since its enrolment, serves all that the
// log says.
type ServerProved struct {
	unkeyed
	ID int64 `json:"id"`
}

// ServerWithdrawn says that the server's agent is no longer trusted nor counted.
type ServerWithdrawn struct {
	unkeyed
	ID int64 `json:"id"`
}

// EventType implements [domain.Event].
func (ServerCreated) EventType() string   { return "ServerCreated" }
func (ServerUpdated) EventType() string   { return "ServerUpdated" }
func (ServerDeleted) EventType() string   { return "ServerDeleted" }
func (ServerEnrolled) EventType() string  { return "ServerEnrolled" }
func (ServerProved) EventType() string    { return "ServerProved" }
func (ServerWithdrawn) EventType() string { return "ServerWithdrawn" }

// Tags implements [domain.Event].
func (e ServerCreated) Tags() []domain.Tag {
	return append(serverTags(e.ID, e.Server), access.TagPrivilege(e.Privilege))
}
func (e ServerUpdated) Tags() []domain.Tag {
	return domain.JoinTags(append(serverTags(e.ID, e.Before), serverTags(e.ID, e.After)...)...)
}
func (e ServerDeleted) Tags() []domain.Tag {
	return append(serverTags(e.ID, e.Server), access.TagPrivilege(e.Privilege), domain.TagEnrolments)
}
func (e ServerEnrolled) Tags() []domain.Tag {
	return []domain.Tag{TagServer(e.ID), domain.TagEnrolments}
}
func (e ServerProved) Tags() []domain.Tag { return []domain.Tag{TagServer(e.ID)} }
func (e ServerWithdrawn) Tags() []domain.Tag {
	return []domain.Tag{TagServer(e.ID), domain.TagEnrolments}
}

func serverTags(id int64, d ServerData) []domain.Tag {
	return []domain.Tag{TagServer(id), TagServerHost(d.Host), TagServerIP(d.IP)}
}

// ActorTags implements [domain.ByActor].
func (e ServerCreated) ActorTags(actor domain.UserID) []domain.Tag {
	return e.Birth.tagsOfCreator(actor)
}

// Begun implements [access.ResourceBegun].
func (e ServerCreated) Begun() access.Target {
	return access.Target{Kind: access.KindServer, ID: e.ID, Privilege: e.Privilege}
}
