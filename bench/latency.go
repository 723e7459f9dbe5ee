package bench

import (
	"slices"
	"sync"
	"time"
)

// Latencies collects durations; its methods may be called concurrently.
type Latencies struct {
	mu     sync.Mutex
	list   []time.Duration
	sorted bool
}

// Add adds durations.
func (l *Latencies) Add(d ...time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list, l.sorted = append(l.list, d...), false
}

// Count returns how many there are.
func (l *Latencies) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// Percentile returns the smallest duration that p percent of all do not exceed
// (nearest rank), 0 when there are none. 100 is the maximum.
func (l *Latencies) Percentile(p float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.list)
	if n == 0 {
		return 0
	}
	if !l.sorted {
		slices.Sort(l.list)
		l.sorted = true
	}
	rank := int(p / 100 * float64(n))
	if float64(rank) < p/100*float64(n) {
		rank++
	}
	return l.list[min(max(rank, 1), n)-1]
}

// Fields are p50, p99 and the maximum in milliseconds.
func (l *Latencies) Fields() []Field {
	return []Field{
		{"p50_ms", Milliseconds(l.Percentile(50))},
		{"p99_ms", Milliseconds(l.Percentile(99))},
		{"max_ms", Milliseconds(l.Percentile(100))},
	}
}
