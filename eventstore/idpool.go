package eventstore

import (
	"maps"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
)

const (
	// drawAhead is the time for which ids are drawn in advance, at the rate at which
	// ids were taken last.
	drawAhead = 80 * time.Millisecond
	// idLife is how long ids may wait to be handed out. Users take ids for the order in
	// which things were made, and other processes draw meanwhile.
	idLife = 100 * time.Millisecond
	// maxPooled bounds the ids of one sequence that wait.
	maxPooled = 4096
	// Ids are drawn in advance once busyAfter of them were taken without a pause of busyPause.
	busyAfter = 32
	busyPause = 4 * drawAhead
)

// idPool holds ids that were drawn in advance, so that a busy process does not ask
// PostgreSQL for each.
//
// Invariants:
//  1. An id is handed out once.
//  2. A process that makes few things in a row draws no ids in advance, and so
//     wastes none.
type idPool struct {
	mu         sync.Mutex
	bySequence map[domain.Sequence]*sequencePool
}

type sequencePool struct {
	ids   []int64
	until time.Time
	// drawn is when ids were drawn last, taken how many were handed out since then,
	// and inRow how many since the last pause.
	drawn        time.Time
	taken, inRow int
}

func newIDPool() *idPool { return &idPool{bySequence: map[domain.Sequence]*sequencePool{}} }

func (p *idPool) of(s domain.Sequence) *sequencePool {
	if p.bySequence[s] == nil {
		p.bySequence[s] = &sequencePool{}
	}
	return p.bySequence[s]
}

// take moves ids from the pool to the list of each sequence in to, and returns how
// many are still missing. A sequence gets as many as it wants, or none.
func (p *idPool) take(wants map[domain.Sequence]int, to map[domain.Sequence][]int64) (missing map[domain.Sequence]int) {
	if len(wants) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	missing = maps.Clone(wants)
	for s, n := range wants {
		own := p.of(s)
		if len(own.ids) < n || time.Now().After(own.until) {
			own.ids = nil // they are too few, or too old
			continue
		}
		to[s] = append(to[s], own.ids[:n]...)
		own.ids, own.taken = own.ids[n:], own.taken+n
		delete(missing, s)
	}
	return missing
}

// more says how many ids to draw beyond the n that are wanted now.
func (p *idPool) more(s domain.Sequence, n int, now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.of(s)
	taken, since := own.taken+n, max(now.Sub(own.drawn), time.Microsecond)
	if since > busyPause {
		own.inRow = 0
	}
	own.drawn, own.taken, own.inRow = now, 0, own.inRow+taken
	if own.inRow < busyAfter {
		return 0
	}
	return int(min(float64(taken)*float64(drawAhead)/float64(since), maxPooled))
}

// put keeps ids that were drawn in advance.
func (p *idPool) put(s domain.Sequence, ids []int64, now time.Time) {
	if len(ids) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.of(s)
	own.ids, own.until = ids, now.Add(idLife)
}

// forget throws the ids of a sequence away.
func (p *idPool) forget(s domain.Sequence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(s).ids = nil
}
