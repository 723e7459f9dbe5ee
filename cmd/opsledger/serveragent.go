package main

import (
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/nameserver"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// startServerAgent runs the agent of a name server, with the engine that drives
// its named. The agent has no more rights on the bus than its credentials give.
// at says more about NATS than the credentials do.
// startServerAgent fills in cfg who the agent is and where it gets secrets.
func startServerAgent(life *lifecycle, c busauth.Credentials, at busAddress, cfg bind.Config) (*bind.Engine, error) {
	nc, err := connectAs(life, c, at, nameserver.Options(c.ID), cfg.Log)
	if err != nil {
		return nil, err
	}
	cfg.Agent, cfg.Secrets, cfg.TransferKeys = c.ID, nameserver.Secrets(nc, c.ID, c.Key), nameserver.TransferKeys(nc, c.ID, c.Key)
	cfg.Drift = nameserver.Drift(nc, c.ID, c.Key)
	engine, err := bind.New(cfg)
	if err != nil {
		return nil, err
	}
	orders, err := openSession(nc, c, cfg.Dir, cfg.Log)
	if err != nil {
		return nil, err
	}
	follower, err := nameserver.New(nameserver.Config{
		NC: nc, ID: c.ID, Key: c.Key, Engine: engine, Codec: newCodec(), Session: orders, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	life.start("named", engine.Run)
	life.start("agent's session", orders.Run)
	life.start("agent", follower.Run)
	return engine, nil
}
