package dns

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// maxRRset is how many octets the data of one RRset may take: a DNS message
// has 65,535, and an update replaces a whole RRset in one of them.
const maxRRset = 30_000

// loadRecord returns a live record with its zone if the actor may do the operation and
// the client's version is the current one. It loads more folds on the way.
func loadRecord(h domain.History, env domain.Env, id int64, o access.Operation, ifMatch *domain.Position, more ...domain.Fold) (*recordFold, *zoneFold, error) {
	actor, record := access.NewActor(env.Actor), newRecordFold(id)
	if err := h.Load(append(more, actor, record)...); err != nil {
		return nil, nil, err
	}
	if !record.exists {
		return nil, nil, notFound("Record", id)
	}
	zone := newZoneFold(record.zone)
	if err := h.Load(zone); err != nil {
		return nil, nil, err
	}
	if !zone.live(record.placedRecord) {
		return nil, nil, notFound("Record", id)
	}
	if err := access.Authorize(h, actor, access.OnRecord(record.target(), zone.target(), o)); err != nil {
		return nil, nil, err
	}
	return record, zone, domain.CheckVersion(ifMatch, record.at)
}

func errNoZone() error {
	return domain.Refused("当前Zone不存在，请检查zone_id是否正确！")
}

// checkRecord says whether the record may stand in its zone beside the other
// records at its name. id is the record's own, 0 for a new one.
func checkRecord(zone *zoneFold, node *recordsFold, id int64, record RecordData) error {
	if zone.data.Type == ZoneForwardOnly {
		return domain.Refused("forward only类型的Zone不能有Record！")
	}
	if err := checkOwnerName(record.Host, zone.data.Name); err != nil {
		return err
	}
	rdata, err := ParseRData(zone.data.Name, record.Type, record.Value)
	if err != nil {
		return err
	}
	if err := checkTypeAtHost(record); err != nil {
		return err
	}
	if node.empty() {
		return nil // a value alone is far below maxRRset
	}
	size, canonical := rdata.WireLen(), rdata.Canonical()
	for otherID, other := range node.all() {
		if otherID == id || !zone.live(other) || !sameView(other.data, record) {
			continue
		}
		octets, err := checkBeside(zone, other, record, canonical)
		if err != nil {
			return err
		}
		size += octets
	}
	if size > maxRRset {
		return domain.Refused("相同主机和类型的Record太多，数据合计不能超过%d字节！", maxRRset)
	}
	return nil
}

// checkTypeAtHost refuses types that named does not load at some names.
func checkTypeAtHost(record RecordData) error {
	switch {
	case record.Type == "CNAME" && record.Host == Apex:
		return domain.Refused("Zone的根（@）不能添加CNAME记录！")
	case record.Type == "NS" && strings.HasPrefix(record.Host, "*"):
		return domain.Refused("泛解析主机（*）不能添加NS记录！")
	default:
		return nil
	}
}

func sameView(a, b RecordData) bool {
	return a.ViewID == b.ViewID && strings.EqualFold(a.Line, b.Line)
}

// checkBeside says whether a record may stand beside another at the same name,
// and how many octets the other adds to its RRset.
func checkBeside(zone *zoneFold, other placedRecord, record RecordData, canonical string) (octets int, err error) {
	if other.data.Type != record.Type {
		if other.data.Type == "CNAME" || record.Type == "CNAME" {
			return 0, errBesideCNAME()
		}
		return 0, nil
	}
	theirs := other.rdata.of(zone.data.Name, other.data)
	if !theirs.sound {
		return 0, nil // written by an older program with other checks; it is no duplicate of a sound value
	}
	if theirs.canonical == canonical {
		return 0, domain.Refused("重复的Record，相同主机、类型、线路和值的Record已存在！")
	}
	if record.Type == "CNAME" {
		return 0, errBesideCNAME()
	}
	return theirs.octets + rrOverhead, nil
}

// rrOverhead is what a record takes in a message beside its data: a compressed
// owner name, type, class, TTL and length.
const rrOverhead = 12

func errBesideCNAME() error {
	return domain.Refused("CNAME记录不能与相同主机的其他记录共存！")
}
