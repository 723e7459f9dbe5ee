package reporter

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/protocol"
)

// knows says whether the log has the last event that the reporting agent has received. After a log was restored from
// a backup, an agent that has not heard of it yet reports positions that the log has meanwhile given to other events:
// such a report proves nothing. Once the log knows an agent's process, it does as long as this process runs, since
// each state that the agent has later comes from here.
func (r *Reporter) knows(report protocol.Report) bool {
	if report.LastID == uuid.Nil || r.knownProcess(report) {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	id, err := r.cfg.Store.IDAt(ctx, report.LastDNS)
	if err != nil {
		r.cfg.Log.Warn("reporter: cannot tell which log an agent follows, will look at its next report", "agent", report.Agent, "error", err)
	}
	if id != report.LastID {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastOf(report.Agent).known = report.Boot
	return true
}

func (r *Reporter) knownProcess(report protocol.Report) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.last[report.Agent]
	return w != nil && w.known == report.Boot
}

// lastOf is the agent's last report, which may be none yet. The caller holds the lock.
func (r *Reporter) lastOf(agent int64) *lastReport {
	if r.last[agent] == nil {
		r.last[agent] = &lastReport{}
	}
	return r.last[agent]
}
