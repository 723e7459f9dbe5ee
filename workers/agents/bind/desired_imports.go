package bind

import (
	"fmt"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// maxHeld is how many records of imports that are under way are held. Of an import for which there
// was no room the whole zone comes with a snapshot, once it is done.
const maxHeld = 4_000_000

// heldImport is what an import has staged, which named is not to serve before it is done.
type heldImport struct {
	staged dns.ImportCounts
	// removed go, and added come; what changes does both.
	removed, added []heldRecord
}

// heldRecord is a record with the key of its RRset.
type heldRecord struct {
	key    setKey
	record logRecord
}

func heldAt(key setKey, records []logRecord) []heldRecord {
	all := make([]heldRecord, len(records))
	for i, r := range records {
		all[i] = heldRecord{key, r}
	}
	return all
}

func (i *heldImport) size() int { return len(i.removed) + len(i.added) }

// stage holds what an import stages. Of an import whose begin was not seen nothing is held: parts of
// it would be missing.
func (s *desiredState) stage(e dns.RecordsStaged) error {
	held := s.imports[e.Import]
	if held == nil {
		return nil
	}
	for _, r := range e.Added {
		if err := s.hold(&held.added, r.ID, e.ZoneID, r.Record); err != nil {
			return err
		}
	}
	for _, r := range e.Changed {
		if err := s.hold(&held.removed, r.ID, e.ZoneID, r.Before); err != nil {
			return err
		}
		if err := s.hold(&held.added, r.ID, e.ZoneID, r.After); err != nil {
			return err
		}
	}
	for _, r := range e.Removed {
		if err := s.hold(&held.removed, r.ID, e.ZoneID, r.Record); err != nil {
			return err
		}
	}
	held.staged = held.staged.Plus(e.Counts())
	all := 0
	for _, i := range s.imports {
		all += i.size()
	}
	if all > maxHeld {
		delete(s.imports, e.Import)
	}
	return nil
}

// hold renders a record, which cannot come out otherwise later: nothing else changes the zone
// while the import is under way.
func (s *desiredState) hold(to *[]heldRecord, id, zone int64, d dns.RecordData) error {
	at, served, err := s.locate(id, zone, d)
	if served {
		*to = append(*to, heldRecord{at.key, at.record})
	}
	return err
}

// hasAll returns an error if the state lacks what a change shows: a part of an import that it ends,
// or the records that a zone has again. It asks for a snapshot.
func (s *desiredState) hasAll(c Change) error {
	for _, e := range c.Events {
		if restored, is := e.Event.(dns.ZoneRestored); is && restored.After.Group.Rendered() {
			return fmt.Errorf("zone %d has records again that are not held", restored.ID)
		}
		end, is := e.Event.(dns.ZoneImported)
		if held := s.imports[end.Import]; is && (held == nil || held.staged != end.ImportCounts) {
			return fmt.Errorf("not all of import %d was seen", end.Import)
		}
	}
	return nil
}

// finishImport makes all of an import wanted, as one change.
func (s *desiredState) finishImport(e dns.ZoneImported, p domain.Position) error {
	held := s.imports[e.Import]
	delete(s.imports, e.Import)
	zone := s.zones[e.ZoneID]
	if zone == nil || zone.copies[e.ViewID] == nil {
		return fmt.Errorf("zone %d of import %d is not served in view %d", e.ZoneID, e.Import, e.ViewID)
	}
	z, c := s.copyFor(e.ZoneID, dns.RecordData{ViewID: e.ViewID})
	switch {
	case c != nil && held.remakes(c):
		held.remake(c)
		z.remake()
		s.follow(z, c, held.removed, held.added, p)
		c.changed = p
		s.markDirty(z, p)
	case c != nil:
		for key, records := range held.apply(c) {
			s.replaceSet(locatedRecord{zone: z, copy: c, key: key}, records, p)
		}
		s.follow(z, c, held.removed, held.added, p)
	}
	s.touch(zone, e.ViewID, p)
	return nil
}

// apply returns the RRsets that the import changes, as they are after it.
func (i *heldImport) apply(c *viewCopy) map[setKey][]logRecord {
	sets := make(map[setKey][]logRecord, i.size())
	now := func(key setKey) []logRecord {
		if records, touched := sets[key]; touched {
			return records
		}
		return slices.Clone(c.sets[key]) // a list that a worker may hold never changes
	}
	for _, r := range i.removed {
		sets[r.key] = slices.DeleteFunc(now(r.key), func(m logRecord) bool { return m.id == r.record.id })
	}
	for _, r := range i.added {
		sets[r.key] = append(now(r.key), r.record)
	}
	return sets
}
