package executor

import "sync"

// key names an attempt.
type key struct {
	task    string
	attempt int64
}

// outbox holds the reports that wait for a reader, only the newest of each attempt.
//
// Invariant: nothing replaces an end but the same end.
type outbox struct {
	mu      sync.Mutex
	order   []key
	waiting map[key]Report
	wake    chan struct{}
}

func newOutbox() *outbox { return &outbox{waiting: map[key]Report{}, wake: make(chan struct{}, 1)} }

func (o *outbox) put(r Report) {
	k := key{r.Task, r.Attempt}
	o.mu.Lock()
	defer o.mu.Unlock()
	old, there := o.waiting[k]
	if there && old.State.Ended() {
		return
	}
	if !there {
		o.order = append(o.order, k)
	}
	o.waiting[k] = r
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) take() (Report, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.order) == 0 {
		return Report{}, false
	}
	k := o.order[0]
	r := o.waiting[k]
	o.order = o.order[1:]
	delete(o.waiting, k)
	return r, true
}
