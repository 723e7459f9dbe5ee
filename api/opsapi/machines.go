package opsapi

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// machineBody is a machine on the wire. The document calls its use both usage
// and userage.
type machineBody struct {
	ID            int64  `json:"id"`
	MachineName   string `json:"machine_name"`
	InsideIP      string `json:"inside_ip"`
	OutsideIP     string `json:"outside_ip"`
	Usage         string `json:"usage"`
	Userage       string `json:"userage"`
	IsInitialized int    `json:"is_initialized"`
	Location      string `json:"location"`
	// Online and LastSeen, in unix seconds and 0 for never, are the agent's. They are not from
	// the log, and null in the past.
	Online   *bool  `json:"online"`
	LastSeen *int64 `json:"last_seen"`
}

// machineFor is what of a machine is from the log.
func machineFor(row opsmodel.Machine) machineBody {
	return machineBody{
		ID: row.ID, MachineName: row.Name, InsideIP: row.InsideIP, OutsideIP: row.OutsideIP,
		Usage: row.Usage, Userage: row.Usage, IsInitialized: row.Initialized, Location: row.Location,
	}
}

func (a *API) machineBody(c echo.Context, row opsmodel.Machine) machineBody {
	body := machineFor(row)
	if api.IsPast(c) {
		return body
	}
	body.Online, body.LastSeen = new(false), new(int64(0))
	if a.Presence != nil {
		online, seen := a.Presence.Host(row.ID)
		*body.Online, *body.LastSeen = online, unixOrZero(seen)
	}
	return body
}

func (a *API) listMachines() rows[opsmodel.Machine, machineBody] {
	return rows[opsmodel.Machine, machineBody]{
		key: "machine_name", one: a.Ops.MachineByName, item: a.machineBody,
		all: func(ctx context.Context, q *api.Params, part query.Range) ([]opsmodel.Machine, int, error) {
			if q.Err != nil {
				return nil, 0, nil
			}
			return a.Ops.Machines(ctx, part)
		},
		changed: func(row opsmodel.Machine) domain.Position { return row.Changed },
	}
}

// postMachine adds and updates machines. The document prints this path for the
// execution of tasks, too: a task_id tells them apart.
func (a *API) postMachine() api.Write {
	add := onData(permitted(access.CodeAddMachine, "add machine info ok", addMachine).Knowing(api.Reads(machineInput)).Creating())
	update := onData(permitted(access.CodeUpdateMachine, "update machine info ok", updateMachine).Knowing(api.Reads(machineUpdate)))
	actions := a.executions()
	execute := actions["update"]
	actions["add"], actions["update"] = add, api.Write{Choose: func(w *api.Request) (api.Write, error) {
		if raw, isTask := inner(w.Params, "data").Value("task_id"); isTask && string(raw) != `""` {
			return execute, nil
		}
		return update, nil
	}}
	return byAction(actions)
}

func machineInput(p *api.Params) ops.MachineInput {
	in := ops.MachineInput{
		Name: p.Text("machine_name"), InsideIP: p.Text("inside_ip"), OutsideIP: p.Text("outside_ip"),
		Usage: p.Text("usage"), Location: p.Text("location"), Initialized: p.Small("is_initialized"),
	}
	if in.Usage == nil {
		in.Usage = p.Text("userage")
	}
	return in
}

// machineUpdate is machineInput; an empty task_id may stand beside it, as it says that no
// task is meant.
func machineUpdate(p *api.Params) ops.MachineInput {
	p.Text("task_id")
	return machineInput(p)
}

func addMachine(w *api.Request) (domain.Command, error) {
	return ops.NewAddMachine(machineInput(w.Params))
}

func updateMachine(w *api.Request) (domain.Command, error) {
	return ops.NewUpdateMachine(machineInput(w.Params), w.IfMatch)
}

func (a *API) deleteMachine() api.Route {
	const said = "delete machin info ok" // as the document spells it
	return deletion(pathMachine, "machine_name", access.CodeDeleteMachine, said, func(w *api.Request, name string) (domain.Command, error) {
		return ops.NewDeleteMachine(name, w.IfMatch)
	})
}
