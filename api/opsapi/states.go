package opsapi

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// States are those of the dialect's resources.
func (a *API) States() map[api.Resource]api.States {
	return map[api.Resource]api.States{
		api.Machine: api.StatesOf(func(c echo.Context, wanted []query.Then) ([]*opsmodel.Machine, error) {
			return a.Ops.MachinesThen(c.Request().Context(), wanted)
		}, func(_ echo.Context, row opsmodel.Machine) machineBody { return machineFor(row) }, nil),
		api.Task: api.StatesOf(func(c echo.Context, wanted []query.Then) ([]*opsmodel.Task, error) {
			return a.Ops.TasksThen(c.Request().Context(), wanted)
		}, func(_ echo.Context, row opsmodel.Task) taskBody { return taskOnWire(row) }, nil),
	}
}
