package reporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/protocol"
)

// stagedEvery is how often a change that goes out in stages is looked at again while somebody waits for it.
const stagedEvery = 250 * time.Millisecond

// loadRollout reads how far the rollout is that the change has started, if it has one.
func (r *Reporter) loadRollout(ctx context.Context, a *asked) error {
	if !a.staged {
		return nil
	}
	rollout, err := r.zones.Rollout(ctx, a.end)
	if errors.Is(err, query.ErrNotFound) { // a read model that lags: no stage is known to be reached
		rollout, err = dnsmodel.Rollout{ID: a.end, State: dnsmodel.RolloutRunning}, nil
	}
	if err != nil {
		return fmt.Errorf("rollout of change %d: %w", a.position, err)
	}
	a.rollout = &rollout
	return nil
}

// goesOn says whether another stage may be reached.
func (a *asked) goesOn() bool { return a.rollout != nil && a.rollout.State == dnsmodel.RolloutRunning }

// through is the position that all servers reach once they have all of the change that they are to have.
func (a *asked) through() domain.Position {
	last := a.end
	if a.rollout != nil {
		for _, p := range a.rollout.Reached {
			last = max(last, domain.Position(p))
		}
		last = max(last, a.rollout.Ended)
	}
	return last
}

// from is the position from which on a server is to have the change. Text says why it is not to have
// the change, and failed that it never will.
func (a *asked) from(server int64) (p domain.Position, text string, failed bool) {
	if a.rollout == nil {
		return a.end, "", false
	}
	stage, all := a.rollout.Stages.Of(server), a.rollout.Stages.Count()
	switch since := a.rollout.Since(server); {
	case since != 0:
		return max(since, a.end), "", false
	case a.rollout.State == dnsmodel.RolloutStopped:
		return 0, fmt.Sprintf("rollout %d was stopped in stage %d of %d: %s", a.rollout.ID, a.rollout.Stage(), all,
			cmp.Or(a.rollout.Reason, "by a user")), true
	default:
		return 0, fmt.Sprintf("waits for stage %d of %d of rollout %d, which is in stage %d", stage, all, a.rollout.ID, a.rollout.Stage()), false
	}
}

// SettingsOn is how a server is with a configuration of named.
type SettingsOn struct {
	ServerID int64
	Online   bool
	// Proved: named has the configuration.
	Proved bool
	// Refused is what named, or the program that checks for it, says against the configuration, empty for
	// nothing. Unwell is what is wrong with the server as its clients see it, empty for nothing.
	Refused, Unwell string
}

// Settings says of each enrolled server how it is with the configuration that a change of the log brought,
// which brought says the first and the last position of. It is nil while it is not known who is enrolled.
func (r *Reporter) Settings(brought func(server int64) (first, last domain.Position)) map[int64]SettingsOn {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.cfg.Roster.Loaded() {
		return nil
	}
	servers, _ := r.cfg.Roster.Enrolled()
	all := make(map[int64]SettingsOn, len(servers))
	for _, s := range servers {
		first, last := brought(s.ID)
		all[s.ID] = settingsOn(s.ID, first, last, r.last[s.ID], now)
	}
	return all
}

func settingsOn(server int64, first, last domain.Position, w *lastReport, now time.Time) SettingsOn {
	on := SettingsOn{ServerID: server}
	if w == nil || !w.online(now) {
		return on
	}
	on.Online, on.Unwell = true, unwell(w.report)
	for _, f := range w.report.Failures {
		if f.OfSettings() {
			said := cmp.Or(f.Message, "refused without a message")
			if f.Since >= first && w.report.Seen >= last {
				on.Refused = said
			} else { // which may end with this configuration
				on.Unwell = cmp.Or(on.Unwell, said)
			}
			return on
		}
	}
	on.Proved = w.report.Applied >= last
	return on
}

// unwell says what is wrong with a server as its clients see it. Of an agent of an earlier version that
// is not known.
func unwell(r protocol.Report) string {
	c := r.Condition
	switch {
	case c == nil:
		return ""
	case !c.Process:
		return "named does not run"
	case !c.Port:
		return "named does not answer at all its addresses"
	case c.Resolve:
		return ""
	}
	for _, f := range r.Failures {
		if f.Now {
			return cmp.Or(f.Message, "clients do not get what the log says")
		}
	}
	return "clients do not get what the log says"
}

// startsRollout says whether a change goes out in stages.
func startsRollout(events []domain.Event) bool {
	for _, e := range events {
		if _, starts := e.(dns.RolloutStarted); starts {
			return true
		}
	}
	return false
}
