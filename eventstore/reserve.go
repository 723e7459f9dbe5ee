package eventstore

import (
	"maps"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
)

const (
	// reserveFor is the time for which ids are drawn in advance, at the rate at
	// which they were taken last.
	reserveFor = 80 * time.Millisecond
	// reserveLife is how long they may lie: ids tell the order in which things were
	// made, also to users, and another process draws meanwhile.
	reserveLife = 100 * time.Millisecond
	// maxReserve bounds them.
	maxReserve = 4096
	// reserveAfter is how many must have been taken without a pause of reservePause
	// before any are drawn in advance.
	reserveAfter = 32
	reservePause = 4 * reserveFor
)

// reserve holds ids that were drawn in advance, so that a busy process need not
// ask for each.
//
// Invariants:
//  1. An id is handed out once.
//  2. One that makes few things in a row draws none in advance, and wastes none.
type reserve struct {
	mu         sync.Mutex
	bySequence map[domain.Sequence]*reserved
}

type reserved struct {
	ids   []int64
	until time.Time
	// drawn is when ids were drawn last, taken how many were handed out since, and
	// row how many since the last pause.
	drawn      time.Time
	taken, row int
}

func newReserve() *reserve { return &reserve{bySequence: map[domain.Sequence]*reserved{}} }

func (r *reserve) of(s domain.Sequence) *reserved {
	if r.bySequence[s] == nil {
		r.bySequence[s] = &reserved{}
	}
	return r.bySequence[s]
}

// take adds the wanted ids to those in to, as far as there are any, and returns what is missing.
func (r *reserve) take(wants map[domain.Sequence]int, to map[domain.Sequence][]int64) (missing map[domain.Sequence]int) {
	if len(wants) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	missing = maps.Clone(wants)
	for s, n := range wants {
		own := r.of(s)
		if len(own.ids) < n || time.Now().After(own.until) {
			own.ids = nil // those left are too few, or too old
			continue
		}
		to[s] = append(to[s], own.ids[:n]...)
		own.ids, own.taken = own.ids[n:], own.taken+n
		delete(missing, s)
	}
	return missing
}

// more says how many ids to draw beyond the n that are wanted now.
func (r *reserve) more(s domain.Sequence, n int, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.of(s)
	taken, since := own.taken+n, max(now.Sub(own.drawn), time.Microsecond)
	if since > reservePause {
		own.row = 0
	}
	own.drawn, own.taken, own.row = now, 0, own.row+taken
	if own.row < reserveAfter {
		return 0
	}
	return int(min(float64(taken)*float64(reserveFor)/float64(since), maxReserve))
}

// put keeps ids that were drawn in advance.
func (r *reserve) put(s domain.Sequence, ids []int64, now time.Time) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.of(s)
	own.ids, own.until = ids, now.Add(reserveLife)
}

// forget throws the ids of a sequence away.
func (r *reserve) forget(s domain.Sequence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of(s).ids = nil
}
