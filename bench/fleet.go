package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/host"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// fleet is many hosts in this process. Each is the agent that a machine runs,
// with its own connection, credentials and consumer; only what it executes is pretended.
type fleet struct {
	*beside
	authority *busauth.Authority
	js        jetstream.JetStream
	// pretend is what a host does with its tasks.
	pretend pretence
}

const (
	// enrollAtOnce is how many machines are registered in one append.
	enrollAtOnce = 500
	// connectAtOnce is how many hosts connect at the same time.
	connectAtOnce = 16
	// fleetStart bounds the wait for all hosts to be ready for work.
	fleetStart = 120 * time.Second
)

// openFleet prepares a fleet on the plane, of no hosts yet.
func openFleet(ctx context.Context, e *Env, p *plane, pretend pretence) (*fleet, error) {
	b, err := openBeside(ctx, e, p)
	if err != nil {
		return nil, err
	}
	secrets, err := vault.Open(b.pool, p.keyFile)
	if err != nil {
		return nil, err
	}
	f := &fleet{beside: b, pretend: pretend}
	if f.authority, err = busauth.New(ctx, busauth.Config{Store: b.store, Vault: secrets}); err != nil {
		return nil, err
	}
	nc, err := nats.Connect(p.natsURL, f.authority.AsControl(), f.authority.PinnedBus())
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { nc.Close(); return nil })
	f.js, err = jetstream.New(nc)
	return f, err
}

// start registers n machines and runs a host for each until the Env ends. When it
// returns, all of them know that there is nothing to do.
func (f *fleet) start(ctx context.Context, e *Env, n int) error {
	before, err := f.consumers(ctx)
	if err != nil {
		return err
	}
	e.Progress("enrolling %d hosts", n)
	if err := f.enroll(ctx, n); err != nil {
		return err
	}
	credentials, err := f.authority.CredentialsOfAll(ctx, busauth.KindHost, f.natsURL)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(credentials, func(c busauth.Credentials) bool { return !f.pretend.runs(c.ID) })
	if len(own) != n {
		return fmt.Errorf("%d of %d hosts have credentials", len(own), n)
	}
	ctx, cancel := context.WithTimeout(ctx, fleetStart)
	defer cancel()
	if err := f.awaitConsumers(ctx, before+n); err != nil {
		return err
	}
	return f.connect(ctx, e, own)
}

// enroll registers machines, whose ids follow, and trusts an agent for each.
func (f *fleet) enroll(ctx context.Context, n int) error {
	events, err := f.carry(ctx, enrollAtOnce, n, func(i int) []batch.Operation {
		return []batch.Operation{batch.Of(ops.NewAddMachine(machineOf(f.pretend.name, f.pretend.block, i))), batch.Of(ops.NewEnrollHost(hostName(f.pretend.name, i)))}
	})
	if err != nil {
		return fmt.Errorf("enroll hosts: %w", err)
	}
	for _, r := range events {
		if added, ok := r.Event.(ops.MachineAdded); ok {
			f.pretend.machines[added.ID] = added.Machine.InsideIP
		}
	}
	return nil
}

func (f *fleet) consumers(ctx context.Context) (int, error) {
	stream, err := f.js.Stream(ctx, protocol.StreamEvents)
	if err != nil {
		return 0, err
	}
	return stream.CachedInfo().State.Consumers, nil
}

// awaitConsumers waits until the control plane has made a consumer for each host.
func (f *fleet) awaitConsumers(ctx context.Context, want int) error {
	for {
		n, err := f.consumers(ctx)
		if err != nil || n >= want {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d consumers are there: %w", n, want, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// connect runs the hosts and waits until each has heard what it is to do.
func (f *fleet) connect(ctx context.Context, e *Env, all []busauth.Credentials) error {
	e.Progress("connecting %d hosts", len(all))
	life, stop := context.WithCancel(context.Background())
	var running errgroup.Group
	e.Defer(func() error { stop(); return running.Wait() })
	starting, ctx := errgroup.WithContext(ctx)
	starting.SetLimit(connectAtOnce)
	for _, c := range all {
		starting.Go(func() error {
			tasks, run, err := f.open(c)
			if err != nil {
				return err
			}
			running.Go(func() error { return run(life) })
			select {
			case <-tasks.ready:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("host %d does not hear what it is to do: %w", c.ID, ctx.Err())
			}
		})
	}
	return starting.Wait()
}

// open connects a host; run runs it, and closes the connection.
func (f *fleet) open(c busauth.Credentials) (tasks *pretended, run func(context.Context) error, err error) {
	nc, err := nats.Connect(f.natsURL, append(host.Options(c.ID), c.Option(), nats.RetryOnFailedConnect(false))...)
	if err != nil {
		return nil, nil, err
	}
	tasks = f.pretend.newTasks()
	agent, err := host.New(host.Config{NC: nc, ID: c.ID, Key: c.Key, LogID: c.Log, Tasks: tasks, Version: "bench"})
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return tasks, func(ctx context.Context) error { defer nc.Close(); return agent.Run(ctx) }, nil
}

func hostName(fleet string, i int) string { return fmt.Sprintf("%s%d", fleet, i) }

// machineOf describes a machine, whose addresses are in the fleet's block of 2 Mi.
func machineOf(fleet string, block, i int) ops.MachineInput {
	inner := block<<21 + i
	name, inside, outside, usage, location, no := hostName(fleet, i), address(inner), address(inner+1<<20), "bench", "here", 0
	return ops.MachineInput{Name: &name, InsideIP: &inside, OutsideIP: &outside, Usage: &usage, Location: &location, Initialized: &no}
}
