package dnsmodel

import (
	"fmt"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/oplog"
)

func (b *batch) recordAdded(e domain.Recorded, event dns.RecordAdded) error {
	record := recordRow{Record: Record{ID: event.ID, ZoneID: event.ZoneID, Created: e.At, Changed: e.Position}}
	if err := b.putOnLink(&record, event.Record, e.Position, e.Position); err != nil {
		return err
	}
	var err error
	if record.Creator, err = b.operators.Of(e); err != nil {
		return err
	}
	add := b.records.Add
	if e.Causation != 0 {
		b.bornBefore(&record)
		add = b.addAgain
	}
	if err := add(record); err != nil {
		return err
	}
	b.noteLife(record)
	b.state.records++
	return b.logRecord(e, oplog.OperationAdd, record, record)
}

func (b *batch) recordUpdated(e domain.Recorded, event dns.RecordUpdated) error {
	var served domain.Position // 0 while what is served stays as it is
	if event.Before.Served() != event.After.Served() {
		served = e.Position
	}
	before, err := b.takeOffLink(event.ID, event.ZoneID, event.Before, served, e.Position)
	if err != nil {
		return err
	}
	after := before
	after.Changed = e.Position
	if err := b.putOnLink(&after, event.After, served, e.Position); err != nil {
		return err
	}
	if before.key() != after.key() {
		b.records.Drop(before.key())
	}
	b.records.Put(after)
	b.noteLife(after)
	return b.logRecord(e, oplog.OperationChange, after, before)
}

func (b *batch) recordDeleted(e domain.Recorded, event dns.RecordDeleted) error {
	record, err := b.takeOffLink(event.ID, event.ZoneID, event.Record, e.Position, e.Position)
	if err != nil {
		return err
	}
	b.records.Drop(record.key())
	b.state.records--
	return b.logRecord(e, oplog.OperationDelete, record, record)
}

// putOnLink gives the record its data and the link of its zone to the view that the
// data names, where a record was written at a position, and the zone's content changed at
// another, 0 for not at all.
func (b *batch) putOnLink(record *recordRow, data dns.RecordData, served, written domain.Position) error {
	link, err := b.linkOf(record.ZoneID, data.ViewID)
	if err != nil {
		return err
	}
	record.set(data)
	if record.ends = 0; !slices.Contains(link.links, record.link) {
		record.link = link.links[0]
	}
	link.records++
	link.changed, link.written = max(link.changed, served), written
	b.putLink(link)
	return nil
}

// takeOffLink takes a visible record off its link. The event says what the record was.
func (b *batch) takeOffLink(id, zone int64, was dns.RecordData, served, written domain.Position) (recordRow, error) {
	record, link, err := b.visible(id, zone, was)
	if err != nil {
		return record, err
	}
	link.records--
	link.changed, link.written = max(link.changed, served), written
	b.putLink(link)
	return record, nil
}

// visible returns a record that is visible, with its link. The event says what it was.
func (b *batch) visible(id, zone int64, was dns.RecordData) (recordRow, linkRow, error) {
	link, exists := b.links.Get(linkKey{zone, was.ViewID})
	if !exists {
		return recordRow{}, link, b.notVisible(id, zone)
	}
	for _, n := range link.links {
		record, exists := b.records.Get(recordKey{id, n})
		if !exists || slices.Contains(link.links, record.ends) {
			continue
		}
		if record.ZoneID != zone || record.RecordData != was {
			return record, link, fmt.Errorf("record %d was not as the event says", id)
		}
		return record, link, nil
	}
	return recordRow{}, link, b.notVisible(id, zone)
}

// notVisible says why a record is not visible as an event says.
func (b *batch) notVisible(id, zone int64) error {
	why := fmt.Errorf("record %d does not exist in zone %d", id, zone)
	for record := range b.records.All() {
		if record.ID != id || record.ZoneID != zone {
			continue
		}
		why = fmt.Errorf("record %d went when view %d was unlinked from zone %d, or by an import", id, record.ViewID, zone)
		if link, exists := b.links.Get(linkKey{zone, record.ViewID}); exists && slices.Contains(link.links, record.link) {
			return fmt.Errorf("record %d was not as the event says", id)
		}
	}
	return why
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
