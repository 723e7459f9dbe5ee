package dns

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Lifecycle and contents have tags of their own, so that a change of a record
// never competes with a change of another record of the same zone.

// TagServer marks the events of one server.
func TagServer(id int64) domain.Tag { return idTag("server", id) }

// TagServerHost marks the events in which a host name is taken or given up by a server.
func TagServerHost(host string) domain.Tag { return textTag("serverhost", strings.ToLower(host)) }

// TagServerIP marks the events in which an address (canonical text) is taken or given up by a server.
func TagServerIP(ip string) domain.Tag { return textTag("serverip", ip) }

// TagView marks the lifecycle of one view.
func TagView(id int64) domain.Tag { return idTag("view", id) }

// TagViewName marks the events in which a name is taken or given up by a view.
func TagViewName(name string) domain.Tag { return textTag("viewname", name) }

// TagViewUse marks the zone events that link or unlink the view.
func TagViewUse(id int64) domain.Tag { return idTag("viewuse", id) }

// TagZone marks the lifecycle of one zone (not its records).
func TagZone(id int64) domain.Tag { return idTag("zone", id) }

// TagZoneName marks the events in which a name is taken or given up by a zone
// of the name space that the group belongs to.
func TagZoneName(group ZoneGroup, name string) domain.Tag {
	space := "in/"
	if group == GroupExternal {
		space = "ext/"
	}
	return textTag("zonename", space+FoldName(name))
}

// TagZoneRecords marks every record event of one zone.
func TagZoneRecords(zone int64) domain.Tag { return idTag("records", zone) }

// TagNode marks the record events at one owner name of a zone, in any view.
func TagNode(zone int64, host string) domain.Tag {
	return textTag("node", strconv.FormatInt(zone, 10)+"/"+FoldName(host))
}

// TagRecord marks the events of one record.
func TagRecord(id int64) domain.Tag { return idTag("record", id) }

// TagBindConf marks the versions of the BIND main configuration.
const TagBindConf domain.Tag = "bindconf"

// FoldName brings a domain name to the form in which names compare: lower
// case, without a final dot.
func FoldName(name string) string {
	if len(name) > 1 {
		name = strings.TrimSuffix(name, ".")
	}
	return strings.ToLower(name)
}

func idTag(kind string, id int64) domain.Tag {
	return domain.Tag(kind + ":" + strconv.FormatInt(id, 10))
}

// textTag keeps a tag within the log's limits whatever text it is made of: what
// is long or has bytes that a tag must not have is replaced by its digest.
func textTag(kind, text string) domain.Tag {
	plain := len(text) <= 300
	for i := 0; plain && i < len(text); i++ {
		plain = text[i] > ' ' && text[i] < 0x7f
	}
	if !plain {
		sum := sha256.Sum256([]byte(text))
		return domain.Tag(kind + "#" + hex.EncodeToString(sum[:]))
	}
	return domain.Tag(kind + ":" + text)
}

// joinTags concatenates tags and drops repeats, keeping the first.
func joinTags(tags ...domain.Tag) []domain.Tag {
	out := make([]domain.Tag, 0, len(tags))
	for _, t := range tags {
		seen := false
		for _, o := range out {
			seen = seen || o == t
		}
		if !seen {
			out = append(out, t)
		}
	}
	return out
}
