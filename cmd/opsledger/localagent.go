package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// namedDir is where dev's agent and its named keep what is theirs.
func (c *Config) namedDir() string { return filepath.Join(c.Data, "named") }

// startLocalAgent registers this machine as a server, unless it is one, and
// runs an agent with a private named for it. The agent uses the bus as any
// other agent does, with its own credentials and no more rights.
func (a *App) startLocalAgent(ctx context.Context) error {
	server, err := registerMachine(ctx, a.store, thisMachine(a.cfg.dns.Addr()))
	if err != nil {
		return fmt.Errorf("register this machine: %w", err)
	}
	who := busauth.Identity{Kind: busauth.KindServer, ID: server}
	credentials, err := credentialsOf(ctx, a.auth, who, a.bus.url, a.cfg.NATSURL != "")
	if err != nil {
		return err
	}
	a.engine, err = startServerAgent(a.life, credentials, busAddress{TLS: a.cfg.NATSTLS}, bind.Config{
		Dir: a.cfg.namedDir(), Listen: a.cfg.dns, Claim: a.dnsClaim, Supervise: true, Log: a.log, Registerer: a.registry,
	}, stayQuiet)
	return err
}
