package opsmodel

import (
	"context"

	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/table"
)

// MachinesThen returns what machines were, as [query.List.Then] says.
func (r *Reader) MachinesThen(ctx context.Context, wanted []query.Then) ([]*Machine, error) {
	l := query.List[Machine]{
		At: query.Thens, Columns: func(m *Machine) []table.Column { return table.Of("m", m.columns()) },
		From: machines.In("ops") + " m USING (id)",
	}
	return l.Then(ctx, r.pool, wanted)
}

// TasksThen is MachinesThen for tasks, by the numbers of their ids.
func (r *Reader) TasksThen(ctx context.Context, wanted []query.Then) ([]*Task, error) {
	l := query.List[Task]{
		At: query.Thens, Columns: func(t *Task) []table.Column { return table.Of("t", t.read()) },
		From: tasks.In("ops") + " t USING (id)",
	}
	return l.Then(ctx, r.pool, wanted)
}
