package snapshots

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

const (
	// keepFor is how long a snapshot stays after it was last asked for.
	keepFor = 2 * time.Minute
	// keepMost bounds the number of snapshots in memory.
	keepMost = 4
)

// snapshot is a finished snapshot. Only its field used changes.
type snapshot struct {
	id                string
	position, lastDNS domain.Position
	lastID            uuid.UUID
	chunks            [][]byte
	digest            []byte
	rows              int
	used              time.Time
}

// cache keeps the newest snapshots.
//
// Invariants:
//  1. No more than keepMost snapshots are kept, each for keepFor after its last use.
//  2. One snapshot is built at a time: requests that come meanwhile share it if it is new
//     enough.
type cache struct {
	building chan struct{} // holds the one permit to build

	mu   sync.Mutex
	list []*snapshot // oldest position first
	now  func() time.Time
}

func newCache() *cache {
	c := &cache{building: make(chan struct{}, 1), now: time.Now}
	c.building <- struct{}{}
	return c
}

// get returns a snapshot whose last dns position is at least lastDNS, if there is one.
// Otherwise it returns the snapshot that build makes, whatever its position.
func (c *cache) get(ctx context.Context, lastDNS domain.Position, build func(context.Context) (*snapshot, error)) (*snapshot, error) {
	if s := c.find(lastDNS); s != nil {
		return s, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.building:
	}
	defer func() { c.building <- struct{}{} }()
	if s := c.find(lastDNS); s != nil {
		return s, nil
	}
	s, err := build(ctx)
	if err != nil {
		return nil, err
	}
	c.put(s)
	return s, nil
}

func (c *cache) find(lastDNS domain.Position) *snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	for _, s := range slices.Backward(c.list) {
		if s.lastDNS >= lastDNS {
			s.used = c.now()
			return s
		}
	}
	return nil
}

func (c *cache) put(s *snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.used = c.now()
	c.list = append(c.list, s)
	c.clear()
}

// expire drops the snapshots that nobody asks for any more.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

// clear drops snapshots that are too old or too many. The caller holds the lock.
func (c *cache) clear() {
	limit := c.now().Add(-keepFor)
	c.list = slices.DeleteFunc(c.list, func(s *snapshot) bool { return s.used.Before(limit) })
	if extra := len(c.list) - keepMost; extra > 0 {
		c.list = slices.Delete(c.list, 0, extra)
	}
}

func (c *cache) chunk(id string, number int) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.list {
		if s.id == id && number >= 0 && number < len(s.chunks) {
			s.used = c.now()
			return s.chunks[number], true
		}
	}
	return nil, false
}
