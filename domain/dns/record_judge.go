package dns

import (
	"iter"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// maxRRset is how many octets the data of one RRset may take: a DNS message
// has 65,535, and an update replaces a whole RRset in one of them.
const maxRRset = 30_000

// rrOverhead is what a record takes in a message beside its data: a compressed
// owner name, type, class, TTL and length.
const rrOverhead = 12

// judgeRecords applies the rules about several records to the end of a change, see
// [AddRecord].
func judgeRecords(h domain.History, env domain.Env, decided []domain.Event) error {
	for _, event := range decided {
		var err error
		switch e := event.(type) {
		case RecordAdded:
			node := newNodeFold(e.ZoneID, e.Record.Host)
			err = judgeRecord(h, env, e.ID, e.Record, newZoneFold(e.ZoneID), node, node)
		case RecordUpdated:
			if err = judgeRemoval(h, e.ZoneID, e.Before); err == nil {
				node := newCutFold(e.ZoneID, e.After.Host)
				err = judgeRecord(h, env, e.ID, e.After, newZoneFold(e.ZoneID), node, &node.recordsFold)
			}
		case RecordDeleted:
			err = judgeRemoval(h, e.ZoneID, e.Record)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judgeRecord judges a record that was written, if it is still there at the change's end.
// The node is that of its name, and has loaded what the decision has loaded there.
func judgeRecord(h domain.History, env domain.Env, id int64, written RecordData, zone *zoneFold, loaded domain.Fold, node *recordsFold) error {
	if err := h.Load(zone, loaded); err != nil {
		return err
	}
	own, there := node.get(id)
	if is, live := zone.now(own); !there || !live || is.data != written {
		return nil
	}
	j := judge{history: h, zone: zone, own: own}
	if err := j.beside(node); err != nil {
		return err
	}
	if !zone.data.Group.Rendered() {
		return nil // what a provider's name servers make of it is the provider's to say
	}
	if err := j.acrossNames(node); err != nil {
		return err
	}
	return j.warn(env, node)
}

// judge judges one record, which was written by the change, beside those that were
// written before it.
type judge struct {
	history domain.History
	zone    *zoneFold
	own     placedRecord
}

// others goes through the live records at a name and in the record's view that were
// written before the record.
func (j judge) others(at *recordSet) iter.Seq[placedRecord] {
	return func(yield func(placedRecord) bool) {
		for _, other := range j.zone.liveOf(at) {
			if other.at < j.own.at && sameView(other.data, j.own.data) && !yield(other) {
				return
			}
		}
	}
}

// facts returns what decisions compare of a record's data.
func (j judge) facts(r placedRecord) *comparedRData { return r.rdata.of(j.zone.data.Name, r.data) }

// beside applies the rules about records of one name.
func (j judge) beside(node *recordsFold) error {
	if node.single() {
		return nil // a value alone is far below maxRRset
	}
	size := j.facts(j.own).octets
	for other := range j.others(&node.recordSet) {
		if other.data.Type != j.own.data.Type {
			if err := besideOtherType(other.data.Type, j.own.data); err != nil {
				return err
			}
			continue
		}
		octets, err := j.besideSameType(other)
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

func besideOtherType(other string, own RecordData) error {
	if other == "CNAME" || own.Type == "CNAME" {
		return errBesideCNAME()
	}
	if own.Host != Apex && (own.Type == "DNAME" && other == "NS" || own.Type == "NS" && other == "DNAME") {
		return domain.Refused("DNAME记录不能与NS记录共存，Zone的根（@）除外！")
	}
	return nil
}

// besideSameType says whether the record may stand beside another of its RRset, and how
// many octets the other adds to the RRset.
func (j judge) besideSameType(other placedRecord) (octets int, err error) {
	ours, theirs := j.facts(j.own), j.facts(other)
	if !theirs.sound {
		return 0, nil // written by an older program with other checks; it is no duplicate of a sound value
	}
	switch {
	case theirs.canonical == ours.canonical:
		return 0, errDuplicate()
	case j.own.data.Type == "CNAME":
		return 0, errBesideCNAME()
	case j.own.data.Type == "DNAME":
		return 0, domain.Refused("相同主机只能有一条DNAME记录！")
	case ours.lone || theirs.lone:
		return 0, domain.Refused("表示“不存在”或“全部删除”的%s记录必须是相同主机和类型的唯一一条！", j.own.data.Type)
	case ours.alias != theirs.alias:
		return 0, domain.Refused("%s记录的别名模式（优先级0）不能与服务模式共存！", j.own.data.Type)
	}
	return theirs.octets + rrOverhead, nil
}

func errDuplicate() *domain.Error {
	return domain.Refused("重复的Record，相同主机、类型、线路和值的Record已存在！")
}

// IsDuplicate says whether a record was refused since the same one is there.
func IsDuplicate(refusal *domain.Error) bool {
	return refusal.Text.Format == errDuplicate().Text.Format
}

func errBesideCNAME() *domain.Error {
	return domain.Refused("CNAME记录不能与相同主机的其他记录共存！")
}

// IsBesideCNAME says whether a record was refused since a CNAME is alone at its name.
func IsBesideCNAME(refusal *domain.Error) bool {
	return refusal.Text.Format == errBesideCNAME().Text.Format
}

// acrossNames applies the rules about records of several names.
func (j judge) acrossNames(node *recordsFold) error {
	switch own := j.own.data; {
	case own.Type == "DS":
		return j.hasNS(errDSWithoutNS())
	case own.Type == "NS" && own.Host == Apex:
		return j.nameServerIsNoAlias()
	case own.Type == "CNAME" || own.Type == "DNAME":
		return j.aliasIsNoNameServer()
	default:
		return nil
	}
}

// hasNS returns the error if no NS is at the record's own name.
func (j judge) hasNS(missing error) error {
	cut := newCutFold(j.zone.id, j.own.data.Host)
	if err := j.history.Load(cut); err != nil {
		return err
	}
	if !hasType(j.zone, &cut.recordSet, j.own.data, "NS") {
		return missing
	}
	return nil
}

func errDSWithoutNS() error {
	return domain.Refused("DS记录只能添加在有NS记录的主机上：没有委派就没有可以签名的下级Zone！")
}

// errDNAMEWithoutNS: the name servers that are generated for a zone without its own are
// inside the zone, and so below the DNAME.
func errDNAMEWithoutNS() error {
	return domain.Refused("Zone的根（@）有DNAME记录时，必须有指向Zone之外的NS记录！")
}

// hasType says whether a live record of the type is at a name in the view of another.
func hasType(zone *zoneFold, at *recordSet, like RecordData, rrtype string) bool {
	for _, r := range zone.liveOf(at) {
		if r.data.Type == rrtype && sameView(r.data, like) {
			return true
		}
	}
	return false
}

// nameServerIsNoAlias loads the name of an apex NS, and the names above it.
func (j judge) nameServerIsNoAlias() error {
	host, inside := j.targetHost(j.own)
	if !inside || host == Apex {
		return nil
	}
	nodes := []*recordsFold{newNodeFold(j.zone.id, host)}
	for _, above := range append(parents(host), Apex) {
		nodes = append(nodes, newNodeFold(j.zone.id, above))
	}
	folds := make([]domain.Fold, len(nodes))
	for i, n := range nodes {
		folds[i] = n
	}
	if err := j.history.Load(folds...); err != nil {
		return err
	}
	for i, n := range nodes {
		for other := range j.others(&n.recordSet) {
			if i == 0 && other.data.Type == "CNAME" || i > 0 && other.data.Type == "DNAME" {
				return errAliasedNS(host)
			}
		}
	}
	return nil
}

// aliasIsNoNameServer loads the apex, whose name servers the record could make aliases.
func (j judge) aliasIsNoNameServer() error {
	apex := newNodeFold(j.zone.id, Apex)
	if err := j.history.Load(apex); err != nil {
		return err
	}
	if j.own.data.Type == "DNAME" && j.own.data.Host == Apex {
		if err := j.hasNS(errDNAMEWithoutNS()); err != nil {
			return err
		}
	}
	own := FoldName(j.own.data.Host)
	for other := range j.others(&apex.recordSet) {
		if other.data.Type != "NS" {
			continue
		}
		host, inside := j.targetHost(other)
		switch {
		case !inside || host == Apex:
		case j.own.data.Type == "CNAME" && host == own,
			j.own.data.Type == "DNAME" && (own == Apex || strings.HasSuffix(host, "."+own)):
			return errAliasedNS(host)
		}
	}
	return nil
}

func errAliasedNS(host string) error {
	return domain.Refused("Zone的根（@）的NS记录不能指向别名：%s是CNAME，或位于DNAME之下（RFC 2181 10.3）！", shorten(host))
}

// targetHost returns the first name in a record's data relative to the zone, folded, as
// hosts are spelled, if it is inside the zone.
func (j judge) targetHost(r placedRecord) (host string, inside bool) {
	return hostIn(j.zone.data.Name, j.facts(r).target)
}

// judgeRemoval judges that a record is no longer what or where it was.
func judgeRemoval(h domain.History, zoneID int64, was RecordData) error {
	if was.Type != "NS" {
		return nil
	}
	zone, node := newZoneFold(zoneID), newNodeFold(zoneID, was.Host)
	if err := h.Load(zone, node); err != nil {
		return err
	}
	switch {
	case hasType(zone, &node.recordSet, was, "NS") || !zone.data.Group.Rendered():
	case was.Host == Apex && hasType(zone, &node.recordSet, was, "DNAME"):
		return errDNAMEWithoutNS()
	case hasType(zone, &node.recordSet, was, "DS"):
		return domain.Refused("主机%s还有DS记录，请先（或同时）删除DS记录，再删除最后一条NS记录！", shorten(was.Host))
	}
	return nil
}
