package workload

import (
	"slices"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// checkMachines: machines are what was acknowledged, and each task has run once,
// whatever went wrong, and is known to have.
func (w *Workload) checkMachines(r *opsmodel.Reader, all belongings) {
	w.t.Helper()
	for task := range all.tasks {
		testkit.Eventually(w.t, "task "+task+" has succeeded", func() bool {
			row, err := r.Task(w.t.Context(), task)
			if err != nil {
				w.t.Fatal(err)
			}
			return row.State == ops.StateSucceeded
		})
	}
	if w.machine != nil {
		slices.Sort(all.ran)
		if ran := w.machine.Words("ran"); !slices.Equal(ran, all.ran) {
			w.t.Errorf("%v ran, of %v", ran, all.ran)
		}
		w.t.Logf("%d tasks ran", len(all.ran))
	}
	rows, total, err := r.Machines(w.t.Context(), query.Range{Count: mostMachines + 1})
	if err != nil || total != len(rows) {
		w.t.Errorf("%d machines of %d: %v", len(rows), total, err)
	}
	machines := map[string]ops.MachineData{}
	for _, m := range rows {
		if !m.Enrolled {
			machines[m.Name] = m.MachineData
		}
	}
	sameRows(w, "machines", machines, all.machines)
}
