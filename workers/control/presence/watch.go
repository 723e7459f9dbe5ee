package presence

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// watchEvery is how often deadlines and silent hosts are checked.
	watchEvery = time.Second
	// watchWithin bounds one check.
	watchWithin = 10 * time.Second
	// overdueAtOnce bounds the number of attempts that expire in one check.
	overdueAtOnce = 500
	// idleAfter is how long a host that is online may not know an attempt before it is
	// told to ask for its work.
	idleAfter = 3 * time.Second
	// saveEvery is how often the hosts are stored for the next start.
	saveEvery = 30 * time.Second
)

// watch checks deadlines and silent hosts until ctx ends.
func (p *Presence) watch(ctx context.Context) {
	tick, keep := time.NewTicker(watchEvery), time.NewTicker(saveEvery)
	defer tick.Stop()
	defer keep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-keep.C:
			p.save(ctx)
		case <-tick.C:
			if !p.cfg.NC.IsConnected() {
				p.restartSilence()
				continue
			}
			p.look(ctx)
		}
	}
}

// look makes one check. A step that fails is tried again in the next.
func (p *Presence) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, watchWithin)
	defer cancel()
	for what, step := range map[string]func(context.Context) error{
		"deadlines": p.expire, "silent hosts": p.presumeUnknown, "idle hosts": p.askToFetchWork,
	} {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			p.cfg.Log.Warn("presence: will look again", "at", what, "error", err)
		}
	}
}

// expire ends the attempts that were not begun by their deadline.
func (p *Presence) expire(ctx context.Context) error {
	due, err := p.cfg.Reader.Due(ctx, time.Now(), overdueAtOnce)
	if err != nil {
		return err
	}
	return p.presume(ctx, due, false)
}

// presumeUnknown makes the running attempts of silent hosts unknown.
func (p *Presence) presumeUnknown(ctx context.Context) error {
	silent := p.silentHosts()
	if len(silent) == 0 {
		return nil
	}
	running, err := p.cfg.Reader.Running(ctx, silent)
	if err != nil {
		return err
	}
	return p.presume(ctx, running, true)
}

func (p *Presence) presume(ctx context.Context, tasks []opsmodel.Task, silent bool) error {
	for _, t := range tasks {
		_, err := p.cfg.Store.Execute(ctx, eventstore.Request{
			Actor: domain.System, Door: domain.DoorSystem, Causation: t.Attempt.Number,
			Command: ops.PresumeEnd{Task: t.Name, Attempt: t.Attempt.Number, Silent: silent},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// askToFetchWork tells hosts that are online and do not know one of their attempts to
// ask for their work. A host that has lost its journal reports that then.
func (p *Presence) askToFetchWork(ctx context.Context) error {
	open, err := p.cfg.Reader.OpenBefore(ctx, time.Now().Add(-idleAfter))
	if err != nil {
		return err
	}
	for host := range p.withoutKnownWork(open) {
		if err := p.cfg.NC.Publish(protocol.SubjectHostFetchWork(host), nil); err != nil {
			return err
		}
	}
	return nil
}
