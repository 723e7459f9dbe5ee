package dnsmodel

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

func (b *batch) zoneCreated(e domain.Recorded, event dns.ZoneCreated) error {
	zone := zoneRow{Zone: Zone{ID: event.ID, ZoneData: event.Zone, Changed: e.Position}, typed: dns.TypedName(event.Zone.Name)}
	if _, err := b.relink(&zone, nil, dns.LinkedViews(zone.ZoneData)); err != nil {
		return err
	}
	if err := b.zones.Add(zone); err != nil {
		return err
	}
	b.resourceCreated(e, access.KindZone, zone.ID, zone.Name, event.Privilege)
	b.state.zones++
	text, err := b.zoneDetail(zone)
	if err != nil {
		return err
	}
	return b.log(e, oplog.OperationAdd, zoneTarget(zone), oplog.Stated(text))
}

func (b *batch) zoneUpdated(e domain.Recorded, event dns.ZoneUpdated) error {
	before, err := b.zone(event.ID, event.Before)
	if err != nil {
		return err
	}
	was, err := b.zoneDetail(before)
	if err != nil {
		return err
	}
	after := before
	after.ZoneData, after.Changed, after.typed = event.After, e.Position, dns.TypedName(event.After.Name)
	gone, err := b.relink(&after, dns.LinkedViews(before.ZoneData), dns.LinkedViews(after.ZoneData))
	if err != nil {
		return err
	}
	if dns.ServedOtherwise(before.ZoneData, after.ZoneData) {
		b.touchLinks(after, e.Position)
	}
	b.zones.Put(after)
	if err := b.resourceNamed(e, access.KindZone, after.ID, after.Name); err != nil {
		return err
	}
	if gone > 0 {
		was.Number(removedRecords, gone)
	}
	is, err := b.zoneDetail(after)
	if err != nil {
		return err
	}
	return b.log(e, oplog.OperationChange, zoneTarget(after), oplog.Changed(was, is))
}

func (b *batch) zoneDeleted(e domain.Recorded, event dns.ZoneDeleted) error {
	zone, err := b.zone(event.ID, event.Zone)
	if err != nil {
		return err
	}
	text, err := b.zoneDetail(zone)
	if err != nil {
		return err
	}
	gone, err := b.relink(&zone, dns.LinkedViews(zone.ZoneData), nil)
	if err != nil {
		return err
	}
	b.zones.Drop(zone.ID)
	if _, has := b.settings.Get(zone.ID); has {
		b.settings.Drop(zone.ID)
	}
	if err := b.resourceDeleted(e, access.KindZone, zone.ID); err != nil {
		return err
	}
	b.state.zones--
	text.Number(removedRecords, gone)
	return b.log(e, oplog.OperationDelete, zoneTarget(zone), oplog.Stated(text))
}

// zone returns the zone, which the event says was so.
func (b *batch) zone(id int64, was dns.ZoneData) (zoneRow, error) {
	zone, err := b.zones.Find(id)
	if err != nil {
		return zone, err
	}
	if is := zone.ZoneData; is.Name != was.Name || is.Group != was.Group || is.Type != was.Type ||
		!slices.Equal(is.Forwarders, was.Forwarders) || !slices.Equal(is.ViewIDs, was.ViewIDs) {
		return zone, fmt.Errorf("zone %d was not as the event says", id)
	}
	return zone, nil
}

func zoneTarget(z zoneRow) oplog.Target {
	return oplog.Target{Type: oplog.TargetZone, Name: z.Name, ID: z.ID, Resource: z.ID, Zone: z.Name}
}

func (b *batch) zoneDetail(z zoneRow) (*oplog.Detail, error) {
	views, err := b.viewNames(z.ViewIDs)
	if err != nil {
		return nil, err
	}
	d := oplog.NewDetail()
	d.Number("id", z.ID)
	d.Line("Zone名称", z.Name)
	d.Line("Zone归属", groupText(z.Group))
	d.Line("Zone类型", z.Type)
	d.Names("关联View", views)
	return d, nil
}

// removedRecords is the label of how many records went with a zone or its links.
const removedRecords = "删除记录数"

func groupText(g dns.ZoneGroup) string {
	switch g {
	case dns.GroupExternal:
		return "外部域名"
	case dns.GroupInternal:
		return "内部域名"
	case dns.GroupHijack:
		return "劫持域名"
	default:
		return strconv.Itoa(int(g))
	}
}
