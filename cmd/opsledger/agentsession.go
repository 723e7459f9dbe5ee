package main

import (
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/session"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// openSession returns the session of an agent whose state is in the folder dir.
func openSession(nc *nats.Conn, c busauth.Credentials, dir string, log *slog.Logger) (*session.Session, error) {
	instance, err := session.Instance(dir)
	if err != nil {
		return nil, fmt.Errorf("the agent's folder: %w", err)
	}
	subject, enroll := protocol.SubjectSession(c.ID), "opsledger agent enroll --server NAME --create --ip ADDRESS --creds FILE"
	if c.Kind == busauth.KindHost {
		subject, enroll = protocol.SubjectHostSession(c.ID), "opsledger agent enroll --machine NAME --create --inside-ip ADDRESS --creds FILE"
	}
	return session.New(session.Config{
		NC: nc, ID: c.ID, Subject: subject, Key: c.Key, LogID: c.Log, Instance: instance, Enroll: enroll, Log: log,
	})
}
