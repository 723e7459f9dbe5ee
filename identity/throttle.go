package identity

import (
	linked "container/list"
	"crypto/sha256"
	"hash/maphash"
	"sync"
	"time"
)

// How many logins may fail, and how fast more are allowed.
const (
	failuresPerName    = 10
	nameRecovers       = 30 * time.Second
	failuresPerAddress = 100
	addressRecovers    = time.Second
	// maxThrottled bounds what is remembered of each kind, in entries of about 200 bytes.
	maxThrottled = 20_000
	// sharedBuckets serve the keys that come when nothing more can be remembered.
	sharedBuckets = 1024
	// oldestLooked is how many of the oldest entries are looked at for room.
	oldestLooked = 8
)

// throttle lets each key have a number of tries, and one more every while.
//
// Invariants:
//  1. A try counts from its begin: those that run at once cannot exceed the limit.
//  2. It remembers at most a fixed number of keys; a key is kept as a digest,
//     whatever its length.
//  3. A key that has less than all its tries is not forgotten for others. When
//     there is no room, further keys share buckets; nobody outside knows which.
type throttle struct {
	burst   float64
	recover time.Duration
	most    int
	now     func() time.Time
	// recency: the oldest key gives way, whatever it has left.
	recency bool

	mu     sync.Mutex
	known  map[throttleKey]*linked.Element
	recent *linked.List // of *bucket, most recently used first
	seed   maphash.Seed
	shared [sharedBuckets]bucket
}

type throttleKey [sha256.Size]byte

func throttleKeyOf(parts ...string) throttleKey {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p)) // of one length, so that parts cannot shift into each other
		h.Write(sum[:])
	}
	return throttleKey(h.Sum(nil))
}

// bucket is what a key has left, as of a time.
type bucket struct {
	key  throttleKey
	left float64
	at   time.Time
}

func newThrottle(burst int, recover time.Duration, now func() time.Time) *throttle {
	t := &throttle{
		burst: float64(burst), recover: recover, most: maxThrottled, now: now,
		known: map[throttleKey]*linked.Element{}, recent: linked.New(), seed: maphash.MakeSeed(),
	}
	for i := range t.shared {
		t.shared[i] = bucket{left: t.burst, at: now()}
	}
	return t
}

// take begins a try. Otherwise it returns how long to wait for the next one.
func (t *throttle) take(key throttleKey) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(key)
	if b.left < 1 {
		return time.Duration((1 - b.left) * float64(t.recover))
	}
	b.left--
	return 0
}

// giveBack ends a try that shall not count.
func (t *throttle) giveBack(key throttleKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(key)
	b.left = min(b.left+1, t.burst)
}

// forget gives the key all its tries again; one of a shared bucket gets back this one.
func (t *throttle) forget(key throttleKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, ok := t.known[key]; ok {
		t.remove(element)
		return
	}
	b := t.filled(t.sharedBucket(key))
	b.left = min(b.left+1, t.burst)
}

// sharedBucket is that of a key for which there is no room.
func (t *throttle) sharedBucket(key throttleKey) *bucket {
	return &t.shared[maphash.Bytes(t.seed, key[:])%sharedBuckets]
}

// knows says whether the key is remembered.
func (t *throttle) knows(key throttleKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.known[key]
	return ok
}

// bucket returns the key's bucket, filled up to now.
func (t *throttle) bucket(key throttleKey) *bucket {
	if element, ok := t.known[key]; ok {
		t.recent.MoveToFront(element)
		return t.filled(element.Value.(*bucket))
	}
	if !t.makeRoom() {
		return t.filled(t.sharedBucket(key))
	}
	b := &bucket{key: key, left: t.burst, at: t.now()}
	t.known[key] = t.recent.PushFront(b)
	return b
}

func (t *throttle) filled(b *bucket) *bucket {
	now := t.now()
	b.left = min(t.burst, b.left+float64(now.Sub(b.at))/float64(t.recover))
	b.at = now
	return b
}

// makeRoom says whether one more key can be remembered. It forgets keys that have
// all their tries again, of which nothing is lost.
func (t *throttle) makeRoom() bool {
	for element, looked := t.recent.Back(), 0; element != nil && looked < oldestLooked; looked++ {
		older := element.Prev()
		if full := t.filled(element.Value.(*bucket)).left >= t.burst; full || t.recency && len(t.known) >= t.most {
			t.remove(element)
		}
		element = older
	}
	return len(t.known) < t.most
}

func (t *throttle) remove(element *linked.Element) {
	delete(t.known, t.recent.Remove(element).(*bucket).key)
}
