package bind

import (
	"context"
	"path/filepath"
	"slices"
)

// A large import makes a zone anew. Its file would be replaced for that in any case, see
// distribute.go, and what is replaced whole needs no list of what changes, nor a comparison
// with what named holds before: only one with what named holds after it.

// remakeAt is how many RRsets an import must change to make a zone anew. So many do not fit into a
// message, whatever they are.
const remakeAt = 5_000

// remakes says whether the import makes the copy anew.
func (i *heldImport) remakes(c *viewCopy) bool {
	n := max(len(i.added), len(i.removed))
	return n >= remakeAt && len(c.sets)+len(i.added) <= rewriteShare*n
}

// remake gives the copy all that the import has staged. A list of records that a worker may hold
// is replaced, and does not change.
func (i *heldImport) remake(c *viewCopy) {
	for _, r := range i.removed {
		left := slices.DeleteFunc(slices.Clone(c.sets[r.key]), func(m logRecord) bool { return m.id == r.record.id })
		if len(left) == 0 {
			delete(c.sets, r.key)
		} else {
			c.sets[r.key] = left
		}
	}
	if len(c.sets) < len(i.added)/2 {
		c.sets = grown(c.sets, len(i.added))
	}
	for _, r := range i.added {
		c.sets[r.key] = append(slices.Clip(c.sets[r.key]), r.record)
	}
}

// grown is the map with room for so many more.
func grown(sets map[setKey][]logRecord, more int) map[setKey][]logRecord {
	larger := make(map[setKey][]logRecord, len(sets)+more)
	for key, records := range sets {
		larger[key] = records
	}
	return larger
}

// remake notes that what is wanted was made anew.
func (z *zoneInView) remake() { z.tracked, z.trail, z.remade = nil, trail{}, true }

// mayRemake says whether the zone's file may be replaced although it is not known what named holds.
func (w *worker) mayRemake(j *job) bool {
	return j.full && j.remade && !j.byNames && j.installed.kind == kindPrimary && filepath.Dir(j.installed.file) == w.engine.layout.zones()
}

// remake replaces the zone's file, or compares the zone where named does not serve it as it should.
func (w *worker) remake(ctx context.Context, j job) (outcome, error) {
	held, err := w.soa(ctx, j.key)
	if err != nil || held.Serial == j.serial {
		return w.compare(ctx, j)
	}
	return w.rewrite(ctx, j, held)
}
