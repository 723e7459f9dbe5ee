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
		"update": onData(permitted(access.CodeUpdate, said, a.acceptAttempt).Knowing(api.Reads(readExecution))),
		"revert": onData(permitted(access.CodeRevert, said, a.acceptAttempt).Knowing(api.Reads(readExecution))),
		"cancel": onData(permitted(access.CodeUpdate, said, cancelAttempt).Knowing(api.Reads(readExecution))),
	}
}

// execution is what is to be executed, reverted or cancelled, and on whose behalf.
type execution struct{ task, executor string }

func readExecution(p *api.Params) execution {
	return execution{task: api.Given(p.Text("task_id")), executor: api.Given(p.Text("executor"))}
}

func (a *API) acceptAttempt(w *api.Request) (domain.Command, error) {
	asked := readExecution(w.Params)
	c, err := ops.NewAcceptAttempt(asked.task, asked.executor, ops.Mode(w.Action), cmp.Or(a.AttemptWithin, DefaultAttemptWithin), w.IfMatch)
	if err != nil || w.Err != nil || ops.Mode(w.Action) != ops.ModeUpdate {
		return c, err
	}
	return c, a.offeredFor(w.Context(), asked.task)
}

func cancelAttempt(w *api.Request) (domain.Command, error) {
	if w.IfMatch != nil {
		return nil, domain.Invalid(api.HeaderIfMatch, "is not for a cancellation, which is about whatever runs")
	}
	return ops.NewCancelAttempt(readExecution(w.Params).task)
}
