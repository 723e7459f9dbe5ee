package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/workers/agent"
	"github.com/opsledger/opsledger/workers/bind"
	"github.com/opsledger/opsledger/workers/busauth"
)

// startLocalAgent registers this machine as a server, unless it is one, and
// runs an agent with a private named for it. The agent uses the bus as any
// other agent does, with its own credentials and no more rights.
func (a *App) startLocalAgent(ctx context.Context) error {
	server, err := registerMachine(ctx, a.store, thisMachine(a.cfg.dns.Addr()))
	if err != nil {
		return fmt.Errorf("register this machine: %w", err)
	}
	credentials, err := a.auth.Credentials(ctx, busauth.Identity{Kind: busauth.KindServer, ID: server}, a.bus.url)
	if err != nil {
		return err
	}
	nc, err := connectAgent(credentials, "", a.log)
	if err != nil {
		return err
	}
	a.life.onStop("agent's connection", func() error { nc.Close(); return nil })
	a.engine, err = bind.New(bind.Config{
		Dir: a.db.folder.sub("named"), Agent: server, Listen: a.cfg.dns, Supervise: true,
		Secrets: agent.Secrets(nc, server), Log: a.log, Registerer: a.registry,
	})
	if err != nil {
		return err
	}
	follower, err := agent.New(agent.Config{NC: nc, ID: server, Engine: a.engine, Codec: newCodec(), Log: a.log})
	if err != nil {
		return err
	}
	a.life.start("named", a.engine.Run)
	a.life.start("agent", follower.Run)
	return nil
}

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

// registerMachine is registerServer for a machine that may have got another
// address since: the server with its host name moves there, keeping its agent.
func registerMachine(ctx context.Context, store *eventstore.Store, in dns.ServerInput) (int64, error) {
	id, err := serverByAddress(ctx, store, *in.IP)
	if err != nil {
		return 0, err
	}
	if id != 0 {
		return id, enroll(ctx, store, id)
	}
	if id, err = serverByHost(ctx, store, *in.Host); err != nil {
		return 0, err
	}
	if id == 0 {
		return registerServer(ctx, store, in)
	}
	move, err := dns.NewUpdateServer(id, in, nil)
	if err != nil {
		return 0, err
	}
	if _, err := store.Execute(ctx, eventstore.Request{Command: move, Actor: domain.System}); err != nil {
		return 0, err
	}
	return id, enroll(ctx, store, id)
}

// registerServer makes sure that there is a server with the input's address
// and that its agent is enrolled, and returns its id. Repeating it changes nothing.
func registerServer(ctx context.Context, store *eventstore.Store, in dns.ServerInput) (int64, error) {
	id, err := serverByAddress(ctx, store, *in.IP)
	if err != nil {
		return 0, err
	}
	if id == 0 {
		create, err := dns.NewCreateServer(in)
		if err != nil {
			return 0, err
		}
		receipt, err := store.Execute(ctx, eventstore.Request{Command: create, Actor: domain.System})
		if err != nil {
			return 0, err
		}
		created, ok := receipt.Events[0].Event.(dns.ServerCreated)
		if !ok {
			return 0, errors.New("no server was created")
		}
		id = created.ID
	}
	return id, enroll(ctx, store, id)
}

// enroll trusts an agent for the server; repeating it changes nothing.
func enroll(ctx context.Context, store *eventstore.Store, server int64) error {
	command, err := dns.NewEnrollServer(server)
	if err != nil {
		return err
	}
	_, err = store.Execute(ctx, eventstore.Request{Command: command, Actor: domain.System})
	return err
}

// serverByAddress looks in the log, which is never behind, for the server that
// has the address now; 0 when there is none.
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

// serverWith follows the events with a tag that one server at a time can have.
func serverWith(ctx context.Context, store *eventstore.Store, tag domain.Tag, has func(dns.ServerData) bool) (int64, error) {
	var id int64
	for after := domain.Position(0); ; {
		page, err := store.ReadTag(ctx, tag, after, 500)
		if err != nil || len(page) == 0 {
			return id, err
		}
		for _, envelope := range page {
			after = envelope.Position
			recorded, err := envelope.Decode(store.Codec())
			if err != nil {
				return 0, err
			}
			switch e := recorded.Event.(type) {
			case dns.ServerCreated:
				id = e.ID
			case dns.ServerUpdated:
				switch {
				case has(e.After):
					id = e.ID
				case id == e.ID:
					id = 0
				}
			case dns.ServerDeleted:
				if id == e.ID {
					id = 0
				}
			}
		}
	}
}
