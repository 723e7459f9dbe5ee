package feed

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/protocol"
)

// On random histories a user sees the event of an operation log entry if and only if they
// see the entry.
func TestEventsAreSeenAsEntries(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			pool, w := modeltest.Serving(t), modeltest.NewWorld(t, seed)
			w.Live(400)
			modeltest.ApplyAll(t, pool, accessmodel.New(), "access", w.People.Events, 7)
			modeltest.ApplyAll(t, pool, modeltest.NewDNS(), "dns", w.Events, 20)
			modeltest.ApplyAll(t, pool, modeltest.NewOps(), "ops", w.Ops.Events, 5)
			made := map[int64]domain.Recorded{}
			for _, list := range [][]domain.Recorded{w.People.Events, w.Events, w.Ops.Events} {
				for _, r := range list {
					made[int64(r.Position)] = r
				}
			}
			all := modeltest.Paged(func(p query.Page) ([]oplog.Entry, int, error) {
				return oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{}, p)
			})
			f := &Feed{pool: pool, looking: make(chan struct{}, 1)}
			compared := 0
			for _, o := range all.Rows {
				r := made[o.ID]
				e := &event{Envelope: protocol.Envelope{Position: r.Position, Actor: w.Entry(o).Actor}, decoded: r.Event}
				e.opening.Do(func() { e.subject, _ = subjectOf(r.Event) })
				if err := f.look(t.Context(), []*event{e}); err != nil {
					t.Fatal(err)
				}
				s := e.sight.Load()
				for user := domain.UserID(1); user <= modeltest.WorldUsers; user++ {
					actor := w.Actor(user)
					if got, want := actor.Sees(s.entry), actor.Sees(w.Entry(o)); got != want {
						t.Errorf("user %d sees %T %+v: %v, its entry: %v", user, r.Event, r.Event, got, want)
					}
					compared++
				}
			}
			if compared < 1000 {
				t.Errorf("compared %d", compared)
			}
		})
	}
}
