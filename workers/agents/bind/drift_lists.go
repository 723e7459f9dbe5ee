package bind

import (
	"context"
	"os"
	"time"
)

// zoneLists are the states of views' new-zone databases that were read last.
type zoneLists map[int64]listState

// listState tells one state of a database from the next: named changes it with every zone that is
// added or removed.
type listState struct {
	written time.Time
	size    int64
}

// stateOf returns the state of a view's database, the zero state for none.
func (e *Engine) stateOf(view int64) (s listState) {
	for _, path := range []string{e.layout.zoneDatabase(view), e.layout.zoneList(view)} {
		if info, err := os.Stat(path); err == nil {
			return listState{info.ModTime(), info.Size()}
		}
	}
	return s
}

// compareLists queues the zones that somebody else has added or removed, of those views whose list of
// zones is another than it was.
func (e *Engine) compareLists(ctx context.Context, lists zoneLists) error {
	for _, view := range e.configuredViews() {
		state := e.stateOf(view)
		if lists[view] == state && !state.written.IsZero() {
			continue
		}
		before := e.atRestIn(view)
		list, err := e.listZones(ctx, view)
		if err != nil {
			return err
		}
		lists[view] = state
		e.compareList(view, list, before)
	}
	return nil
}

// atRestIn are the zones that named should have in a view, and that nobody works on, with what is
// known of them.
func (e *Engine) atRestIn(view int64) map[*zoneInView]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	zones := map[*zoneInView]int{}
	for key, z := range e.state.inView {
		if key.view == view && z.want != nil && z.restingAs(z.generation) {
			zones[z] = z.generation
		}
	}
	return zones
}

// restingAs says whether named should have the zone, which is not worked on, as it was wanted in a
// generation.
func (z *zoneInView) restingAs(generation int) bool {
	return z.generation == generation && !z.working && !z.queued && z.awaited == nil && z.unapplied() == 0 && z.failure == nil && z.proved()
}

// compareList compares a view's list of zones with what named should have. before are the zones that
// were at rest before the list was read.
func (e *Engine) compareList(view int64, list []zoneStatement, before map[*zoneInView]int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	listed := map[zoneKey]bool{}
	for _, z := range list {
		key := zoneKey{view: view, zone: z.zone}
		if listed[key] = true; e.state.inView[key] == nil {
			e.queue.put(e.noteFound(key, z.installed), false)
		}
	}
	for z, generation := range before {
		if !listed[z.key] && z.restingAs(generation) {
			e.compareSoon(z)
		}
	}
	for z := range e.state.failing { // one that was left, and has gone
		if z.reported != nil && z.want == nil && z.key.view == view && !listed[z.key] {
			e.compareSoon(z)
		}
	}
}
