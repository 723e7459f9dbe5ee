package opsmodel

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/rowset"
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

const (
	// Names are compared at the end of the batch, within which they may go round.
	createMachines = `CREATE TABLE {schema}.machines (
			id bigint PRIMARY KEY, name text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED, inside_ip text NOT NULL, outside_ip text NOT NULL,
			usage text NOT NULL, initialized int NOT NULL, location text NOT NULL,
			enrolled boolean NOT NULL, enrolment bigint NOT NULL, changed bigint NOT NULL);
		CREATE INDEX ON {schema}.machines (inside_ip);
		CREATE INDEX ON {schema}.machines (outside_ip)`

	machineColumns = `id, name, inside_ip, outside_ip, usage, initialized, location, enrolled, enrolment, changed`

	loadMachines = `SELECT ` + machineColumns + ` FROM {schema}.machines WHERE id = ANY ($1::bigint[])`

	putMachine = `INSERT INTO {schema}.machines (` + machineColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, inside_ip = excluded.inside_ip, outside_ip = excluded.outside_ip,
			usage = excluded.usage, initialized = excluded.initialized, location = excluded.location,
			enrolled = excluded.enrolled, enrolment = excluded.enrolment, changed = excluded.changed`

	removeMachines = `DELETE FROM {schema}.machines WHERE id = ANY ($1::bigint[])`

	listMachines = `SELECT n.total, p.* FROM (SELECT count(*) AS total FROM ops.machines) n
		LEFT JOIN LATERAL (SELECT ` + machineColumns + ` FROM ops.machines ORDER BY id OFFSET $1 LIMIT $2) p ON true ORDER BY p.id`

	machineByName = `SELECT ` + machineColumns + ` FROM ops.machines WHERE name = $1`

	machineByIP = `SELECT ` + machineColumns + ` FROM ops.machines WHERE inside_ip = $1 OR outside_ip = $1`

	enrolledMachines = `SELECT ` + machineColumns + ` FROM ops.machines WHERE enrolled ORDER BY id`
)

func machineTargets(m *Machine) []any {
	return []any{&m.ID, &m.Name, &m.InsideIP, &m.OutsideIP, &m.Usage, &m.Initialized, &m.Location, &m.Enrolled, &m.Enrolment, &m.Changed}
}

func scanMachine(row pgx.CollectableRow) (Machine, error) {
	var m Machine
	return m, row.Scan(machineTargets(&m)...)
}

// Machines returns the machines after the first start ones, at most count of
// them, and the number of all.
func (r *Reader) Machines(ctx context.Context, start, count int) ([]Machine, int, error) {
	rows, err := r.pool.Query(ctx, listMachines, start, count)
	if err != nil {
		return nil, 0, err
	}
	return projections.CollectPage(rows, machineTargets)
}

// MachineByName returns a machine, or [projections.ErrNotFound].
func (r *Reader) MachineByName(ctx context.Context, name string) (Machine, error) {
	return one(ctx, r, scanMachine, machineByName, name)
}

// MachineByIP returns the machine that has the address (canonical text), inside
// or outside, or [projections.ErrNotFound].
func (r *Reader) MachineByIP(ctx context.Context, ip string) (Machine, error) {
	return one(ctx, r, scanMachine, machineByIP, ip)
}

// Enrolled returns the machines that have an agent.
func (r *Reader) Enrolled(ctx context.Context) ([]Machine, error) {
	return all(ctx, r, scanMachine, enrolledMachines)
}

// machineRows are the machines that a batch of events is about.
type machineRows struct{ *rowset.Set[int64, Machine] }

func newMachineRows() machineRows { return machineRows{rowset.New[int64, Machine]("machine")} }

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
	var ids []int64
	for _, r := range events {
		if id, ok := machineOf(r.Event); ok {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	out.Queue(projections.InSchema(schema, loadMachines), ids).Query(func(rows pgx.Rows) error {
		machines, err := pgx.CollectRows(rows, scanMachine)
		for _, machine := range machines {
			m.Loaded(machine.ID, machine)
		}
		return err
	})
}

func (m machineRows) apply(r domain.Recorded) error {
	if added, ok := r.Event.(ops.MachineAdded); ok {
		return m.Add(added.ID, Machine{ID: added.ID, MachineData: added.Machine, Changed: r.Position})
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
	m.Put(id, row)
	return nil
}

func (m machineRows) write(out *pgx.Batch, schema string) {
	added, altered, dropped := m.Writes()
	if len(dropped) > 0 {
		out.Queue(projections.InSchema(schema, removeMachines), dropped)
	}
	for _, row := range append(added, altered...) {
		out.Queue(projections.InSchema(schema, putMachine), row.ID, row.Name, row.InsideIP, row.OutsideIP, row.Usage, row.Initialized,
			row.Location, row.Enrolled, int64(row.Enrolment), int64(row.Changed))
	}
}
