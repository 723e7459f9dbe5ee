package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoRecord undoes what one event did to a record, which keeps its id.
//
// Invariants:
//  1. It needs the right of the same change made by hand, and lies within the same bounds.
//  2. It holds only while the record is as the event left it; else the refusal, with
//     [domain.CodeChanged], says by which event it is not, where that is known.
//  3. At the end of the change all rules about records hold, see [AddRecord]. What the record was
//     need not be what is taken of clients today: an event keeps the meaning that it had.
type UndoRecord struct {
	id, zone int64
	// was and is are the record before and after the event, nil for none.
	was, is *RecordData
}

// NewUndoRecord returns the command for an event on one record.
func NewUndoRecord(e domain.Event) UndoRecord { return NewRevertRecord(AboutRecord(e)) }

// AboutRecord says which record an event is on, of which zone, and what it is before and after the
// event, nil for none. Of any other event it says nothing.
func AboutRecord(e domain.Event) (id, zone int64, was, is *RecordData) {
	switch e := e.(type) {
	case RecordAdded:
		return e.ID, e.ZoneID, nil, &e.Record
	case RecordUpdated:
		return e.ID, e.ZoneID, &e.Before, &e.After
	case RecordDeleted:
		return e.ID, e.ZoneID, &e.Record, nil
	default:
		return 0, 0, nil, nil
	}
}

// NewRevertRecord returns the command that makes a record what it was, while it is what it is; nil
// stands for none.
func NewRevertRecord(id, zone int64, was, is *RecordData) UndoRecord {
	return UndoRecord{id: id, zone: zone, was: was, is: is}
}

// Decide implements [domain.Command].
func (c UndoRecord) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	return decideAlone(c, h, env)
}

// Judge implements [domain.Judged].
func (c UndoRecord) Judge(h domain.History, env domain.Env, decided []domain.Event) error {
	return judgeRecords(h, env, decided)
}

// DecidePart implements [domain.Judged].
func (c UndoRecord) DecidePart(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, stored, zone := access.NewActor(env.Actor), newUndoneRecord(c.id), newZoneFold(c.zone)
	if err := h.Load(append(c.nodes(), actor, stored, zone)...); err != nil {
		return nil, err
	}
	if !zone.exists {
		return nil, domain.Changed(zone.changed, "the zone of record %d is gone", c.id)
	}
	record := stored.in(zone)
	if err := access.Authorize(h, actor, c.right(record, zone)); err != nil {
		return nil, err
	}
	events := []domain.Event{c.event()}
	if err := env.CheckBounds(h, events); err != nil {
		return nil, err
	}
	if err := zone.writable(env); err != nil {
		return nil, err
	}
	if err := c.stands(record, stored, zone); err != nil {
		return nil, err
	}
	return events, c.fits(zone)
}

// nodes are what the judge will ask for, so that it is read at once.
func (c UndoRecord) nodes() (folds []domain.Fold) {
	switch {
	case c.was == nil:
	case c.is == nil:
		folds = append(folds, newNodeFold(c.zone, c.was.Host))
	default:
		folds = append(folds, newCutFold(c.zone, c.was.Host))
	}
	return folds
}

func (c UndoRecord) right(record *recordFold, zone *zoneFold) access.Right {
	switch {
	case c.is == nil:
		return access.OnRecords(zone.target(), access.OperationUpdate)
	case c.was == nil:
		return access.OnRecord(record.target(), zone.target(), access.OperationDelete)
	default:
		return access.OnRecord(record.target(), zone.target(), access.OperationUpdate)
	}
}

func (c UndoRecord) event() domain.Event {
	switch {
	case c.is == nil:
		return RecordAdded{ID: c.id, ZoneID: c.zone, Record: *c.was}
	case c.was == nil:
		return RecordDeleted{ID: c.id, ZoneID: c.zone, Record: *c.is}
	default:
		return RecordUpdated{ID: c.id, ZoneID: c.zone, Before: *c.is, After: *c.was}
	}
}

// stands refuses if the record is not as the event left it.
func (c UndoRecord) stands(record *recordFold, stored *undoneRecord, zone *zoneFold) error {
	switch {
	case c.is == nil && record.exists:
		return domain.Changed(record.at, "record %d is there again", c.id)
	case c.is != nil && !record.exists && stored.exists: // its link has ended
		return domain.Changed(zone.changed, "record %d is gone", c.id)
	case c.is != nil && !record.exists:
		return domain.Changed(stored.at, "record %d is gone", c.id)
	case c.is != nil && record.data != *c.is:
		return domain.Changed(record.at, "record %d was changed since", c.id)
	}
	return nil
}

// fits refuses what the record was if the zone has no place for it any more.
func (c UndoRecord) fits(zone *zoneFold) error {
	if c.was == nil {
		return nil
	}
	if _, linked := zone.links[c.was.ViewID]; !linked {
		return domain.Changed(zone.changed, "the zone is not linked to the view of record %d any more", c.id)
	}
	if zone.data.Type == ZoneForwardOnly {
		return domain.Refused("forward only类型的Zone不能有Record！")
	}
	_, err := RecordRR(zone.data.Name, *c.was)
	return err
}

// undoneRecord is a recordFold for decisions that a record which comes back disturbs: here
// alone is a record asked for that may not be there.
type undoneRecord struct{ recordFold }

func newUndoneRecord(id int64) *undoneRecord { return &undoneRecord{recordFold{id: id}} }

// Item implements [domain.Fold].
func (f *undoneRecord) Item() domain.Item {
	return domain.Item{Tag: TagRecord(f.id), Types: recordTypes}
}
