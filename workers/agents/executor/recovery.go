package executor

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// recoverAttempt brings an attempt that began in an earlier life of the agent to its
// end: it ends the attempt's processes, and completes or takes back its changes. It
// never runs the attempt again.
func (j *job) recoverAttempt(ctx context.Context) outcome {
	a := j.a
	ended, err := j.endProcesses(ctx)
	if err != nil {
		return interrupted("the agent was killed while it ran; " + err.Error())
	}
	switch {
	case a.intent != nil && a.intent.Plan != nil:
		return j.recoverFiles()
	case a.intent != nil:
		return j.recoverDatabase(ctx)
	case ended > 0:
		return interrupted(fmt.Sprintf("the agent was killed while it ran; %d processes were ended", ended))
	}
	return interrupted("the agent was killed while it ran")
}

func (j *job) endProcesses(ctx context.Context) (int, error) {
	if j.a.begun.Boot != bootID() {
		return 0, nil // the machine was restarted, and its processes are gone
	}
	orphans := supervise.Orphans{Variable: j.runVariable()}
	if j.a.processes != nil {
		orphans.Leader, orphans.Supervisor = j.a.processes.Leader, j.a.processes.Supervisor
	}
	return j.endOrphans(context.WithoutCancel(ctx), orphans)
}
