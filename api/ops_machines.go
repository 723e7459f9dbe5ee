package api

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
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
	// Online and LastSeen, in unix seconds and 0 for never, are the agent's.
	Online   bool  `json:"online"`
	LastSeen int64 `json:"last_seen"`
}

func (s *server) machineBody(row opsmodel.Machine) machineBody {
	body := machineBody{
		ID: row.ID, MachineName: row.Name, InsideIP: row.InsideIP, OutsideIP: row.OutsideIP,
		Usage: row.Usage, Userage: row.Usage, IsInitialized: row.Initialized, Location: row.Location,
	}
	if s.Presence != nil {
		online, seen := s.Presence.Host(row.ID)
		body.Online, body.LastSeen = online, unixOrZero(seen)
	}
	return body
}

func (s *server) listMachines(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	name := q.text("machine_name")
	if name != nil && q.err == nil {
		row, err := s.Ops.MachineByName(c.Request().Context(), *name)
		return opsFound(c, row, row.Changed, err, s.machineBody)
	}
	start, count := q.opsPage()
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Ops.Machines(c.Request().Context(), start, count)
	if err != nil {
		return err
	}
	return opsRows(c, rows, total, s.machineBody)
}

// postMachine adds and updates machines. The document prints this path for the
// execution of tasks, too: a task_id tells them apart.
func (s *server) postMachine(c echo.Context) error {
	execution := onData((*server).execution)
	return s.opsPost(c, map[string]opsAction{
		"add": onData((*server).addMachine),
		"update": onData(func(s *server, c echo.Context, w *write) error {
			if raw, isTask := w.value("task_id"); isTask && string(raw) != `""` {
				return s.execution(c, w)
			}
			return s.updateMachine(c, w)
		}),
		"revert": execution, "cancel": execution,
	})
}

func machineInput(p *params) ops.MachineInput {
	in := ops.MachineInput{
		Name: p.text("machine_name"), InsideIP: p.text("inside_ip"), OutsideIP: p.text("outside_ip"),
		Usage: p.text("usage"), Location: p.text("location"), Initialized: p.small("is_initialized"),
	}
	if in.Usage == nil {
		in.Usage = p.text("userage")
	}
	return in
}

func (s *server) addMachine(c echo.Context, w *write) error {
	return s.opsWrite(c, w, needs(access.CodeAddMachine), func(w *write) (domain.Command, error) {
		return ops.NewAddMachine(machineInput(w.params))
	}, says("add machine info ok"))
}

func (s *server) updateMachine(c echo.Context, w *write) error {
	return s.opsWrite(c, w, needs(access.CodeUpdateMachine), func(w *write) (domain.Command, error) {
		return ops.NewUpdateMachine(machineInput(w.params), w.ifMatch)
	}, says("update machine info ok"))
}

func (s *server) deleteMachine(c echo.Context) error {
	w, name, err := s.opsDelete(c, "machine_name")
	if err != nil {
		return err
	}
	return s.opsWrite(c, w, needs(access.CodeDeleteMachine), func(w *write) (domain.Command, error) {
		return ops.NewDeleteMachine(name, w.ifMatch)
	}, says("delete machin info ok")) // as the document spells it
}
