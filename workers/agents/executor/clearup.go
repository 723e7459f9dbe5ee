package executor

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// clearUp ends what is left of an attempt that began in an earlier life of the
// agent. It never runs it.
func (j *job) clearUp(ctx context.Context) outcome {
	a := j.a
	ended, err := j.endProcesses(ctx)
	if err != nil {
		return outcome{state: Interrupted, message: "the agent was killed while it ran; " + err.Error()}
	}
	switch {
	case a.doing != nil && a.doing.Plan != nil:
		return j.settleFiles()
	case a.doing != nil:
		return j.settleDatabase(ctx)
	case ended > 0:
		return outcome{state: Interrupted, message: fmt.Sprintf("the agent was killed while it ran; %d processes were ended", ended)}
	}
	return outcome{state: Interrupted, message: "the agent was killed while it ran"}
}

func (j *job) endProcesses(ctx context.Context) (int, error) {
	if j.a.begun.Boot != bootID() {
		return 0, nil // the machine has started since
	}
	trace := supervise.Trace{Assignment: j.marked()}
	if j.a.running != nil {
		trace.Leader, trace.Supervisor = j.a.running.Leader, j.a.running.Supervisor
	}
	return j.endLeftOver(context.WithoutCancel(ctx), trace)
}
