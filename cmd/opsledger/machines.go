package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
)

// errNoMachine says that no machine has a name or address.
var errNoMachine = errors.New("no such machine")

// machine is a machine as the log says now.
type machine struct {
	id   int64
	data ops.MachineData
}

// machineNamed returns the machine that has the name, or errNoMachine. It reads
// the log, which is never behind, as a read model may be.
func machineNamed(ctx context.Context, store *eventstore.Store, name string) (machine, error) {
	return machineWith(ctx, store, ops.TagMachineName(name), func(d ops.MachineData) bool { return d.Name == name })
}

// machineAt is machineNamed for an inside or outside address.
func machineAt(ctx context.Context, store *eventstore.Store, text string) (machine, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return machine{}, err
	}
	ip := addr.Unmap().String()
	return machineWith(ctx, store, ops.TagMachineIP(ip), func(d ops.MachineData) bool { return d.InsideIP == ip || d.OutsideIP == ip })
}

// machineWith reads the events that carry the tag, and returns the machine for
// which has is true at the end. At most one machine at a time can be.
func machineWith(ctx context.Context, store *eventstore.Store, tag domain.Tag, has func(ops.MachineData) bool) (machine, error) {
	var found machine
	err := eachEvent(ctx, store, tag, func(event domain.Event) { found = found.after(event, has) })
	if err == nil && found.id == 0 {
		err = errNoMachine
	}
	return found, err
}

// after returns the machine that holds the name or address after one more event.
func (m machine) after(event domain.Event, has func(ops.MachineData) bool) machine {
	switch e := event.(type) {
	case ops.MachineAdded:
		return machine{e.ID, e.Machine}
	case ops.MachineUpdated:
		if has(e.After) {
			return machine{e.ID, e.After}
		}
		if m.id == e.ID {
			return machine{}
		}
	case ops.MachineDeleted:
		if m.id == e.ID {
			return machine{}
		}
	}
	return m
}

// addMachine registers a machine, by the door.
func addMachine(ctx context.Context, store *eventstore.Store, door domain.Door, d ops.MachineData) (machine, error) {
	add, err := ops.NewAddMachine(ops.MachineInput{
		Name: &d.Name, InsideIP: &d.InsideIP, OutsideIP: &d.OutsideIP, Usage: &d.Usage, Location: &d.Location, Initialized: &d.Initialized,
	})
	if err != nil {
		return machine{}, err
	}
	if _, err := store.Execute(ctx, eventstore.Request{Command: add, Actor: domain.System, Door: door}); err != nil {
		return machine{}, err
	}
	return machineNamed(ctx, store, d.Name)
}

// enrollHost makes the control plane trust the machine's agent. Repeating it
// changes nothing.
func enrollHost(ctx context.Context, store *eventstore.Store, door domain.Door, name string) error {
	command, err := ops.NewEnrollHost(name)
	if err != nil {
		return err
	}
	_, err = store.Execute(ctx, eventstore.Request{Command: command, Actor: domain.System, Door: door})
	return err
}

// registerThisHost makes sure that this machine is registered and that its agent
// is enrolled. The machine's name is its host name, or whatever name the machine
// with its address has.
func registerThisHost(ctx context.Context, store *eventstore.Store) (machine, error) {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	const local = "127.0.0.1"
	m, err := machineNamed(ctx, store, name)
	if errors.Is(err, errNoMachine) {
		m, err = machineAt(ctx, store, local)
	}
	if errors.Is(err, errNoMachine) {
		m, err = addMachine(ctx, store, domain.DoorSystem, ops.MachineData{
			Name: name, InsideIP: local, OutsideIP: local, Usage: "opsledger dev", Location: "localhost", Initialized: 1,
		})
	}
	if err != nil {
		return machine{}, fmt.Errorf("register this machine: %w", err)
	}
	return m, enrollHost(ctx, store, domain.DoorSystem, m.data.Name)
}
