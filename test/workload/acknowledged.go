package workload

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
)

// acknowledged notes that a write was, whose events end at the position; no two
// can have one position.
func (w *Workload) acknowledged(client int, last int64, events []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	position := last - int64(len(events))
	for _, event := range events {
		position++
		if other, twice := w.acked[position]; twice || position < 1 {
			w.t.Errorf("client %d: %s was acknowledged as event %d, which is %q", client, event, position, other)
		}
		w.acked[position] = event
	}
}

// Last is the position of the last acknowledged write.
func (w *Workload) Last() int64 {
	return slices.Max(slices.Collect(maps.Keys(w.acked)))
}

// lastForAgents is Last without what agents are not told of.
func (w *Workload) lastForAgents() int64 {
	return slices.Max(w.positions(domain.ContextDNS))
}

// positions are those of the acknowledged events of some contexts.
func (w *Workload) positions(of ...domain.Context) (all []int64) {
	codec := testkit.Codec()
	for position, event := range w.acked {
		if d, ok := codec.Descriptor(event); ok && slices.Contains(of, d.Context) {
			all = append(all, position)
		}
	}
	return all
}

// Live waits until named was proved to serve everything. That it serves the last
// change is not enough: one that changes nothing in named is served before it was made.
func (w *Workload) Live() {
	w.t.Helper()
	last := w.lastForAgents()
	testkit.Eventually(w.t, fmt.Sprintf("event %d, and all before it, are live", last), func() bool {
		a, err := w.clients[0].ask(http.MethodGet, fmt.Sprintf("/v1/changes/%d?wait=10s", last), "", 0, nil)
		var change struct {
			State   string
			Servers []struct {
				Applied int64 `json:"applied_position"`
			}
		}
		if err != nil || json.Unmarshal(a.body, &change) != nil {
			return false
		}
		if change.State == "FAILED" { // named may be on its way
			w.t.Logf("named does not serve event %d: %s", last, a.body)
			return false
		}
		for _, server := range change.Servers {
			if server.Applied < last {
				return false
			}
		}
		return change.State == "INSYNC" && len(change.Servers) > 0
	})
}
