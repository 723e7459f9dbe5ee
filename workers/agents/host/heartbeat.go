package host

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// heartbeatEvery is the time between two heartbeats of a host.
	heartbeatEvery = 5 * time.Second
	// knownWithin is how soon a heartbeat follows a change of what the host has taken
	// on: the control plane tells hosts that seem not to know their work to ask for it.
	knownWithin = time.Second
)

// sendHeartbeats sends heartbeats: at the start, regularly, after a reconnection, when
// requested, and soon after the host has taken an attempt on. It returns nil when ctx ends.
func (f *Follower) sendHeartbeats(ctx context.Context) error {
	connected := f.cfg.NC.StatusChanged(nats.CONNECTED)
	defer f.cfg.NC.RemoveStatusListener(connected)
	next := time.NewTimer(0)
	defer next.Stop()
	var changed <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.changed:
			if changed == nil {
				changed = time.After(backoff.Jitter(knownWithin))
			}
			continue
		case <-changed:
		case <-f.heartbeatNow:
		case <-connected:
			signal(f.askWork)
			f.reporter.repeatNow()
		case <-next.C:
		}
		changed = nil
		f.sendHeartbeat()
		next.Reset(backoff.Jitter(heartbeatEvery))
	}
}

// sendHeartbeat may fail with the connection: the next heartbeat says the same.
func (f *Follower) sendHeartbeat() {
	log, known := f.log()
	if !known || !f.cfg.NC.IsConnected() {
		return
	}
	alive := protocol.HostHeartbeat{
		Log: log, Boot: f.boot, Seen: domain.Position(f.seen.Load()), Version: f.cfg.Version, Accounts: f.keys.accounts(),
	}
	for _, h := range f.cfg.Tasks.Pending() {
		alive.Known = append(alive.Known, domain.Position(h.Attempt))
	}
	payload, err := alive.Encode()
	if err == nil {
		err = f.cfg.NC.Publish(protocol.SubjectHostHeartbeat(f.cfg.ID), payload)
	}
	if err != nil {
		f.cfg.Log.Debug("a heartbeat was not sent", "error", err)
	}
}
