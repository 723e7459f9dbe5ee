package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// zonePatch is a checked [ZoneInput].
type zonePatch struct {
	name, kind *string
	group      *ZoneGroup
	forwarders *[]string
	// views are ascending and without repeats; nil when none were given.
	views []int64
}

func (in ZoneInput) parse() (p zonePatch, err error) {
	if p.name, err = parsed("name", in.Name, true, ParseZoneName); err != nil {
		return zonePatch{}, err
	}
	if in.Group != nil {
		group := ZoneGroup(*in.Group)
		if group < GroupExternal || group > GroupHijack {
			return zonePatch{}, domain.Invalid("zone_group", "必须是1（内部）、0（外部）或2（劫持）！")
		}
		p.group = &group
	}
	if p.kind, err = parsed("zone_type", in.Type, true, parseZoneType); err != nil {
		return zonePatch{}, err
	}
	if p.forwarders, err = parsed("forwarders", in.Forwarders, false, ParseForwarders); err != nil {
		return zonePatch{}, err
	}
	p.views, err = parseViewIDs(in.ViewIDs)
	return p, err
}

func parseZoneType(text string) (string, error) {
	if text != ZoneMaster && text != ZoneForwardOnly {
		return "", domain.Invalid("zone_type", "必须是master或forward only！")
	}
	return text, nil
}

const maxZoneViews = 1000

func parseViewIDs(in *[]int64) ([]int64, error) {
	if in == nil {
		return nil, nil
	}
	ids := slices.Clone(*in)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > maxZoneViews {
		return nil, domain.Invalid("view_ids", "不能超过%d个！", maxZoneViews)
	}
	if len(ids) > 0 && ids[0] <= 0 {
		return nil, errNoView(ids[0])
	}
	return ids, nil
}

func errNoView(id int64) error { return domain.Invalid("view_ids", "View %d 不存在！", id) }

// merge returns z with the fields that the request gave, or says why the result
// is no sound zone. The views of an external zone are dropped: such a zone has
// none.
func (p zonePatch) merge(z ZoneData) (ZoneData, error) {
	set(&z.Name, p.name)
	set(&z.Type, p.kind)
	set(&z.Group, p.group)
	set(&z.Forwarders, p.forwarders)
	z.ViewIDs = nil
	if z.Group.Rendered() {
		if len(p.views) == 0 {
			return z, domain.Invalid("view_ids", "至少要关联一个View！")
		}
		z.ViewIDs = p.views
	}
	if z.Type == ZoneForwardOnly && len(z.Forwarders) == 0 {
		return z, domain.Invalid("forwarders", "forward only类型的Zone必须有转发地址！")
	}
	return z, nil
}
