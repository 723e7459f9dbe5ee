package workload

import (
	"fmt"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
)

func textOf(zones map[int64]dns.ZoneData) map[int64]string {
	out := map[int64]string{}
	for id, z := range zones {
		out[id] = fmt.Sprint(z)
	}
	return out
}

// rowsOf reads all pages of a list.
func rowsOf[K comparable, R, V any](w *Workload, list func(query.Page) ([]R, int, error), row func(R) (K, V)) map[K]V {
	w.t.Helper()
	out := map[K]V{}
	for page := (query.Page{Number: 1, Size: 1000}); ; page.Number++ {
		rows, total, err := list(page)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range rows {
			id, v := row(r)
			if _, twice := out[id]; twice {
				w.t.Errorf("%v is listed twice: %+v", id, v)
			}
			out[id] = v
		}
		if len(rows) < page.Size {
			if total != len(out) {
				w.t.Errorf("%d rows of %d", len(out), total)
			}
			return out
		}
	}
}

func sameRows[K, V comparable](w *Workload, what string, got, want map[K]V) {
	w.t.Helper()
	for id, v := range want {
		if g, ok := got[id]; !ok || g != v {
			w.t.Errorf("%s: %v is %+v (%v), acknowledged was %+v", what, id, g, ok, v)
		}
	}
	for id, v := range got {
		if _, ok := want[id]; !ok {
			w.t.Errorf("%s: %v is there, but not what was acknowledged: %+v", what, id, v)
		}
	}
	w.t.Logf("%d %s", len(want), what)
}
