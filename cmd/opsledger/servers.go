package main

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
)

// thisMachine is what a local server is registered as.
func thisMachine(addr netip.Addr) dns.ServerInput {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	if addr.IsUnspecified() || !addr.IsValid() {
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	ip, env, none := addr.String(), "dev", "-"
	return dns.ServerInput{
		Host: &host, IP: &ip, Env: &env,
		ZbProcessItem: &none, ZbPortItem: &none, ZbResolveItem: &none, ZbResolveRateItem: &none,
	}
}

// registerMachine is registerServer for a machine whose address may have changed:
// the server with the machine's host name gets the new address and keeps its
// agent.
func registerMachine(ctx context.Context, store *eventstore.Store, in dns.ServerInput) (int64, error) {
	id, err := serverByAddress(ctx, store, *in.IP)
	if err != nil {
		return 0, err
	}
	if id != 0 {
		return id, enroll(ctx, store, domain.DoorSystem, id)
	}
	if id, err = serverByHost(ctx, store, *in.Host); err != nil {
		return 0, err
	}
	if id == 0 {
		return registerServer(ctx, store, domain.DoorSystem, in)
	}
	move, err := dns.NewUpdateServer(id, in, nil)
	if err != nil {
		return 0, err
	}
	if _, err := store.Execute(ctx, eventstore.Request{Command: move, Actor: domain.System, Door: domain.DoorSystem}); err != nil {
		return 0, err
	}
	return id, enroll(ctx, store, domain.DoorSystem, id)
}

// registerServer makes sure that there is a server with the input's address
// and that its agent is enrolled, and returns its id. Repeating it changes nothing.
func registerServer(ctx context.Context, store *eventstore.Store, door domain.Door, in dns.ServerInput) (int64, error) {
	id, err := serverByAddress(ctx, store, *in.IP)
	if err != nil {
		return 0, err
	}
	if id == 0 {
		create, err := dns.NewCreateServer(in)
		if err != nil {
			return 0, err
		}
		receipt, err := store.Execute(ctx, eventstore.Request{Command: create, Actor: domain.System, Door: door})
		if err != nil {
			return 0, err
		}
		created, ok := receipt.Events[0].Event.(dns.ServerCreated)
		if !ok {
			return 0, errors.New("no server was created")
		}
		id = created.ID
	}
	return id, enroll(ctx, store, door, id)
}

// enroll makes the control plane trust an agent for the server. Repeating it
// changes nothing.
func enroll(ctx context.Context, store *eventstore.Store, door domain.Door, server int64) error {
	command, err := dns.NewEnrollServer(server)
	if err != nil {
		return err
	}
	_, err = store.Execute(ctx, eventstore.Request{Command: command, Actor: domain.System, Door: door})
	return err
}

// serverByAddress returns the server that has the address now, 0 when there is
// none. It reads the log, which is never behind, as a read model may be.
func serverByAddress(ctx context.Context, store *eventstore.Store, text string) (int64, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return 0, err
	}
	ip := addr.String()
	return serverWith(ctx, store, dns.TagServerIP(ip), func(d dns.ServerData) bool { return d.IP == ip })
}

// serverByHost is serverByAddress for the host name.
func serverByHost(ctx context.Context, store *eventstore.Store, host string) (int64, error) {
	return serverWith(ctx, store, dns.TagServerHost(host), func(d dns.ServerData) bool { return strings.EqualFold(d.Host, host) })
}

// serverWith reads the events that carry the tag, and returns the server for
// which has is true at the end. At most one server at a time can be.
func serverWith(ctx context.Context, store *eventstore.Store, tag domain.Tag, has func(dns.ServerData) bool) (int64, error) {
	var server domain.Holder[int64]
	err := eachEvent(ctx, store, tag, func(event domain.Event) {
		switch e := event.(type) {
		case dns.ServerCreated:
			server.Set(e.ID, true)
		case dns.ServerUpdated:
			server.Set(e.ID, has(e.After))
		case dns.ServerDeleted:
			server.Set(e.ID, false)
		}
	})
	return server.HeldBy(), err
}
