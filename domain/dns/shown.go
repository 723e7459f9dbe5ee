package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Shown returns what a credential lets a program read of an event that its user sees, and
// whether that is anything. The zone is the name of the one that the event is on, or whose
// records it is on, empty for any other event.
//
//  1. An event on a record is shown if every state that it tells of is within the bounds.
//  2. Of an event on many records those are left that are.
//  3. A narrow credential sees nothing but zones that it covers and their records.
//     Drift is told in texts, which may be of any record.
//  4. One for some of a zone's records sees the records that an import stages, but not the import's
//     begin and end: these count and blame records that it does not cover.
func Shown(c *access.CredentialState, zone string, e domain.Event) (domain.Event, bool) {
	if c.View == 0 && !c.Restrict.Narrow() {
		return e, true
	}
	covers := func(states ...RecordData) bool {
		for _, s := range states {
			if c.View != 0 && s.ViewID != c.View || !c.Restrict.CoversRecord(FullName(s.Host, zone), s.Type) {
				return false
			}
		}
		return c.Restrict.CoversZone(zone)
	}
	ofZone := func(names ...string) bool {
		for _, name := range names {
			if !c.Restrict.CoversZone(name) {
				return false
			}
		}
		return c.Restrict.CoversZone(zone)
	}
	ofImport := func(view int64) bool {
		return ofZone() && (c.View == 0 || c.View == view) && !c.Restrict.OfRecords()
	}
	switch e := e.(type) {
	case RecordAdded:
		return e, covers(e.Record)
	case RecordUpdated:
		return e, covers(e.Before, e.After)
	case RecordDeleted:
		return e, covers(e.Record)
	case RecordsStaged:
		e = e.only(covers)
		return e, e.Len() > 0
	case ZoneCreated:
		return e, ofZone(e.Zone.Name)
	case ZoneUpdated:
		return e, ofZone(e.Before.Name, e.After.Name)
	case ZoneDeleted:
		return e, ofZone(e.Zone.Name)
	case ZoneRestored:
		if e.Before != nil {
			return e, ofZone(e.Before.Name, e.After.Name)
		}
		return e, ofZone(e.After.Name)
	case ZoneSettingsChanged:
		return e, ofZone()
	case DriftFound:
		return e, !c.Restrict.Narrow() && (c.View == 0 || e.ViewID == c.View)
	case ImportBegun:
		return e, ofImport(e.ViewID)
	case ZoneImported:
		return e, ofImport(e.ViewID)
	case ImportVoided:
		return e, ofImport(e.ViewID)
	default:
		return e, !c.Restrict.Narrow()
	}
}

// only returns the event with those of its records whose states are covered.
func (e RecordsStaged) only(covered func(...RecordData) bool) RecordsStaged {
	some := RecordsStaged{Import: e.Import, ZoneID: e.ZoneID, ViewID: e.ViewID}
	for _, r := range e.Added {
		if covered(r.Record) {
			some.Added = append(some.Added, r)
		}
	}
	for _, r := range e.Changed {
		if covered(r.Before, r.After) {
			some.Changed = append(some.Changed, r)
		}
	}
	for _, r := range e.Removed {
		if covered(r.Record) {
			some.Removed = append(some.Removed, r)
		}
	}
	return some
}
