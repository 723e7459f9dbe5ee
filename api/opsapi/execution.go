package opsapi

import (
	"cmp"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
)

// postUpdate has a task executed or reverted, or its execution cancelled.
func (a *API) postUpdate() api.Write { return byAction(a.executions()) }

// executions are the writes about the task that their data names.
func (a *API) executions() map[string]api.Write {
	const said = "executor task ok"
	return map[string]api.Write{
		"update": onData(permitted(access.CodeUpdate, said, a.acceptAttempt)),
		"revert": onData(permitted(access.CodeRevert, said, a.acceptAttempt)),
		"cancel": onData(permitted(access.CodeUpdate, said, cancelAttempt)),
	}
}

func (a *API) acceptAttempt(w *api.Request) (domain.Command, error) {
	task, executor := api.Given(w.Text("task_id")), api.Given(w.Text("executor"))
	c, err := ops.NewAcceptAttempt(task, executor, ops.Mode(w.Action), cmp.Or(a.AttemptWithin, DefaultAttemptWithin), w.IfMatch)
	if err != nil || w.Err != nil || ops.Mode(w.Action) != ops.ModeUpdate {
		return c, err
	}
	return c, a.offeredFor(w.Context(), task)
}

func cancelAttempt(w *api.Request) (domain.Command, error) {
	if w.IfMatch != nil {
		return nil, domain.Invalid(api.HeaderIfMatch, "is not for a cancellation, which is about whatever runs")
	}
	return ops.NewCancelAttempt(api.Given(w.Text("task_id")))
}
