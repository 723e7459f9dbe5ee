package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/nameserver"
	"github.com/opsledger/opsledger/workers/agents/session"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// retireAgain is the pause before the service of a deleted server is tried to be ended again.
const retireAgain = 5 * time.Second

// serverAgent is the agent of a name server. Its parts end together: when the process does, or when
// the server was deleted.
type serverAgent struct {
	parts  *lifecycle
	engine *bind.Engine
	log    *slog.Logger
	// deleted is what is done once the server was deleted and its service has ended; what it returns
	// is how the agent ends.
	deleted func(context.Context) error
}

// startServerAgent runs the agent of a name server, with the engine that drives
// its named. The agent has no more rights on the bus than its credentials give.
// at says more about NATS than the credentials do.
// startServerAgent fills in cfg who the agent is and where it gets secrets.
func startServerAgent(
	life *lifecycle, c busauth.Credentials, at busAddress, cfg bind.Config, deleted func(context.Context) error,
) (*bind.Engine, error) {
	a := &serverAgent{parts: newLifecycle(cfg.Log), log: cfg.Log, deleted: deleted}
	if err := a.start(c, at, cfg); err != nil {
		return nil, errors.Join(err, a.parts.stop())
	}
	life.start("name server", a.run)
	return a.engine, nil
}

func (a *serverAgent) start(c busauth.Credentials, at busAddress, cfg bind.Config) error {
	nc, err := connectAs(a.parts, c, at, nameserver.Options(c.ID), cfg.Log)
	if err != nil {
		return err
	}
	cfg.Agent, cfg.Secrets, cfg.TransferKeys = c.ID, nameserver.Secrets(nc, c.ID, c.Key), nameserver.TransferKeys(nc, c.ID, c.Key)
	cfg.Drift = nameserver.Drift(nc, c.ID, c.Key)
	if a.engine, err = bind.New(cfg); err != nil {
		return err
	}
	orders, err := openSession(nc, c, cfg.Dir, cfg.Log)
	if err != nil {
		return err
	}
	follower, err := nameserver.New(nameserver.Config{
		NC: nc, ID: c.ID, Key: c.Key, Engine: a.engine, Codec: newCodec(), Session: orders, Log: cfg.Log,
	})
	if err != nil {
		return err
	}
	a.parts.start("named", a.engine.Run)
	a.parts.start("agent's session", orders.Run)
	a.parts.start("agent", follower.Run)
	return nil
}

// run returns when ctx ends or a part fails, or what deleted returns.
func (a *serverAgent) run(ctx context.Context) error {
	err := a.parts.wait(ctx)
	err = errors.Join(err, a.parts.stop())
	if !errors.Is(err, session.ErrDeleted) {
		return err
	}
	a.log.Warn("the server was deleted: its zones are taken out of named, and the agent asks no more")
	for {
		if err := a.engine.Retire(ctx); err == nil {
			break
		} else if ctx.Err() == nil {
			a.log.Error("the service of the deleted server does not end, will try again", "error", err)
		}
		if !backoff.Sleep(ctx, retireAgain) {
			return nil
		}
	}
	return a.deleted(ctx)
}

// stayQuiet lets the rest of the process go on without the server's agent.
func stayQuiet(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
