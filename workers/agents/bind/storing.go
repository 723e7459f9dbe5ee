package bind

import (
	"context"
	"time"
)

const (
	// storeEvery is how often the state is stored while it changes. What the log changed since is compared by whoever
	// resumes from it.
	storeEvery = 10 * time.Minute
	// storeLook is the pause between looks whether it is due.
	storeLook = 5 * time.Second
)

// storeNowAndThen stores the state as soon as all of it is proved the first time, and then while it changes. It returns
// nil when ctx ends.
func (e *Engine) storeNowAndThen(ctx context.Context) error {
	tick := time.NewTicker(storeLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if e.storeDue() {
			e.store()
		}
	}
}

func (e *Engine) storeDue() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.loaded || e.state.origin == e.storedOrigin {
		return false
	}
	if e.storedAt.IsZero() || e.storedOrigin.Log != e.state.origin.Log {
		return e.state.frontier.applied(e.state.seen) == e.state.seen
	}
	return time.Since(e.storedAt) > storeEvery
}

// store stores the state for the next engine. Without it that takes everything anew, so that a failure costs time alone.
func (e *Engine) store() {
	e.mu.Lock()
	if !e.loaded || !e.state.origin.known() || e.program == "" {
		e.mu.Unlock()
		return
	}
	began := time.Now()
	state := e.state.cut()
	state.Program, state.Boot = e.program, e.boot
	e.mu.Unlock()
	held := time.Since(began)
	data, err := state.encode()
	if err == nil {
		err = e.layout.keep(e.layout.stored(), data)
	}
	if err != nil {
		e.log.Warn("cannot store the state", "error", err)
		return
	}
	e.log.Debug("stored the state", "position", state.Origin.LastDNS, "octets", len(data), "held", held, "took", time.Since(began))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.storedOrigin, e.storedAt = state.Origin, time.Now()
}
