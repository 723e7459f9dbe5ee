package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ZoneGroup says where a zone lives (Zone归属).
type ZoneGroup int

// The groups. Internal and hijack render alike in BIND and share one name
// space; external zones live at an outside provider and are not rendered.
const (
	GroupExternal ZoneGroup = 0
	GroupInternal ZoneGroup = 1
	GroupHijack   ZoneGroup = 2
)

// Rendered says whether zones of the group are served by our name servers.
func (g ZoneGroup) Rendered() bool { return g != GroupExternal }

// The zone types, as they stand on the wire.
const (
	ZoneMaster      = "master"
	ZoneForwardOnly = "forward only"
)

// ZoneData is what a client may say about a zone.
type ZoneData struct {
	// Name is the zone's name without final dot, IDNs as punycode.
	Name  string    `json:"name"`
	Group ZoneGroup `json:"zone_group"`
	Type  string    `json:"zone_type"`
	// Forwarders are canonical addresses; kept for a master zone, too.
	Forwarders []string `json:"forwarders,omitempty"`
	// ViewIDs are the linked views in ascending order.
	ViewIDs []int64 `json:"view_ids,omitempty"`
}

// ZoneCreated says that a zone exists.
type ZoneCreated struct {
	ID   int64    `json:"id"`
	Zone ZoneData `json:"zone"`
	// Privilege is the first of the three ids of the zone's privileges: ACCESS, UPDATE, DELETE.
	Privilege int64 `json:"privilege"`
}

// ZoneUpdated says that a zone's data changed. The zone's records in a view
// that is in Before but not in After are gone.
type ZoneUpdated struct {
	ID     int64    `json:"id"`
	Before ZoneData `json:"before"`
	After  ZoneData `json:"after"`
}

// ZoneDeleted says that a zone and all its records are gone.
type ZoneDeleted struct {
	ID        int64    `json:"id"`
	Zone      ZoneData `json:"zone"`
	Privilege int64    `json:"privilege"`
}

// EventType implements [domain.Event].
func (ZoneCreated) EventType() string { return "ZoneCreated" }
func (ZoneUpdated) EventType() string { return "ZoneUpdated" }
func (ZoneDeleted) EventType() string { return "ZoneDeleted" }

// SubjectKey implements [domain.Event].
func (e ZoneCreated) SubjectKey() int64 { return e.ID }
func (e ZoneUpdated) SubjectKey() int64 { return e.ID }
func (e ZoneDeleted) SubjectKey() int64 { return e.ID }

// Tags implements [domain.Event].
func (e ZoneCreated) Tags() []domain.Tag {
	return append(zoneTags(e.ID, e.Zone), access.TagPrivilege(e.Privilege))
}
func (e ZoneUpdated) Tags() []domain.Tag { return zoneTags(e.ID, e.Before, e.After) }
func (e ZoneDeleted) Tags() []domain.Tag {
	return append(zoneTags(e.ID, e.Zone), access.TagPrivilege(e.Privilege))
}

func zoneTags(id int64, states ...ZoneData) []domain.Tag {
	tags := []domain.Tag{TagZone(id)}
	for _, z := range states {
		tags = append(tags, TagZoneName(z.Group, z.Name))
		for _, v := range z.ViewIDs {
			tags = append(tags, TagViewUse(v))
		}
	}
	return domain.JoinTags(tags...)
}

// ActorTags implements [domain.ByActor].
func (ZoneCreated) ActorTags(actor domain.UserID) []domain.Tag { return access.TagsOfCreator(actor) }

// Begun implements [access.ResourceBegun].
func (e ZoneCreated) Begun() access.Target {
	return access.Target{Kind: access.KindZone, ID: e.ID, Privilege: e.Privilege}
}

// ServedOtherwise says whether a change of a zone changes what it serves in the views that
// it stays linked to. Name servers and read models number zones by it alike.
func ServedOtherwise(before, after ZoneData) bool {
	return FoldName(before.Name) != FoldName(after.Name) || before.Type != after.Type ||
		after.Type == ZoneForwardOnly && !slices.Equal(before.Forwarders, after.Forwarders)
}
