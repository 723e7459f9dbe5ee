package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
	"github.com/opsledger/opsledger/workers/agents/host"
	"github.com/opsledger/opsledger/workers/agents/session"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// superviseWord is the hidden first argument that makes this program the
// supervisor of one process, for the executor that started it.
const superviseWord = "supervise"

// supervising says whether this process was started as a supervisor. If so it has
// done its work when the function returns, and code is its exit code.
func supervising() (code int, yes bool) {
	if len(os.Args) != 2 || os.Args[1] != superviseWord {
		return 0, false
	}
	return supervise.Main(), true
}

// startHostAgent runs the agent that carries out the tasks of a machine. The
// agent's state lives in the folder dir, and config is the file that says which
// actions are allowed. at says more about NATS than the credentials do.
func startHostAgent(life *lifecycle, c busauth.Credentials, at busAddress, dir, config string, log *slog.Logger) error {
	nc, err := connectAs(life, c, at, host.Options(c.ID), log)
	if err != nil {
		return err
	}
	follower, orders, err := openHostAgent(nc, c, dir, config, log)
	if err != nil {
		return err
	}
	life.start("host agent's session", orders.Run)
	life.start("host agent", follower.Run)
	return nil
}

var errNoConfig = errors.New("--config: the agent of a machine needs the file that says which actions are allowed")

func openHostAgent(nc *nats.Conn, c busauth.Credentials, dir, config string, log *slog.Logger) (*host.Follower, *session.Session, error) {
	if config == "" {
		return nil, nil, errNoConfig
	}
	settings, err := executor.LoadSettings(config)
	if err != nil {
		return nil, nil, named("--config", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, nil, err
	}
	if err := host.PrepareFolder(dir, c.Log); err != nil {
		return nil, nil, err
	}
	if err := sshkeys.CheckAccounts(settings.Accounts); err != nil {
		return nil, nil, named("--config", err)
	}
	keys, err := sshkeys.New(sshkeys.Config{File: filepath.Join(dir, "ssh-keys.json"), Accounts: settings.Accounts})
	if err != nil {
		return nil, nil, err
	}
	orders, err := openSession(nc, c, dir, log)
	if err != nil {
		return nil, nil, err
	}
	tasks, err := executor.New(executor.Config{
		Proxies: executor.ProxiesOf(os.Environ()),
		Dir:     filepath.Join(dir, "tasks"), Settings: settings, Supervisor: []string{"/proc/self/exe", superviseWord}, Log: log,
	})
	if err != nil {
		return nil, nil, err
	}
	follower, err := host.New(host.Config{
		NC: nc, ID: c.ID, Key: c.Key, LogID: c.Log, Tasks: tasks, Keys: keys, Session: orders,
		Offers: func() protocol.HostOffers { return host.Offers(settings) }, Version: version, Log: log,
	})
	if err != nil {
		return nil, nil, errors.Join(err, tasks.Close())
	}
	return follower, orders, nil
}

// connectAs connects with the rights of an agent, to a bus that the credentials vouch
// for, until life stops. It does not wait for NATS to be there: while it is not, the log
// says why. How an agent verifies an outside NATS is
// said here, by options behind those of the credentials, and nowhere else.
func connectAs(life *lifecycle, c busauth.Credentials, at busAddress, options []nats.Option, log *slog.Logger) (*nats.Conn, error) {
	url := cmp.Or(at.URL, c.URL)
	if at.TLS.CA != "" {
		c.Pins = nil // the file says whom to trust
	}
	dial := &reasonedDialer{}
	options = slices.Concat(options, []nats.Option{c.Option()}, at.TLS.options(), handlers(log), []nats.Option{dial.around})
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fmt.Errorf("connect the agent to NATS: %w", err)
	}
	life.onStop("agent's connection", func() error { nc.Close(); return nil })
	life.start("agent's connection", (&busAway{nc: nc, dial: dial, log: log}).Run)
	return nc, nil
}
