package workload

import (
	"context"
	"sync"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Fault is something that goes wrong, and is repaired where opsledger does not
// do so by itself.
type Fault struct {
	Name   string
	Strike func(*deployment.Site)
}

// Endure strikes the given number of times while all clients work, no sooner
// than the interval after the last time and not before everybody has been served
// again: more acknowledged writes for each of them than were under way.
func (w *Workload) Endure(faults []Fault, times int, interval time.Duration) {
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
		f.Strike(w.site)
		w.served()
		w.t.Logf("%s: all are served again after %s, %d writes on the way", f.Name, time.Since(began).Round(time.Millisecond), w.total()-before)
		<-next.C
	}
	stop()
	wg.Wait()
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// served returns when every client has had some writes acknowledged from now on.
func (w *Workload) served() {
	w.t.Helper()
	const enough = 3
	before := make([]int64, len(w.clients))
	for i, c := range w.clients {
		before[i] = c.acks.Load()
	}
	for i, c := range w.clients {
		late := time.After(testkit.Patience)
		for c.acks.Load() < before[i]+enough && !w.t.Failed() {
			select {
			case <-w.news:
			case <-late:
				w.t.Fatalf("client %d is not served again", i)
			}
		}
	}
}

// Burst returns when every client has had that many more writes acknowledged.
func (w *Workload) Burst(writes int64) {
	w.t.Helper()
	var wg sync.WaitGroup
	for _, c := range w.clients {
		wg.Go(func() {
			for enough := c.acks.Load() + writes; c.acks.Load() < enough && !w.t.Failed(); {
				c.step()
			}
		})
	}
	wg.Wait()
}

// tell wakes served, which looks at all clients then.
func (w *Workload) tell() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *Workload) total() (n int64) {
	for _, c := range w.clients {
		n += c.acks.Load()
	}
	return n
}
