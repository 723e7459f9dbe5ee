package snapshots

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain"
)

const (
	// keepFor is how long a snapshot stays after it was last asked for.
	keepFor = 2 * time.Minute
	// keepMost bounds the number of snapshots in memory.
	keepMost = 4
)

// kept is a finished snapshot. Only used changes.
type kept struct {
	id                string
	position, lastDNS domain.Position
	chunks            [][]byte
	rows              int
	used              time.Time
}

// shelf keeps the newest snapshots.
//
// Invariants:
//  1. No more than keepMost snapshots are kept, each for keepFor after its last use.
//  2. One snapshot is built at a time: who comes meanwhile shares it if it is new enough.
type shelf struct {
	building chan struct{} // holds the one permit to build

	mu   sync.Mutex
	list []*kept // oldest position first
	now  func() time.Time
}

func newShelf() *shelf {
	s := &shelf{building: make(chan struct{}, 1), now: time.Now}
	s.building <- struct{}{}
	return s
}

// take returns a snapshot whose last dns position is at least lastDNS, from the
// shelf if there is one, else as build makes it, whatever that reaches.
func (s *shelf) take(ctx context.Context, lastDNS domain.Position, build func(context.Context) (*kept, error)) (*kept, error) {
	if k := s.find(lastDNS); k != nil {
		return k, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.building:
	}
	defer func() { s.building <- struct{}{} }()
	if k := s.find(lastDNS); k != nil {
		return k, nil
	}
	k, err := build(ctx)
	if err != nil {
		return nil, err
	}
	s.put(k)
	return k, nil
}

func (s *shelf) find(lastDNS domain.Position) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	for _, k := range slices.Backward(s.list) {
		if k.lastDNS >= lastDNS {
			k.used = s.now()
			return k
		}
	}
	return nil
}

func (s *shelf) put(k *kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.used = s.now()
	s.list = append(s.list, k)
	s.clear()
}

// tidy frees what nobody asks for any more.
func (s *shelf) tidy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

// clear drops what is too old or too much. The caller holds the lock.
func (s *shelf) clear() {
	limit := s.now().Add(-keepFor)
	s.list = slices.DeleteFunc(s.list, func(k *kept) bool { return k.used.Before(limit) })
	if extra := len(s.list) - keepMost; extra > 0 {
		s.list = slices.Delete(s.list, 0, extra)
	}
}

func (s *shelf) chunk(id string, number int) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.list {
		if k.id == id && number >= 0 && number < len(k.chunks) {
			k.used = s.now()
			return k.chunks[number], true
		}
	}
	return nil, false
}
