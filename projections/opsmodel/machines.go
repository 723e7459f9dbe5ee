package opsmodel

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
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

var machines = table.Table[Machine]{
	Name: "machines", Key: "id", Columns: (*Machine).columns,
	Indexes: []string{
		// Names are compared at the end of the batch, within which they may go round.
		"ALTER TABLE {schema}.machines ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED",
		"CREATE INDEX ON {schema}.machines (inside_ip)",
		"CREATE INDEX ON {schema}.machines (outside_ip)",
	},
}

var (
	machineColumns = table.Names((&Machine{}).columns())

	listMachines = `SELECT n.total, p.* FROM (SELECT count(*) AS total FROM ops.machines) n
		LEFT JOIN LATERAL (SELECT ` + machineColumns + ` FROM ops.machines ORDER BY id OFFSET $1 LIMIT $2) p ON true ORDER BY p.id`

	machineByName = `SELECT ` + machineColumns + ` FROM ops.machines WHERE name = $1`

	machineByIP = `SELECT ` + machineColumns + ` FROM ops.machines WHERE inside_ip = $1 OR outside_ip = $1`

	enrolledMachines = `SELECT ` + machineColumns + ` FROM ops.machines WHERE enrolled ORDER BY id`

	scanMachine = query.Row((*Machine).columns)
)

// Machines returns the machines after the first start ones, at most count of
// them, and the number of all.
func (r *Reader) Machines(ctx context.Context, start, count int) ([]Machine, int, error) {
	rows, err := r.pool.Query(ctx, listMachines, start, count)
	if err != nil {
		return nil, 0, err
	}
	return query.Collect(rows, (*Machine).columns)
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
	return machineRows{rowset.New("machine", func(m Machine) int64 { return m.ID })}
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
	}
	table.Load(out, schema, machines, "id", ids.List, "", m.Loaded)
}

func (m machineRows) apply(r domain.Recorded) error {
	if added, ok := r.Event.(ops.MachineAdded); ok {
		return m.Add(Machine{ID: added.ID, MachineData: added.Machine, Changed: r.Position})
	}
	id, _ := machineOf(r.Event)
	row, err := m.Find(id)
	if err != nil {
		return err
	}
	row.Changed = r.Position
	switch e := r.Event.(type) {
	case ops.MachineUpdated:
		row.MachineData = e.After
	case ops.HostEnrolled:
		row.Enrolled, row.Enrolment = true, r.Position
	case ops.HostWithdrawn:
		row.Enrolled = false
	case ops.MachineDeleted:
		m.Drop(id)
		return nil
	}
	m.Put(row)
	return nil
}
