package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// workload is many clients on one opsledger, and what was acknowledged to them.
type workload struct {
	*processes
	seed    uint64
	token   string
	views   sharedViews
	clients []*client
	// host runs the tasks, nil where there are none.
	host *taskHost

	mu sync.Mutex
	// acked is the type of event that was acknowledged for a position.
	acked map[int64]string
}

// sharedViews are the names that shared views have now.
type sharedViews struct {
	mu    sync.Mutex
	names map[int64]string
}

func (v *sharedViews) rename(id int64, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.names[id] = name
}

func (v *sharedViews) name(id int64) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.names[id]
}

func (v *sharedViews) ids() []int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.names))
}

// newWorkload starts opsledger with the shared views.
func newWorkload(t *testing.T, seed uint64, clients int) *workload {
	t.Helper()
	return newWorkloadOn(startProcesses(t), seed, clients)
}

func newWorkloadOn(p *processes, seed uint64, clients int) *workload {
	t := p.t
	t.Helper()
	t.Logf("seed %d", seed)
	w := &workload{processes: p, seed: seed, views: sharedViews{names: map[int64]string{}}, acked: map[int64]string{}}
	for id := range max(clients, baseViews) {
		w.clients = append(w.clients, newClient(w, id))
	}
	w.login()
	for id := range baseViews {
		v, c := dns.ViewData{Name: fmt.Sprint("view", id), ACL: "any"}, w.clients[id]
		a, ok := c.write("ViewCreated", http.MethodPost, "/dns/views", viewBody(v))
		if !ok {
			t.Fatalf("no view: %s", a.body)
		}
		c.own.views[a.id] = v
		w.views.rename(a.id, v.Name)
	}
	return w
}

func (w *workload) login() {
	w.t.Helper()
	a, err := w.clients[0].ask(http.MethodPost, "/auth/login_local", "", 0, map[string]any{"username": "admin", "password": testPassword})
	var said struct{ Token string }
	if err != nil || json.Unmarshal(a.body, &said) != nil || said.Token == "" {
		w.t.Fatalf("login: %v, %d: %s", err, a.status, a.body)
	}
	w.token = said.Token
}

// acknowledged notes that a write was, whose events end at the position; no two
// can have one position.
func (w *workload) acknowledged(client int, last int64, events []string) {
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

// fault is something that goes wrong, and is repaired where opsledger does not
// do so by itself.
type fault struct {
	name   string
	strike func(*processes)
}

// endure strikes the given number of times while all clients work, no sooner
// than the interval after the last time and not before everybody has been served
// again: more acknowledged writes for each of them than were under way.
func (w *workload) endure(faults []fault, times int, interval time.Duration) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	var wg sync.WaitGroup
	for _, c := range w.clients {
		wg.Go(func() { c.run(ctx) })
	}
	w.served()
	for i := range times {
		next := time.NewTimer(interval)
		f := faults[i%len(faults)]
		began, before := time.Now(), w.total()
		f.strike(w.processes)
		w.served()
		w.t.Logf("%s: all are served again after %s, %d writes on the way", f.name, time.Since(began).Round(time.Millisecond), w.total()-before)
		<-next.C
	}
	stop()
	wg.Wait()
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// served returns when every client has had some writes acknowledged from now on.
func (w *workload) served() {
	w.t.Helper()
	const enough = 3
	before := make([]int64, len(w.clients))
	for i, c := range w.clients {
		before[i] = c.acks.Load()
	}
	for i, c := range w.clients {
		w.eventually(fmt.Sprintf("client %d is served again", i), func() bool { return w.t.Failed() || c.acks.Load() >= before[i]+enough })
	}
}

func (w *workload) total() (n int64) {
	for _, c := range w.clients {
		n += c.acks.Load()
	}
	return n
}

// last is the position of the last acknowledged write.
func (w *workload) last() int64 {
	return slices.Max(slices.Collect(maps.Keys(w.acked)))
}

// lastForAgents is last without what agents are not told of.
func (w *workload) lastForAgents() int64 {
	return slices.Max(w.positions(domain.ContextDNS))
}

// positions are those of the acknowledged events of some contexts.
func (w *workload) positions(of ...domain.Context) (all []int64) {
	codec := newCodec()
	for position, event := range w.acked {
		if d, ok := codec.Descriptor(event); ok && slices.Contains(of, d.Context) {
			all = append(all, position)
		}
	}
	return all
}

// live waits until named was proved to serve everything. That it serves the last
// change is not enough: one that changes nothing in named is served before it was made.
func (w *workload) live() {
	w.t.Helper()
	last := w.lastForAgents()
	w.eventually("everything is live", func() bool {
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
		if change.State == "FAILED" {
			w.t.Fatalf("named does not serve event %d: %s", last, a.body)
		}
		for _, server := range change.Servers {
			if server.Applied < last {
				return false
			}
		}
		return change.State == "INSYNC" && len(change.Servers) > 0
	})
}
