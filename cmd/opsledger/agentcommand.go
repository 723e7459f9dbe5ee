package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/workers/agent"
	"github.com/opsledger/opsledger/workers/bind"
	"github.com/opsledger/opsledger/workers/busauth"
)

func agentCommand() *cli.Command {
	return &cli.Command{
		Name:     "agent",
		Usage:    "enroll or run the agent of a DNS host",
		Commands: []*cli.Command{agentEnrollCommand(), agentRunCommand()},
	}
}

// agentConfig is what the flags of `agent run` say.
type agentConfig struct {
	// Creds is the file that `agent enroll` wrote; ID and NATSURL say the same
	// where an outside NATS has users of its own.
	Creds   string
	ID      int64
	NATSURL string
	// Dir keeps keys, zone files and configuration.
	Dir string
	// DNS is where named answers.
	DNS string
	// SystemNamed leaves starting named to the system.
	SystemNamed bool
	NameServers []string
	LogLevel    string
}

func agentRunCommand() *cli.Command {
	var cfg agentConfig
	return &cli.Command{
		Name:  "run",
		Usage: "put the zones of the log into this host's named, and report",
		Description: "By default the agent starts named itself and keeps it running. With --system-named the system runs named with\n" +
			"the configuration that the agent writes: named -c <dir>/named.conf.",
		Flags: []cli.Flag{
			textFlag("creds", "credentials `file` written by agent enroll", "", &cfg.Creds),
			&cli.Int64Flag{Name: "id", Usage: "the server's `id`, when there is no credentials file", HideDefault: true, Destination: &cfg.ID, Sources: fromEnv("id")},
			textFlag("nats-url", "where NATS is, instead of what the credentials file says", "", &cfg.NATSURL),
			textFlag("dir", "`folder` of keys, zones and configuration", "./agent", &cfg.Dir),
			textFlag("dns", "`address:port` where named answers", "0.0.0.0:53", &cfg.DNS),
			&cli.BoolFlag{Name: "system-named", Usage: "the system runs named, not the agent", Destination: &cfg.SystemNamed, Sources: fromEnv("system-named")},
			&cli.StringSliceFlag{Name: "name-server", Usage: "absolute `name` for the apex NS of zones without their own; may be repeated", Destination: &cfg.NameServers, Sources: fromEnv("name-server")},
			textFlag("log-level", "debug, info, warn or error", "info", &cfg.LogLevel),
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			var level slog.Level
			if err := named("--log-level", level.UnmarshalText([]byte(cfg.LogLevel))); err != nil {
				return err
			}
			return runAgent(ctx, cfg, newLogger(cmd.Root().ErrWriter, level))
		},
	}
}

func runAgent(ctx context.Context, cfg agentConfig, log *slog.Logger) error {
	credentials, err := cfg.credentials()
	if err != nil {
		return err
	}
	listen, err := netip.ParseAddrPort(cfg.DNS)
	if err != nil {
		return named("--dns", err)
	}
	nc, err := connectAgent(credentials, cfg.NATSURL, log)
	if err != nil {
		return err
	}
	defer nc.Close()
	engine, err := bind.New(bind.Config{
		Dir: cfg.Dir, Agent: credentials.ID, Listen: listen, Supervise: !cfg.SystemNamed,
		NameServers: cfg.NameServers, Secrets: agent.Secrets(nc, credentials.ID), Log: log,
	})
	if err != nil {
		return err
	}
	follower, err := agent.New(agent.Config{NC: nc, ID: credentials.ID, Engine: engine, Codec: newCodec(), Log: log})
	if err != nil {
		return err
	}
	life := newLifecycle(log)
	life.start("named", engine.Run)
	life.start("agent", follower.Run)
	log.Info("agent runs", "server", credentials.ID, "dns", listen, "dir", cfg.Dir)
	failure := life.wait(ctx)
	return errors.Join(failure, life.stop())
}

// credentials come from the file, or from --id and --nats-url.
func (c agentConfig) credentials() (busauth.Credentials, error) {
	if c.Creds != "" {
		return busauth.ReadCredentials(c.Creds)
	}
	if c.ID < 1 || c.NATSURL == "" {
		return busauth.Credentials{}, errors.New("give --creds, or --id and --nats-url")
	}
	return busauth.Credentials{ID: c.ID, URL: c.NATSURL}, nil
}

// connectAgent connects with an agent's rights. It does not wait for NATS.
func connectAgent(c busauth.Credentials, url string, log *slog.Logger) (*nats.Conn, error) {
	if url == "" {
		url = c.URL
	}
	options := append(agent.Options(c.ID), handlers(log)...)
	if c.User != "" {
		options = append(options, nats.UserInfo(c.User, c.Password))
	}
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fmt.Errorf("connect the agent to NATS: %w", err)
	}
	if !nc.IsConnected() {
		log.Warn("NATS does not answer yet, the agent keeps trying", "url", redact(url), "error", nc.LastError())
	}
	return nc, nil
}

// enrollConfig is what the flags of `agent enroll` say.
type enrollConfig struct {
	Server   int64
	Host, IP string
	Env      string
	Create   bool
	Creds    string
	// PublicURL is where the agent will find NATS.
	PublicURL string
}

func agentEnrollCommand() *cli.Command {
	var cfg Config
	var e enrollConfig
	return &cli.Command{
		Name:  "enroll",
		Usage: "trust an agent for a registered server and write its credentials file",
		Flags: append([]cli.Flag{
			&cli.Int64Flag{Name: "server", Usage: "the server's `id`", HideDefault: true, Destination: &e.Server, Sources: fromEnv("server")},
			textFlag("ip", "the server's `address`, instead of its id", "", &e.IP),
			&cli.BoolFlag{Name: "create", Usage: "register the server when no server has --ip", Destination: &e.Create, Sources: fromEnv("create")},
			textFlag("host", "host name for --create", "", &e.Host),
			textFlag("env", "environment for --create", "prod", &e.Env),
			textFlag("creds", "credentials `file` to write", "./agent-creds.json", &e.Creds),
			textFlag("public-nats-url", "where the agent finds NATS (default: what this command uses)", "", &e.PublicURL),
			textFlag("nats-url", "the outside NATS that serve uses, if any", "", &cfg.NATSURL),
		}, storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			cfg.NATSReplicas = 1
			return withLog(ctx, cmd, &cfg, func(l *openLog) error { return enrollAgent(ctx, cmd, l, cfg, e) })
		},
	}
}

func enrollAgent(ctx context.Context, cmd *cli.Command, l *openLog, cfg Config, e enrollConfig) error {
	server, err := e.find(ctx, l)
	if err != nil {
		return err
	}
	auth, err := busauth.New(ctx, busauth.Config{Vault: l.vault, Store: l.store, Log: l.log})
	if err != nil {
		return err
	}
	url := e.PublicURL
	if url == "" {
		url = redact(cfg.NATSURL)
	}
	if url == "" {
		if r, err := readRunning(cfg.Data); err == nil {
			url = r.NATSURL
		}
	}
	credentials, err := auth.Credentials(ctx, server, url)
	if err != nil {
		return err
	}
	if err := credentials.WriteFile(e.Creds); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "server %d has an agent; its credentials are in %s\n", server, filepath.Clean(e.Creds))
	return err
}

// find returns the id of the server to enroll, which it enrolls.
func (e enrollConfig) find(ctx context.Context, l *openLog) (int64, error) {
	if e.Server > 0 {
		return e.Server, enroll(ctx, l.store, e.Server)
	}
	if e.IP == "" {
		return 0, errors.New("give --server or --ip")
	}
	id, err := serverByAddress(ctx, l.store, e.IP)
	if err != nil {
		return 0, named("--ip", err)
	}
	if id > 0 {
		return id, enroll(ctx, l.store, id)
	}
	if !e.Create || e.Host == "" {
		return 0, fmt.Errorf("no server has the address %s; add it by POST /dns/servers, or give --create and --host", e.IP)
	}
	in := thisMachine(netip.Addr{})
	in.Host, in.IP, in.Env = &e.Host, &e.IP, &e.Env
	return registerServer(ctx, l.store, in)
}
