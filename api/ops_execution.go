package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
)

// postUpdate has a task executed or reverted, or its execution cancelled.
func (s *server) postUpdate(c echo.Context) error {
	execution := onData((*server).execution)
	return s.opsPost(c, map[string]opsAction{"update": execution, "revert": execution, "cancel": execution})
}

// execution is a write about the task that its data names.
func (s *server) execution(c echo.Context, w *write) error {
	code := access.CodeUpdate
	if w.action == string(ops.ModeRevert) {
		code = access.CodeRevert
	}
	return s.opsWrite(c, w, needs(code), s.executionCommand, says("executor task ok"))
}

func (s *server) executionCommand(w *write) (domain.Command, error) {
	task := given(w.text("task_id"))
	if w.action != "cancel" {
		return ops.NewAcceptAttempt(task, given(w.text("executor")), ops.Mode(w.action), s.AttemptWithin, w.ifMatch)
	}
	if w.ifMatch != nil {
		return nil, domain.Invalid(headerIfMatch, "is not for a cancellation, which is about whatever runs")
	}
	return ops.NewCancelAttempt(task)
}
