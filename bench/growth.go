package bench

import (
	"sync"
	"time"
)

// growth watches by how much the resident memory of a process grows.
type growth struct {
	pid    int
	before float64
	end    chan struct{}
	ended  sync.WaitGroup

	mu      sync.Mutex
	highest float64
}

// growthPoll is the pause between two looks at the memory of a process.
const growthPoll = 50 * time.Millisecond

// watchMemory watches a process until stop is called.
func watchMemory(pid int) (*growth, error) {
	before, err := residentMiB(pid)
	if err != nil {
		return nil, err
	}
	g := &growth{pid: pid, before: before, highest: before, end: make(chan struct{})}
	g.ended.Go(func() {
		for {
			select {
			case <-g.end:
				return
			case <-time.After(growthPoll):
				g.look()
			}
		}
	})
	return g, nil
}

func (g *growth) look() {
	now, err := residentMiB(g.pid)
	if err != nil {
		return // it is gone, which others find
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.highest = max(g.highest, now)
}

// most is by how many MiB the process had grown at most.
func (g *growth) most() float64 {
	g.look()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.highest - g.before
}

func (g *growth) stop() {
	close(g.end)
	g.ended.Wait()
}
