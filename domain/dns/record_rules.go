package dns

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// loadRecord returns a record as it is in its zone, and the zone. It loads more folds on the way.
func loadRecord(h domain.History, id int64, more ...domain.Fold) (*recordFold, *zoneFold, error) {
	record := newRecordFold(id)
	if err := h.Load(append(more, record)...); err != nil {
		return nil, nil, err
	}
	if !record.exists {
		return nil, nil, notFound("Record", id)
	}
	zone := newZoneFold(record.zone)
	if err := h.Load(zone); err != nil {
		return nil, nil, err
	}
	return record.in(zone), zone, nil
}

// mayWrite returns an error unless the record is live, the actor may do the operation, and
// the client's version is the current one.
func (f *recordFold) mayWrite(h domain.History, env domain.Env, zone *zoneFold, actor *access.Actor, o access.Operation, ifMatch *domain.Position) error {
	if !f.exists {
		return notFound("Record", f.id)
	}
	if err := access.Authorize(h, actor, access.OnRecord(f.target(), zone.target(), o)); err != nil {
		return err
	}
	// What a credential may not delete it may not change either, and nothing more is said of it.
	if err := env.CheckBounds(h, []domain.Event{RecordDeleted{ID: f.id, ZoneID: zone.id, Record: f.data}}); err != nil {
		return err
	}
	if err := zone.writable(env); err != nil {
		return err
	}
	return domain.CheckVersion(ifMatch, f.at)
}

func errNoZone() error {
	return domain.Refused("当前Zone不存在，请检查zone_id是否正确！").Blame("zone_id")
}

// checkRecord says whether the record may stand in its zone, whatever other records do.
func checkRecord(zone *zoneFold, record RecordData) error {
	if zone.data.Type == ZoneForwardOnly {
		return domain.Refused("forward only类型的Zone不能有Record！")
	}
	if err := checkOwnerName(record.Host, zone.data.Name); err != nil {
		return err
	}
	if _, err := AcceptRData(zone.data.Name, record.Type, record.Value); err != nil {
		return err
	}
	return checkTypeAtHost(record)
}

// checkTypeAtHost refuses types that named does not load at some names.
func checkTypeAtHost(record RecordData) error {
	wildcard := strings.HasPrefix(record.Host, "*")
	switch {
	case record.Type == "CNAME" && record.Host == Apex:
		return domain.Refused("Zone的根（@）不能添加CNAME记录！")
	case record.Type == "DS" && record.Host == Apex:
		return domain.Refused("Zone的根（@）不能添加DS记录，应添加在上级Zone中！")
	case (record.Type == "DNSKEY" || record.Type == "CDS" || record.Type == "CDNSKEY") && record.Host == Apex:
		// named begins to sign a zone that gets a DNSKEY, and refuses every change of one in
		// which no DNSKEY goes with a CDS.
		return domain.Refused("Zone的根（@）不能添加%s记录：它属于DNSSEC签名，而这里的Zone不签名！", record.Type)
	case wildcard && (record.Type == "NS" || record.Type == "DNAME"):
		return domain.Refused("泛解析主机（*）不能添加%s记录！", record.Type)
	default:
		return nil
	}
}

func sameView(a, b RecordData) bool {
	return a.ViewID == b.ViewID && strings.EqualFold(a.Line, b.Line)
}
