package eventstore

import (
	"container/list"
	"reflect"
	"sync"

	"github.com/opsledger/opsledger/domain"
)

// cacheWeight bounds the cache: each state weighs the events it was folded from and a base.
const (
	cacheWeight = 500_000
	baseWeight  = 8
)

// foldKey names the state of a fold: type and item say all, see [domain.Fold].
type foldKey struct {
	fold  reflect.Type
	tag   domain.Tag
	types string
}

// foldState is a snapshot that holds all events up to a position.
type foldState struct {
	at       domain.Position
	snapshot any
	// folded counts the events behind the snapshot.
	folded int
	// stale: the log has events that the snapshot lacks.
	stale bool
}

type cached struct {
	key   foldKey
	state foldState
}

// foldCache keeps the states of folds between decisions, the latest used longest.
// A state is only where to start from: the events after it are read, or proved
// absent by the condition of an append.
type foldCache struct {
	mu     sync.Mutex
	byKey  map[foldKey]*list.Element
	recent *list.List // of cached, most recently used first
	weight int
}

func newFoldCache() *foldCache {
	return &foldCache{byKey: map[foldKey]*list.Element{}, recent: list.New()}
}

func (c *foldCache) get(key foldKey) (foldState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.byKey[key]
	if !ok {
		return foldState{}, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cached).state, true
}

// put keeps the state unless a later one is known.
func (c *foldCache) put(key foldKey, state foldState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		old := element.Value.(*cached)
		if old.state.at < state.at {
			c.weight += state.folded - old.state.folded
			old.state = state
			c.recent.MoveToFront(element)
		}
	} else {
		c.byKey[key] = c.recent.PushFront(&cached{key, state})
		c.weight += state.folded + baseWeight
	}
	for c.weight > cacheWeight && c.recent.Len() > 1 {
		c.remove(c.recent.Back())
	}
}

// outdate marks the state, if there is one, as out of date until a later one is put.
func (c *foldCache) outdate(key foldKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		element.Value.(*cached).state.stale = true
	}
}

// drop forgets a state that cannot be of this log.
func (c *foldCache) drop(key foldKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		c.remove(element)
	}
}

func (c *foldCache) remove(element *list.Element) {
	old := c.recent.Remove(element).(*cached)
	delete(c.byKey, old.key)
	c.weight -= old.state.folded + baseWeight
}
