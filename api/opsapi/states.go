package opsapi

import (
	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/opsmodel"
)

// States are those of the dialect's resources.
func (a *API) States() map[api.Resource]api.States {
	return map[api.Resource]api.States{
		api.Machine: api.StatesOf(a.Ops.MachinesThen, func(_ *identity.User, row opsmodel.Machine) machineBody { return machineFor(row) }, nil),
		api.Task:    api.StatesOf(a.Ops.TasksThen, func(_ *identity.User, row opsmodel.Task) taskBody { return taskOnWire(row) }, nil),
	}
}
