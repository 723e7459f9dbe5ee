package host

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// aliveEvery is how often a host says that it lives.
	aliveEvery = 5 * time.Second
	// knownWithin is how soon it says so after it took something on: the control
	// plane pokes hosts that do not seem to know their work.
	knownWithin = time.Second
)

// live says that the host lives: at the start, regularly, after a reconnection,
// when asked, and soon after it took something on.
func (a *Agent) live(ctx context.Context) {
	connected := a.cfg.NC.StatusChanged(nats.CONNECTED)
	defer a.cfg.NC.RemoveStatusListener(connected)
	next := time.NewTimer(0)
	defer next.Stop()
	var changed <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.changed:
			if changed == nil {
				changed = time.After(backoff.Jitter(knownWithin))
			}
			continue
		case <-changed:
		case <-a.aliveNow:
		case <-connected:
			signal(a.askWork)
			a.told.again()
		case <-next.C:
		}
		changed = nil
		a.sayAlive()
		next.Reset(backoff.Jitter(aliveEvery))
	}
}

// sayAlive may fail with the connection: the next one says as much.
func (a *Agent) sayAlive() {
	log, known := a.log()
	if !known || !a.cfg.NC.IsConnected() {
		return
	}
	alive := protocol.HostAlive{
		Log: log, Boot: a.boot, Seen: domain.Position(a.seen.Load()), Version: a.cfg.Version, Accounts: a.keys.accounts(),
	}
	for _, h := range a.cfg.Tasks.Held() {
		alive.Known = append(alive.Known, domain.Position(h.Attempt))
	}
	payload, err := json.Marshal(alive)
	if err == nil {
		err = a.cfg.NC.Publish(protocol.SubjectHostAlive(a.cfg.ID), payload)
	}
	if err != nil {
		a.cfg.Log.Debug("no sign of life was given", "error", err)
	}
}
