package dns

import "github.com/opsledger/opsledger/domain"

// defaultLine is the line (线路) of an external zone's record where none is given.
const defaultLine = "default"

// recordPatch is a checked [RecordInput]. The value is checked in the decision,
// which knows the zone's name and the type.
type recordPatch struct {
	host, rrtype, value, comment, viewName *string
	ttl                                    *uint32
	zone                                   int64
}

func (in RecordInput) parse() (p recordPatch, err error) {
	if in.ZoneID == nil {
		return recordPatch{}, missing("zone_id")
	}
	p.zone = *in.ZoneID
	if p.host, err = parsed("host", in.Host, true, ParseHost); err != nil {
		return recordPatch{}, err
	}
	if p.rrtype, err = parsed("record_type", in.Type, false, ParseRecordType); err != nil {
		return recordPatch{}, err
	}
	if in.TTL != nil && *in.TTL > MaxTTL {
		return recordPatch{}, domain.Invalid("ttl", "必须是0到%d之间的整数！", MaxTTL)
	}
	p.ttl = in.TTL
	if p.value = given(in.Value); p.value == nil {
		return recordPatch{}, missing("value")
	}
	if p.viewName, err = parsed("view_name", in.ViewName, false, freeText("view_name")); err != nil {
		return recordPatch{}, err
	}
	if p.comment = in.Comment; p.comment != nil {
		err = domain.CheckText("comment", *p.comment, maxComment)
	}
	return p, err
}

const maxComment = 1000

// merge returns r with the fields that the request gave, but for the view. The value, which
// every request gives, is read as values are now.
func (p recordPatch) merge(r RecordData) RecordData {
	r.Literal = false
	set(&r.Host, p.host)
	set(&r.Type, p.rrtype)
	set(&r.TTL, p.ttl)
	set(&r.Value, p.value)
	set(&r.Comment, p.comment)
	return r
}

// place returns r with the view or line that was given. The view's holder must be loaded.
func (p recordPatch) place(r RecordData, zone *zoneFold, view *viewHolder) (RecordData, error) {
	if !zone.data.Group.Rendered() {
		set(&r.Line, p.viewName)
		if r.Line == "" {
			r.Line = defaultLine
		}
		return r, nil
	}
	if p.viewName == nil {
		return r, missing("view_name")
	}
	if _, linked := zone.links[view.HeldBy()]; view.HeldBy() == 0 || !linked {
		return r, domain.Invalid("view_name", "当前Zone没有关联View %q！", shorten(*p.viewName))
	}
	r.ViewID = view.HeldBy()
	return r, nil
}

// holder returns the fold that resolves the view's name.
func (p recordPatch) holder() *viewHolder {
	if p.viewName == nil {
		return viewNamed("")
	}
	return viewNamed(*p.viewName)
}
