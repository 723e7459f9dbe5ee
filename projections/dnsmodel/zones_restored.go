package dnsmodel

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

// restoredRecords is the label of how many records came back with links.
const restoredRecords = "恢复记录数"

// zoneRestored opens links as they were when they ended. It costs what there are links.
func (b *batch) zoneRestored(e domain.Recorded, event dns.ZoneRestored) error {
	after := zoneRow{Zone: Zone{ID: event.ID, ZoneData: event.After, Changed: e.Position}, typed: dns.TypedName(event.After.Name)}
	var was *oplog.Detail
	var linked []int64
	if event.Before == nil {
		after.links = b.lastLink(event.ID)
	} else {
		before, err := b.zone(event.ID, *event.Before)
		if err != nil {
			return err
		}
		if was, err = b.zoneDetail(before); err != nil {
			return err
		}
		after.links, linked = before.links, dns.LinkedViews(before.ZoneData)
	}
	records := b.state.records
	for _, l := range event.Links {
		if err := b.reopen(event.ID, l.View, e.Position); err != nil {
			return err
		}
		linked = append(linked, l.View)
	}
	restored := b.state.records - records
	gone, err := b.relink(&after, linked, dns.LinkedViews(event.After))
	if err != nil {
		return err
	}
	if event.Before != nil && dns.ServedOtherwise(*event.Before, event.After) {
		b.touchLinks(after, e.Position)
	}
	if err := b.putRestored(e, event, after); err != nil {
		return err
	}
	is, err := b.zoneDetail(after)
	if err != nil {
		return err
	}
	is.Number(restoredRecords, restored)
	if was == nil {
		return b.log(e, oplog.OperationAdd, zoneTarget(after), oplog.Stated(is))
	}
	if gone > 0 {
		was.Number(removedRecords, gone)
	}
	return b.log(e, oplog.OperationChange, zoneTarget(after), oplog.Changed(was, is))
}

// putRestored stores the zone, and of one that was deleted what it had beside its links.
func (b *batch) putRestored(e domain.Recorded, event dns.ZoneRestored, zone zoneRow) error {
	if event.Before != nil {
		b.zones.Put(zone)
		return b.resourceNamed(e, access.KindZone, zone.ID, zone.Name)
	}
	if err := b.zones.Add(zone); err != nil {
		return err
	}
	b.state.zones++
	if event.Settings != (dns.ZoneSettings{}) {
		b.settings.Put(ZoneSettings{ZoneID: zone.ID, ZoneSettings: event.Settings, Changed: e.Position})
	}
	return b.resourceRestored(e, access.KindZone, zone.ID, zone.Name)
}
