package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// AddRecord adds a record to a zone.
//
// Invariants of records, within one zone and view (or line), at the end of every change:
//  1. No two records of a name and type have the same data.
//  2. A CNAME is the only record at its name, and never at the apex.
//  3. A record's zone exists, is no forward-only zone, and is linked to the
//     record's view by the link that the record was written under.
//  4. The records of a name and type fit in one DNS message.
//  5. No name server of the apex that is inside the zone is an alias: neither a CNAME, nor
//     below a DNAME (RFC 2181, section 10.3).
//  6. A DS stands beside an NS, below the apex. A DNAME is the only one at its name; at the
//     apex it stands beside an NS, elsewhere beside none.
//  7. A record that says that there is nothing, a null MX (RFC 7505) or SRV, or a request to
//     remove all DS (RFC 8078), is the only one of its type at its name.
//
// Records that an older program took may break 5 and 7; what is added beside them must not.
type AddRecord struct{ patch recordPatch }

// NewAddRecord checks the form of a record. The type defaults to A, the TTL to the
// zone's default, an external zone's line to "default".
func NewAddRecord(in RecordInput) (AddRecord, error) {
	p, err := in.parse()
	return AddRecord{patch: p}, err
}

// Allocates implements [domain.Allocator].
func (AddRecord) Allocates() []domain.Sequence { return []domain.Sequence{domain.SequenceRecord} }

// Decide implements [domain.Command].
func (c AddRecord) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return decideAlone(c, h, env)
}

// Judge implements [domain.Judged].
func (c AddRecord) Judge(h domain.History, env domain.Env, decided []domain.Event) error {
	return judgeRecords(h, env, decided)
}

// DecidePart implements [domain.Judged].
func (c AddRecord) DecidePart(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, zone, view := access.NewActor(env.Actor), newZoneFold(c.patch.zone), c.patch.holder()
	node := newNodeFold(zone.id, *c.patch.host)
	if err := h.Load(append(glancesAbove(zone.id, *c.patch.host), node, actor, zone, view)...); err != nil {
		return nil, err
	}
	if !zone.exists {
		return nil, errNoZone()
	}
	if err := access.Authorize(h, actor, access.OnRecords(zone.target(), access.OperationUpdate)); err != nil {
		return nil, err
	}
	if err := zone.writable(env); err != nil {
		return nil, err
	}
	record := c.patch.merge(RecordData{Type: "A", TTL: zone.settings.TTL()})
	record, err := c.patch.place(record, zone, view)
	if err != nil {
		return nil, err
	}
	if err := checkRecord(zone, record); err != nil {
		return nil, err
	}
	return []domain.Event{RecordAdded{ID: env.NextID(domain.SequenceRecord), ZoneID: zone.id, Record: record}}, nil
}

// UpdateRecord changes a record, possibly its name, type or view, never its zone.
type UpdateRecord struct {
	id      int64
	patch   recordPatch
	ifMatch *domain.Position
}

// NewUpdateRecord checks the form of a change; type, TTL, comment and an
// external zone's line stay when not given.
func NewUpdateRecord(id int64, in RecordInput, ifMatch *domain.Position) (UpdateRecord, error) {
	if err := checkID("Record", id); err != nil {
		return UpdateRecord{}, err
	}
	p, err := in.parse()
	return UpdateRecord{id: id, patch: p, ifMatch: ifMatch}, err
}

// Decide implements [domain.Command].
func (c UpdateRecord) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return decideAlone(c, h, env)
}

// Judge implements [domain.Judged].
func (c UpdateRecord) Judge(h domain.History, env domain.Env, decided []domain.Event) error {
	return judgeRecords(h, env, decided)
}

// DecidePart implements [domain.Judged].
func (c UpdateRecord) DecidePart(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, view := access.NewActor(env.Actor), c.patch.holder()
	record, zone, err := c.load(h, actor, view)
	if err != nil {
		return nil, err
	}
	if err := record.mayWrite(h, env, zone, actor, access.OperationUpdate, c.ifMatch); err != nil {
		return nil, err
	}
	if err := c.checkZone(h, zone.id); err != nil {
		return nil, err
	}
	after, err := c.patch.place(c.patch.merge(record.data), zone, view)
	if err != nil || after == record.data {
		return nil, err
	}
	if err := checkRecord(zone, after); err != nil {
		return nil, err
	}
	return []domain.Event{RecordUpdated{ID: c.id, ZoneID: zone.id, Before: record.data, After: after}}, nil
}

// load returns the record and its zone, and loads more folds on the way. Most often the
// record is where the client says, and then what is at that name, which the judge reads
// anyway, tells all about the record.
func (c UpdateRecord) load(h domain.History, more ...domain.Fold) (*recordFold, *zoneFold, error) {
	zone, node := newZoneFold(c.patch.zone), newCutFold(c.patch.zone, *c.patch.host)
	if err := h.Load(append(append(more, zone, node), glancesAbove(zone.id, *c.patch.host)...)...); err != nil {
		return nil, nil, err
	}
	if own, there := node.get(c.id); there {
		record := &recordFold{id: c.id, recordState: recordState{exists: true, zone: zone.id, placedRecord: own}}
		return record.in(zone), zone, nil
	}
	return loadRecord(h, c.id)
}

// checkZone refuses to move the record to another zone.
func (c UpdateRecord) checkZone(h domain.History, own int64) error {
	if c.patch.zone == own {
		return nil
	}
	other := newZoneFold(c.patch.zone)
	if err := h.Load(other); err != nil {
		return err
	}
	if !other.exists {
		return errNoZone()
	}
	return domain.Invalid("zone_id", "不能把Record移动到其他Zone！")
}

// DeleteRecord removes a record.
type DeleteRecord struct {
	id      int64
	ifMatch *domain.Position
	at      *Node
}

// NewDeleteRecord returns the command; ids start at 1.
func NewDeleteRecord(id int64, ifMatch *domain.Position) (DeleteRecord, error) {
	return DeleteRecord{id: id, ifMatch: ifMatch}, checkID("Record", id)
}

// At is the command for a record that is known to be at an owner name: all records there are read
// at once, whatever is deleted of them.
func (c DeleteRecord) At(n Node) DeleteRecord {
	c.at = &n
	return c
}

// Decide implements [domain.Command].
func (c DeleteRecord) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return decideAlone(c, h, env)
}

// Judge implements [domain.Judged].
func (c DeleteRecord) Judge(h domain.History, env domain.Env, decided []domain.Event) error {
	return judgeRecords(h, env, decided)
}

// DecidePart implements [domain.Judged].
func (c DeleteRecord) DecidePart(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor := access.NewActor(env.Actor)
	record, zone, err := c.load(h, actor)
	if err != nil {
		return nil, err
	}
	if err := record.mayWrite(h, env, zone, actor, access.OperationDelete, c.ifMatch); err != nil {
		return nil, err
	}
	return []domain.Event{RecordDeleted{ID: c.id, ZoneID: zone.id, Record: record.data}}, nil
}

// load reads the record with its zone.
func (c DeleteRecord) load(h domain.History, more ...domain.Fold) (*recordFold, *zoneFold, error) {
	if c.at == nil {
		return loadRecord(h, c.id, more...)
	}
	zone, node := newZoneFold(c.at.Zone), newCutFold(c.at.Zone, c.at.Host)
	if err := h.Load(append(more, zone, node)...); err != nil {
		return nil, nil, err
	}
	if own, there := node.get(c.id); there {
		record := &recordFold{id: c.id, recordState: recordState{exists: true, zone: zone.id, placedRecord: own}}
		return record.in(zone), zone, nil
	}
	return loadRecord(h, c.id)
}
