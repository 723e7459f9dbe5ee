package opsmodel

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rowset"
	"github.com/opsledger/opsledger/projections/table"
)

// Machine is a registered machine.
type Machine struct {
	ID int64
	ops.MachineData
	// Enrolled says that the machine has an agent that is trusted.
	Enrolled bool
	// Enrolment is the position of the newest enrolment, 0 for none.
	Enrolment domain.Position
	Changed   domain.Position
}

func (m *Machine) columns() []table.Column {
	return []table.Column{
		table.Col("id", table.Number, &m.ID),
		table.Col("name", table.Text, &m.Name),
		table.Col("inside_ip", table.Text, &m.InsideIP),
		table.Col("outside_ip", table.Text, &m.OutsideIP),
		table.Col("usage", table.Text, &m.Usage),
		table.Col("initialized", table.Number, &m.Initialized),
		table.Col("location", table.Text, &m.Location),
		table.Col("enrolled", table.Flag, &m.Enrolled),
		table.Col("enrolment", table.Number, &m.Enrolment),
		table.Col("changed", table.Number, &m.Changed),
	}
}

var machines = table.Keeping(table.Table[Machine]{
	Name: "machines", Key: "id", Columns: (*Machine).columns,
	Indexes: []string{
		// Names are compared at the end of the batch, within which they may go round.
		"ALTER TABLE {schema}.machines ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED",
		"CREATE INDEX ON {schema}.machines (inside_ip)",
		"CREATE INDEX ON {schema}.machines (outside_ip)",
	},
}).ListedWhole()

var (
	machineColumns = table.Names((&Machine{}).columns())

	machineByID = `SELECT ` + machineColumns + ` FROM ` + machines.In("ops") + ` m WHERE id = $1`

	machineByName = `SELECT ` + machineColumns + ` FROM ` + machines.In("ops") + ` m WHERE name = $1`

	machineByIP = `SELECT ` + machineColumns + ` FROM ` + machines.In("ops") + ` m WHERE inside_ip = $1 OR outside_ip = $1`

	enrolledMachines = `SELECT ` + machineColumns + ` FROM ` + machines.In("ops") + ` m WHERE enrolled ORDER BY id`

	scanMachine = query.Row((*Machine).columns)
)

func listMachines(order string) string {
	return `SELECT n.total, p.* FROM (SELECT count(*) AS total FROM ` + table.At("ops.machines", "id") + ` c) n LEFT JOIN LATERAL (
		SELECT ` + machineColumns + ` FROM ` + machines.In("ops") + ` m
		ORDER BY id` + order + ` OFFSET $1 LIMIT $2) p ON true ORDER BY p.id` + order
}

// Machines returns a part of the list of machines, and the number of all.
func (r *Reader) Machines(ctx context.Context, part query.Range) ([]Machine, int, error) {
	rows, err := query.Rows(ctx, r.pool, listMachines(part.Order()), part.Start, part.Count)
	if err != nil {
		return nil, 0, err
	}
	return query.Collect(rows, (*Machine).columns)
}

// SearchMachines looks for a text in the names and addresses of the machines with ids below a
// number, the newest first.
func (r *Reader) SearchMachines(ctx context.Context, text string, before int64, limit int) ([]Machine, error) {
	l := query.List[Machine]{
		Columns: func(m *Machine) []table.Column { return table.Of("m", m.columns()) },
		At:      query.MomentOf(ctx),
		From:    machines.In("ops") + " m USING (id)", IDs: machines.In("ops") + " t",
	}
	l.And(l.AnyIn([]string{strings.ToLower(text)}, "lower(t.name)", "lower(t.inside_ip)", "lower(t.outside_ip)"))
	return l.Before(ctx, r.pool, before, limit)
}

// Machine returns a machine, or [query.ErrNotFound].
func (r *Reader) Machine(ctx context.Context, id int64) (Machine, error) {
	return query.Only(ctx, r.pool, scanMachine, machineByID, id)
}

// MachineByName returns a machine, or [query.ErrNotFound].
func (r *Reader) MachineByName(ctx context.Context, name string) (Machine, error) {
	return query.Only(ctx, r.pool, scanMachine, machineByName, name)
}

// MachineByIP returns the machine that has the address (canonical text), inside
// or outside, or [query.ErrNotFound].
func (r *Reader) MachineByIP(ctx context.Context, ip string) (Machine, error) {
	return query.Only(ctx, r.pool, scanMachine, machineByIP, ip)
}

// Enrolled returns the machines that have an agent.
func (r *Reader) Enrolled(ctx context.Context) ([]Machine, error) {
	return query.All(ctx, r.pool, scanMachine, enrolledMachines)
}

// machineRows are the machines that a batch of events is about.
type machineRows struct{ *rowset.Set[int64, Machine] }

func newMachineRows() machineRows {
	return machineRows{rowset.NewVersioned("machine", func(m Machine) int64 { return m.ID }, nil)}
}

func machineOf(e domain.Event) (int64, bool) {
	switch e := e.(type) {
	case ops.MachineAdded:
		return e.ID, true
	case ops.MachineUpdated:
		return e.ID, true
	case ops.MachineDeleted:
		return e.ID, true
	case ops.HostEnrolled:
		return e.ID, true
	case ops.HostWithdrawn:
		return e.ID, true
	default:
		return 0, false
	}
}

func (m machineRows) load(out *pgx.Batch, schema string, events []domain.Recorded) {
	var ids rowset.Keys[int64]
	for _, r := range events {
		if id, ok := machineOf(r.Event); ok {
			ids.Add(id)
		}
		switch e := r.Event.(type) { // whose entries name the machine
		case ops.AccountGranted:
			ids.Add(e.Machine)
		case ops.AccountRevoked:
			ids.Add(e.Machine)
		}
	}
	table.Load(out, schema, machines.Now(), "id", ids.List, "", m.LoadedVersion)
}

// applyMachine takes an event on a machine. The coming and going of its agent is no
// operation on it, as with servers.
func (b *batch) applyMachine(r domain.Recorded) error {
	if added, ok := r.Event.(ops.MachineAdded); ok {
		row := Machine{ID: added.ID, MachineData: added.Machine, Changed: r.Position}
		if err := b.machines.Add(row); err != nil {
			return err
		}
		return b.logMachine(r, oplog.OperationAdd, row, row)
	}
	id, _ := machineOf(r.Event)
	was, err := b.machines.Find(id)
	if err != nil {
		return err
	}
	is := was
	is.Changed = r.Position
	switch e := r.Event.(type) {
	case ops.MachineDeleted:
		b.machines.Drop(id)
		return b.logMachine(r, oplog.OperationDelete, was, was)
	case ops.MachineUpdated:
		is.MachineData = e.After
		err = b.logMachine(r, oplog.OperationChange, was, is)
	case ops.HostEnrolled:
		is.Enrolled, is.Enrolment = true, r.Position
	case ops.HostWithdrawn:
		is.Enrolled = false
	}
	b.machines.Put(is)
	return err
}
