package dns

import (
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Lifecycle and contents have tags of their own, so that a change of a record
// never competes with a change of another record of the same zone.

// TagServer marks the events of one server.
func TagServer(id int64) domain.Tag { return domain.IDTag("server", id) }

// TagServerHost marks the events in which a host name is taken or given up by a server.
func TagServerHost(host string) domain.Tag {
	return domain.TextTag("serverhost", strings.ToLower(host))
}

// TagServerIP marks the events in which an address (canonical text) is taken or given up by a server.
func TagServerIP(ip string) domain.Tag { return domain.TextTag("serverip", ip) }

// TagView marks the lifecycle of one view.
func TagView(id int64) domain.Tag { return domain.IDTag("view", id) }

// TagViewName marks the events in which a name is taken or given up by a view.
func TagViewName(name string) domain.Tag { return domain.TextTag("viewname", name) }

// TagViewUse marks the zone events that link or unlink the view.
func TagViewUse(id int64) domain.Tag { return domain.IDTag("viewuse", id) }

// TagZone marks the lifecycle of one zone (not its records).
func TagZone(id int64) domain.Tag { return domain.IDTag("zone", id) }

// TagZoneName marks the events in which a name is taken or given up by a zone
// of the name space that the group belongs to.
func TagZoneName(group ZoneGroup, name string) domain.Tag {
	space := "in/"
	if group == GroupExternal {
		space = "ext/"
	}
	return domain.TextTag("zonename", space+FoldName(name))
}

// TagZoneRecords marks every record event of one zone.
func TagZoneRecords(zone int64) domain.Tag { return domain.IDTag("records", zone) }

// TagNode marks the record events at one owner name of a zone, in any view.
func TagNode(zone int64, host string) domain.Tag {
	return domain.TextTag("node", strconv.FormatInt(zone, 10)+"/"+FoldName(host))
}

// TagRecord marks the events of one record.
func TagRecord(id int64) domain.Tag { return domain.IDTag("record", id) }

// TagBindConf marks the versions of the BIND main configuration.
const TagBindConf domain.Tag = "bindconf"

// TagFleet marks the versions of the NS set of zones without their own, TagViewOrder
// those of the order of views, TagRenumbering the event by which all zones got their
// serials from the log alone.
const (
	TagFleet       domain.Tag = "fleet"
	TagViewOrder   domain.Tag = "vieworder"
	TagRenumbering domain.Tag = "renumbering"
	// TagRollout marks the versions of the stages in which configurations go out, and all rollouts.
	TagRollout domain.Tag = "rollout"
)

// FoldName brings a domain name to the form in which names compare: lower
// case, without a final dot.
func FoldName(name string) string {
	if len(name) > 1 {
		name = strings.TrimSuffix(name, ".")
	}
	return strings.ToLower(name)
}
