package eventstore

import (
	"container/list"
	"sync"

	"github.com/opsledger/opsledger/domain"
)

// cacheWeight bounds the cache: each state weighs what it holds and a base.
const (
	cacheWeight = 500_000
	baseWeight  = 8
)

// foldKey names the state of a fold: its Go type and its item say all, see
// [domain.Fold]. The types of events are there once for each Go type.
type foldKey struct {
	tag   domain.Tag
	types *itemTypes
}

// foldState is a snapshot that holds all events up to a position.
type foldState struct {
	at       domain.Position
	snapshot any
	// holds is how many items the snapshot has by its own word, or the events behind it; 0 if no event is.
	holds int
	// stale: the log has events that the snapshot lacks.
	stale bool
}

// cached is a state that is in the cache, or has been: then element is nil.
type cached struct {
	key     foldKey
	state   foldState
	element *list.Element
}

// foldCache keeps the states of folds between decisions; those that were used last
// are kept longest. A decision only starts from a state: the events after it are
// read, or proved absent by the condition of an append.
type foldCache struct {
	mu     sync.Mutex
	byKey  map[foldKey]*cached
	recent *list.List // of *cached, most recently used first
	weight int
}

func newFoldCache() *foldCache {
	return &foldCache{byKey: map[foldKey]*cached{}, recent: list.New()}
}

// get returns the state and its place in the cache, which put takes. The place is nil
// if there is no state.
func (c *foldCache) get(key foldKey) (foldState, *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.byKey[key]
	if at == nil {
		return foldState{}, nil
	}
	c.recent.MoveToFront(at.element)
	return at.state, at
}

// put keeps the state unless a later one is known. at is the place that get returned.
func (c *foldCache) put(key foldKey, at *cached, state foldState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at == nil || at.element == nil {
		at = c.byKey[key]
	}
	switch {
	case at == nil:
		at = &cached{key: key, state: state}
		at.element = c.recent.PushFront(at)
		c.byKey[key] = at
		c.weight += state.holds + baseWeight
	case at.state.at < state.at:
		c.weight += state.holds - at.state.holds
		at.state = state
	}
	for c.weight > cacheWeight && c.recent.Len() > 1 {
		c.remove(c.recent.Back().Value.(*cached))
	}
}

// outdate marks the state, if there is one, as out of date until a later one is put.
func (c *foldCache) outdate(key foldKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.byKey[key]; at != nil {
		at.state.stale = true
	}
}

// drop forgets a state that cannot be of this log.
func (c *foldCache) drop(key foldKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.byKey[key]; at != nil {
		c.remove(at)
	}
}

func (c *foldCache) remove(at *cached) {
	c.recent.Remove(at.element)
	at.element = nil
	delete(c.byKey, at.key)
	c.weight -= at.state.holds + baseWeight
}
