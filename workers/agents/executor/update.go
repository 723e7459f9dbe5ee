package executor

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// fetchedPercent is the progress of an update when all new contents are fetched.
const fetchedPercent = 40

// updateFiles carries out the built-in update, or its revert.
func (j *job) updateFiles(ctx context.Context) outcome {
	target, ok := j.act.targets[j.a.Target]
	if !ok {
		return failed(fmt.Errorf("unknown target %q", j.a.Target))
	}
	return j.as(func(actor *asuser.Actor) outcome {
		folder, err := files.OpenFolder(target.Folder, actor)
		if err != nil {
			return failed(fmt.Errorf("target %s: %w", j.a.Target, err))
		}
		defer folder.Close()
		plan, err := j.plan(ctx, folder, target, actor)
		if err != nil {
			return failed(err)
		}
		return j.carryOut(ctx, plan, folder)
	})
}

func (j *job) plan(ctx context.Context, folder *files.Folder, target TargetSettings, actor *asuser.Actor) (files.Plan, error) {
	if j.a.Mode == ops.ModeRevert {
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
	return files.NewPlan(folder, j.e.store, j.a.Attempt, contents)
}

// original is the change that the attempt to be reverted made.
func (j *job) original() (*intent, error) {
	j.e.mu.Lock()
	defer j.e.mu.Unlock()
	of := j.e.attempts[key{j.a.Task, j.a.Of}]
	switch {
	case of == nil || of.ended == nil:
		return nil, fmt.Errorf("attempt %d of this task is not known on this host", j.a.Of)
	case of.ended.State != ops.Succeeded || of.intent == nil:
		return nil, fmt.Errorf("attempt %d changed nothing that could be reverted: it ended as %s", j.a.Of, of.ended.State)
	case of.Action != j.a.Action || of.Target != j.a.Target:
		return nil, fmt.Errorf("attempt %d was %s of %s", j.a.Of, of.Action, of.Target)
	}
	return of.intent, nil
}

func (j *job) carryOut(ctx context.Context, plan files.Plan, folder *files.Folder) outcome {
	d := &intent{Target: j.a.Target, Plan: &plan}
	if err := j.persist(entry{Intent: d}); err != nil {
		return failed(err)
	}
	j.a.intent = d
	if err := plan.CarryOut(ctx, folder, j.e.store, j.steps(fetchedPercent, 99)); err != nil {
		return failed(err)
	}
	j.sayChanges(plan)
	return outcome{state: ops.Succeeded, message: filesText(len(plan.Changes)) + " exchanged", changes: plan.Changes}
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

// recoverFiles finds out how far an update got before the agent was killed, and
// completes or undoes it.
func (j *job) recoverFiles() outcome {
	act := j.e.actions[j.a.Action]
	if act == nil || act.targets[j.a.Target].Folder == "" {
		return interrupted("the agent was killed meanwhile, and the target is no longer configured: its files may be half exchanged")
	}
	j.act = act
	return j.as(func(actor *asuser.Actor) outcome {
		folder, err := files.OpenFolder(act.targets[j.a.Target].Folder, actor)
		if err != nil {
			return interrupted("the agent was killed meanwhile; " + err.Error())
		}
		defer folder.Close()
		done, err := j.a.intent.Plan.Recover(folder, j.e.store)
		var notRestored *files.NotRestoredError
		switch {
		case errors.As(err, &notRestored):
			return interrupted("the agent was killed while files were exchanged; " + err.Error())
		case err != nil:
			return interrupted("the agent was killed while files were exchanged: " + err.Error())
		case done:
			return outcome{state: ops.Succeeded, message: filesText(len(j.a.intent.Plan.Changes)) + " exchanged", changes: j.a.intent.Plan.Changes}
		}
		return interrupted("the agent was killed while files were exchanged; all are as before")
	})
}
