package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/session"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

func agentCommand() *cli.Command {
	return &cli.Command{
		Name:     "agent",
		Usage:    "enroll, check, run or withdraw the agent of a DNS host or of a machine that runs tasks",
		Category: "Running",
		UsageText: "opsledger agent enroll --machine web01 --create --inside-ip 10.0.0.1 --creds web01.creds\n" +
			"opsledger agent check --creds web01.creds --config actions.yaml\n" +
			"opsledger agent run --creds web01.creds --config actions.yaml --dir /var/lib/opsledger",
		Commands: []*cli.Command{
			agentEnrollCommand(), agentTokenCommand(), agentRedeemCommand(), agentCheckCommand(), agentRunCommand(), agentStopNamedCommand(), agentWithdrawCommand(),
		},
	}
}

// agentConfig is what the flags of `agent run` say.
type agentConfig struct {
	// Creds are files that `agent enroll` wrote: one of a server, one of a
	// machine, or one of each. ID and NATSURL name a server and its NATS instead,
	// where an outside NATS has users of its own.
	Creds   []string
	ID      int64
	NATSURL string
	NATSTLS busTLS
	// ControlKey is what the field key of a credentials file has, for a server that has
	// none.
	ControlKey string
	// Dir keeps a server's keys, zone files and configuration; its subfolder host is
	// the state of a machine that runs tasks.
	Dir string
	// Config says which actions a machine allows.
	Config string
	// DNS is where named answers.
	DNS string
	// SystemNamed leaves starting named to the system.
	SystemNamed bool
	// EndNamed ends named with the agent.
	EndNamed bool
	// NamedUser is whom a root agent has named run as.
	NamedUser string
	Logging   logging
}

func agentRunCommand() *cli.Command {
	var cfg agentConfig
	return &cli.Command{
		Name:  "run",
		Usage: "put the zones of the log into this host's named, run the tasks of this machine, and report",
		Description: "The credentials say which: those of a server drive its named, those of a machine run its tasks and keep the " +
			"ssh keys of its accounts. One process may be given both.\n" +
			"A server: by default the agent starts named itself and keeps it running. named goes on when the agent ends, and the next " +
			"agent in --dir takes it over; `opsledger agent stop-named` ends it. With --system-named the system runs named " +
			"with the configuration that the agent writes: named -c <dir>/named.conf.\n" +
			"A machine: nothing happens that the file given by --config does not allow; docs/executors.md describes it.",
		UsageText: "opsledger agent run --creds ns1.creds --dns 192.0.2.53:53 --dir /var/lib/opsledger\n" +
			"opsledger agent run --creds web01.creds --config actions.yaml --dir /var/lib/opsledger",
		Flags: cfg.flags(),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := cfg.Logging.check(); err != nil {
				return err
			}
			return runAgents(ctx, cfg, cfg.Logging.logger(cmd.Root().ErrWriter))
		},
	}
}

func (c *agentConfig) flags() []cli.Flag {
	return slices.Concat(
		group("Agent",
			&cli.StringSliceFlag{Name: "creds", Usage: "credentials `file` written by agent enroll; may be repeated",
				Destination: &c.Creds, Sources: fromEnv("creds")},
			textFlag("dir", "`folder` of the agent's state", "./agent", &c.Dir),
		),
		group("Machine that runs tasks",
			textFlag("config", "`file` that says which actions tasks may have done on this machine", "", &c.Config),
		),
		group("Name server",
			textFlag("dns", "`address:port` where named answers", "0.0.0.0:53", &c.DNS),
			&cli.BoolFlag{Name: "system-named", Usage: "the system runs named, not the agent", Destination: &c.SystemNamed, Sources: fromEnv("system-named")},
			&cli.BoolFlag{Name: "end-named", Usage: "end named when the agent ends, as in a container", Destination: &c.EndNamed, Sources: fromEnv("end-named")},
			textFlag("named-user", "`user` whom a root agent has named run as (default: bind, named, opsledger or nobody)", "", &c.NamedUser),
			&cli.Int64Flag{Name: "id", Usage: "a server's `id`, when there is no credentials file", HideDefault: true,
				Destination: &c.ID, Sources: fromEnv("id")},
			textFlag("control-key", "the control plane's `key`, as in the field key of a credentials file, with --id", "", &c.ControlKey),
		),
		group("NATS", append([]cli.Flag{
			textFlag("nats-url", "where NATS is, instead of what the credentials file says", "", &c.NATSURL),
		}, c.NATSTLS.flags()...)...),
		c.Logging.flags(),
	)
}

// runAgents runs an agent for each of the credentials, until ctx ends or one fails.
func runAgents(ctx context.Context, cfg agentConfig, log *slog.Logger) error {
	all, err := cfg.credentials()
	if err != nil {
		return err
	}
	if err := checkPair("--nats-cert", cfg.NATSTLS.Cert, "--nats-key", cfg.NATSTLS.Key); err != nil {
		return err
	}
	if err := named("--dir", checkAgentFolder(cfg.Dir)); err != nil {
		return err
	}
	life := newLifecycle(log)
	deleted := func(context.Context) error { return session.ErrDeleted }
	if len(all) > 1 {
		deleted = stayQuiet // the machine's agent goes on
	}
	for _, c := range all {
		if c.Kind == busauth.KindHost {
			err = cfg.startHost(life, c, log)
		} else {
			err = cfg.startServer(life, c, deleted, log)
		}
		if err != nil {
			return errors.Join(err, life.stop())
		}
	}
	err = life.wait(ctx)
	if errors.Is(err, session.ErrDeleted) {
		log.Warn("the server was deleted and is not served any more: nothing is left to do for this agent")
		err = nil // who starts it again after a failure need not do so
	}
	return errors.Join(err, life.stop())
}

// startServer runs a name server's agent. deleted is what it does once the server is no more.
func (c agentConfig) startServer(
	life *lifecycle, credentials busauth.Credentials, deleted func(context.Context) error, log *slog.Logger,
) error {
	listen, err := netip.ParseAddrPort(c.DNS)
	if err != nil {
		return named("--dns", err)
	}
	engine := c.engine(listen)
	engine.Log = log
	if engine.Supervise {
		if engine.Claim, err = bind.Claim(c.Dir, listen); err != nil {
			return named("--dns", err)
		}
		life.onStop("DNS port", func() error { engine.Claim.Release(); return nil })
	}
	if _, err = startServerAgent(life, credentials, busAddress{c.NATSURL, c.NATSTLS}, engine, deleted); err != nil {
		return err
	}
	log.Info("agent runs", "server", credentials.ID, "dns", listen, "dir", c.Dir)
	return nil
}

// startHost runs the agent of a machine that runs tasks.
func (c agentConfig) startHost(life *lifecycle, credentials busauth.Credentials, log *slog.Logger) error {
	if err := startHostAgent(life, credentials, busAddress{c.NATSURL, c.NATSTLS}, filepath.Join(c.Dir, "host"), c.Config, log); err != nil {
		return err
	}
	log.Info("agent runs", "machine", credentials.ID, "config", c.Config, "dir", c.Dir)
	return nil
}

// credentials reads the files of --creds, at most one of each kind, or takes the
// server from --id and --nats-url.
func (c agentConfig) credentials() ([]busauth.Credentials, error) {
	if len(c.Creds) == 0 {
		if c.ID < 1 || c.NATSURL == "" {
			return nil, errors.New("give --creds, or --id, --nats-url and --control-key")
		}
		key, err := base64.StdEncoding.DecodeString(c.ControlKey)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, named("--control-key", errors.New("not the key of a control plane"))
		}
		return []busauth.Credentials{{Kind: busauth.KindServer, ID: c.ID, URL: c.NATSURL, Key: key}}, nil
	}
	var all []busauth.Credentials
	kinds := map[busauth.Kind]bool{}
	for _, path := range c.Creds {
		one, err := busauth.ReadCredentials(path)
		if err != nil {
			return nil, err
		}
		if kinds[one.Kind] {
			return nil, fmt.Errorf("--creds: %s is the second of kind %s; one process is one %s at most", path, one.Kind, one.Kind)
		}
		kinds[one.Kind] = true
		all = append(all, one)
	}
	return all, nil
}
