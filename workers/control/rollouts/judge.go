package rollouts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/workers/control/reporter"
)

// unwellFor is how long a server must be unwell before that stops a rollout: named may be starting.
const unwellFor = 10 * time.Second

// watch is what was seen of one rollout.
//
// Invariants:
//  1. A stage is left once all its servers have proved the configuration, and all of them that are
//     online, and the servers of the stages before, have been well since, for the soak. A server that is
//     away makes its own stage wait. A stage without servers is left at once.
//  2. A server of a stage that was reached, whichever it is, stops the rollout as soon as its named
//     refuses the configuration, and when it has been unwell for a while.
//  3. Servers whose stage was not reached have no say.
//  4. Nothing is decided while it is not known which servers there are, as after a start.
type watch struct {
	rollout domain.Position
	stage   int
	// well is since when the stage has been as it is to be, zero while it is not.
	well time.Time
	// unwell is since when servers have been unwell, by id.
	unwell map[int64]time.Time
}

// step is what is to be done: failed says why the rollout is to be stopped, empty for no reason.
type step struct {
	goOn   bool
	failed string
}

// judge takes a look at the servers, which are nil while they are not known.
func (w *watch) judge(r dnsmodel.Rollout, servers map[int64]reporter.SettingsOn, now time.Time) step {
	if w.rollout != r.ID {
		*w = watch{rollout: r.ID, unwell: map[int64]time.Time{}}
	}
	if w.stage != r.Stage() {
		w.stage, w.well = r.Stage(), time.Time{}
	}
	if servers == nil {
		w.well = time.Time{}
		return step{}
	}
	good, any := true, false
	for _, id := range slices.Sorted(maps.Keys(servers)) {
		s, stage := servers[id], r.Stages.Of(id)
		if stage > w.stage {
			continue
		}
		any = any || stage == w.stage
		if failed := w.failed(s, now); failed != "" {
			return step{failed: fmt.Sprintf("server %d: %s", id, failed)}
		}
		if stage == w.stage && !s.Proved || s.Unwell != "" {
			good = false
		}
	}
	for id := range w.unwell {
		if _, enrolled := servers[id]; !enrolled {
			delete(w.unwell, id)
		}
	}
	if !good {
		w.well = time.Time{}
		return step{}
	}
	if w.well.IsZero() {
		w.well = now
	}
	return step{goOn: !any || now.Sub(w.well) >= time.Duration(r.SoakS)*time.Second}
}

// failed says why a server stops the rollout, empty for no reason.
func (w *watch) failed(s reporter.SettingsOn, now time.Time) string {
	if s.Unwell == "" {
		delete(w.unwell, s.ServerID)
		return s.Refused
	}
	if w.unwell[s.ServerID].IsZero() {
		w.unwell[s.ServerID] = now
	}
	if now.Sub(w.unwell[s.ServerID]) < unwellFor {
		return s.Refused
	}
	return cmp.Or(s.Refused, s.Unwell)
}
