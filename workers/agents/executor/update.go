package executor

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// Of a running update, fetching is up to here in percent.
const fetchedPercent = 40

// updateFiles carries out the built-in update, or takes one back.
func (j *job) updateFiles(ctx context.Context) outcome {
	target, ok := j.act.targets[j.a.Target]
	if !ok {
		return failed(fmt.Errorf("unknown target %q", j.a.Target))
	}
	return j.as(func(actor *asuser.Actor) outcome {
		ground, err := files.OpenGround(target.Folder, actor)
		if err != nil {
			return failed(fmt.Errorf("target %s: %w", j.a.Target, err))
		}
		defer ground.Close()
		plan, err := j.plan(ctx, ground, target, actor)
		if err != nil {
			return failed(err)
		}
		return j.carryOut(ctx, plan, ground)
	})
}

func (j *job) plan(ctx context.Context, ground *files.Ground, target TargetSettings, actor *asuser.Actor) (files.Plan, error) {
	if j.a.Mode == Revert {
		of, err := j.original()
		if err != nil {
			return files.Plan{}, err
		}
		return of.Plan.Reverse(j.a.Attempt), nil
	}
	contents, err := j.fetch(ctx, target, actor)
	if err != nil {
		return files.Plan{}, err
	}
	return files.NewPlan(ground, j.e.keep, j.a.Attempt, contents)
}

// original is what the attempt did that is to be reverted.
func (j *job) original() (*doing, error) {
	j.e.mu.Lock()
	defer j.e.mu.Unlock()
	of := j.e.attempts[key{j.a.Task, j.a.Of}]
	switch {
	case of == nil || of.ended == nil:
		return nil, fmt.Errorf("attempt %d of this task is not known on this host", j.a.Of)
	case of.ended.State != OK || of.doing == nil:
		return nil, fmt.Errorf("attempt %d changed nothing that could be reverted: it ended as %s", j.a.Of, of.ended.State)
	case of.Action != j.a.Action || of.Target != j.a.Target:
		return nil, fmt.Errorf("attempt %d was %s of %s", j.a.Of, of.Action, of.Target)
	}
	return of.doing, nil
}

func (j *job) carryOut(ctx context.Context, plan files.Plan, ground *files.Ground) outcome {
	d := &doing{Target: j.a.Target, Plan: &plan}
	if err := j.note(entry{Doing: d}); err != nil {
		return failed(err)
	}
	j.a.doing = d
	if err := plan.CarryOut(ctx, ground, j.e.keep, j.steps(fetchedPercent, 99)); err != nil {
		return failed(err)
	}
	j.sayChanges(plan)
	return outcome{state: OK, message: filesText(len(plan.Changes)) + " exchanged", changes: plan.Changes}
}

func (j *job) sayChanges(plan files.Plan) {
	for _, c := range plan.Changes {
		j.say(fmt.Sprintf("%s: %s → %s", c.Path, digestText(c.Before), digestText(c.After)))
	}
}

func digestText(s files.State) string {
	if !s.Exists() {
		return "no file"
	}
	return s.Digest[:12]
}

func filesText(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// settleFiles finds out how far an update got before the agent was killed, and
// completes it or takes it back.
func (j *job) settleFiles() outcome {
	act := j.e.actions[j.a.Action]
	if act == nil || act.targets[j.a.Target].Folder == "" {
		return outcome{state: Interrupted, message: "the agent was killed meanwhile, and the target is no longer configured: its files may be half exchanged"}
	}
	j.act = act
	return j.as(func(actor *asuser.Actor) outcome {
		ground, err := files.OpenGround(act.targets[j.a.Target].Folder, actor)
		if err != nil {
			return outcome{state: Interrupted, message: "the agent was killed meanwhile; " + err.Error()}
		}
		defer ground.Close()
		done, err := j.a.doing.Plan.Settle(ground, j.e.keep)
		var unsettled *files.UnsettledError
		switch {
		case errors.As(err, &unsettled):
			return outcome{state: Interrupted, message: "the agent was killed while files were exchanged; " + err.Error()}
		case err != nil:
			return outcome{state: Interrupted, message: "the agent was killed while files were exchanged: " + err.Error()}
		case done:
			return outcome{state: OK, message: filesText(len(j.a.doing.Plan.Changes)) + " exchanged", changes: j.a.doing.Plan.Changes}
		}
		return outcome{state: Interrupted, message: "the agent was killed while files were exchanged; all are as before"}
	})
}
