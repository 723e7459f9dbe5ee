package dnsmodel

import (
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

func (b *batch) recordAdded(e domain.Recorded, event dns.RecordAdded) error {
	record := recordRow{Record: Record{ID: event.ID, ZoneID: event.ZoneID, Created: e.At, Changed: e.Position}}
	if err := b.putOnLink(&record, event.Record, e.Position); err != nil {
		return err
	}
	creator, err := b.operators.Of(e)
	if err != nil {
		return err
	}
	record.Creator = creator
	if err := b.records.Add(record); err != nil {
		return err
	}
	b.state.records++
	return b.logRecord(e, oplog.OperationAdd, record, record)
}

func (b *batch) recordUpdated(e domain.Recorded, event dns.RecordUpdated) error {
	var served domain.Position // 0 while what is served stays as it is
	if event.Before.Served() != event.After.Served() {
		served = e.Position
	}
	before, err := b.takeOffLink(event.ID, event.ZoneID, event.Before, served)
	if err != nil {
		return err
	}
	after := before
	after.Changed = e.Position
	if err := b.putOnLink(&after, event.After, served); err != nil {
		return err
	}
	b.records.Put(after)
	return b.logRecord(e, oplog.OperationChange, after, before)
}

func (b *batch) recordDeleted(e domain.Recorded, event dns.RecordDeleted) error {
	record, err := b.takeOffLink(event.ID, event.ZoneID, event.Record, e.Position)
	if err != nil {
		return err
	}
	b.records.Drop(record.ID)
	b.state.records--
	return b.logRecord(e, oplog.OperationDelete, record, record)
}

// putOnLink gives the record its data and the link of its zone to the view that the
// data names, where the zone's content changed at the position.
func (b *batch) putOnLink(record *recordRow, data dns.RecordData, served domain.Position) error {
	link, err := b.linkOf(record.ZoneID, data.ViewID)
	if err != nil {
		return err
	}
	record.RecordData, record.link = data, link.link
	record.typed, record.place = dns.TypedName(data.Host), dns.Place(data.Host)
	link.records++
	link.changed = max(link.changed, served)
	b.links.Put(link)
	return nil
}

// takeOffLink takes a visible record off its link. The event says what the record was.
func (b *batch) takeOffLink(id, zone int64, was dns.RecordData, served domain.Position) (recordRow, error) {
	record, exists := b.records.Get(id)
	if !exists || record.ZoneID != zone {
		return record, fmt.Errorf("record %d does not exist in zone %d", id, zone)
	}
	link, err := b.linkOf(zone, record.ViewID)
	if err != nil {
		return record, err
	}
	if link.link != record.link {
		return record, fmt.Errorf("record %d went when view %d was unlinked from zone %d", id, record.ViewID, zone)
	}
	if record.RecordData != was {
		return record, fmt.Errorf("record %d was not as the event says", id)
	}
	link.records--
	link.changed = max(link.changed, served)
	b.links.Put(link)
	return record, nil
}

// logRecord writes an entry on a record, which shows the given state of it, that before a
// change.
func (b *batch) logRecord(e domain.Recorded, operation string, record, shown recordRow) error {
	zone, err := b.zones.Find(record.ZoneID)
	if err != nil {
		return err
	}
	was, err := b.recordDetail(shown)
	if err != nil {
		return err
	}
	texts := oplog.Stated(was)
	if operation == oplog.OperationChange {
		is, err := b.recordDetail(record)
		if err != nil {
			return err
		}
		texts = oplog.Changed(was, is)
	}
	target := oplog.Target{Type: oplog.TargetRecord, Name: record.Host, ID: record.ID, Resource: record.ZoneID, Zone: zone.Name}
	return b.log(e, operation, target, texts)
}

func (b *batch) recordDetail(r recordRow) (*oplog.Detail, error) {
	line := r.Line
	if r.ViewID != 0 {
		view, err := b.views.Find(r.ViewID)
		if err != nil {
			return nil, err
		}
		line = view.Name
	}
	d := oplog.NewDetail()
	d.Number("id", r.ID)
	d.Line("记录主机", r.Host)
	d.Line("记录类型", r.Type)
	d.Line("记录值", r.Value)
	d.Number("TTL", int64(r.TTL))
	d.Line("线路类型", line)
	d.Line("备注", r.Comment)
	d.Line("创建人", r.Creator)
	d.Line("创建时间", r.Created.In(b.location).Format(time.DateTime))
	return d, nil
}
