package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// enrollConfig is what the flags of `agent enroll` say.
type enrollConfig struct {
	// Server or IP names a name server, Machine names a machine that runs tasks.
	Server  int64
	IP      string
	Machine string
	Create  bool
	// Host and Env describe a server that is created, the other fields a machine
	// that is created.
	Host, Env           string
	InsideIP, OutsideIP string
	Usage, Location     string
	Creds               string
	// PublicURL is the address at which the agent will find NATS.
	PublicURL string
}

func agentEnrollCommand() *cli.Command {
	var cfg Config
	var e enrollConfig
	return &cli.Command{
		Name:        "enroll",
		Usage:       "trust an agent for a registered server or machine and write its credentials file",
		Description: "A credentials file that is there already is written anew if it is the same agent's, and refused if it is another's.",
		UsageText: "opsledger agent enroll --ip 192.0.2.53 --create --host ns1.example.com --creds ns1.creds\n" +
			"opsledger agent enroll --machine web01 --create --inside-ip 10.0.0.1 --creds web01.creds",
		Flags: append(group("Agent",
			&cli.Int64Flag{Name: "server", Usage: "the server's `id`", HideDefault: true, Destination: &e.Server, Sources: fromEnv("server")},
			textFlag("ip", "the server's `address`, instead of its id", "", &e.IP),
			textFlag("machine", "the `name` of a machine that runs tasks, instead of a server", "", &e.Machine),
			&cli.BoolFlag{Name: "create", Usage: "register the server or machine when there is none", Destination: &e.Create, Sources: fromEnv("create")},
			textFlag("host", "host name of a server for --create", "", &e.Host),
			textFlag("env", "environment of a server for --create", "prod", &e.Env),
			textFlag("inside-ip", "inside `address` of a machine for --create", "", &e.InsideIP),
			textFlag("outside-ip", "outside `address` of a machine for --create (default: the inside one)", "", &e.OutsideIP),
			textFlag("usage", "what a machine is for, for --create", "-", &e.Usage),
			textFlag("location", "where a machine is, for --create", "-", &e.Location),
			textFlag("creds", "credentials `file` to write", "./agent.creds", &e.Creds),
			textFlag("public-nats-url", "where the agent finds NATS (default: what this command uses)", "", &e.PublicURL),
			textFlag("nats-url", "the outside NATS that serve uses, if any", "", &cfg.NATSURL),
		), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withLog(ctx, cmd, &cfg, func(l *openLog) error { return enrollAgent(ctx, cmd, l, cfg, e) })
		},
	}
}

func enrollAgent(ctx context.Context, cmd *cli.Command, l *openLog, cfg Config, e enrollConfig) error {
	if err := e.checkFile(ctx, l); err != nil {
		return named("--creds", err)
	}
	who, err := e.enroll(ctx, l)
	if err != nil {
		return err
	}
	auth, err := busauth.New(ctx, busauth.Config{Vault: l.vault, Store: l.store, Log: l.log})
	if err != nil {
		return err
	}
	url := cmp.Or(e.PublicURL, redact(cfg.NATSURL))
	outside := cfg.NATSURL != ""
	if r, err := datafolder.ReadRunning(cfg.Data); err == nil {
		url, outside = cmp.Or(url, r.NATSURL), outside || r.NATSOutside
	}
	credentials, err := credentialsOf(ctx, auth, who, url, outside)
	if err != nil {
		return err
	}
	if err := credentials.WriteFile(e.Creds); err != nil {
		return err
	}
	name := who.String()
	if e.Machine != "" {
		name = "machine " + e.Machine
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%s has an agent; its credentials are in %s\n", name, filepath.Clean(e.Creds))
	return err
}

// checkFile refuses a file that is not the agent's own: another agent's credentials would
// be lost, and nobody would know before that agent is started again. The agent's own are
// written anew, for other keys or another address.
func (e enrollConfig) checkFile(ctx context.Context, l *openLog) error {
	if e.Machine == "" && e.IP == "" && e.Server == 0 {
		return nil // which enroll refuses
	}
	if _, err := os.Lstat(e.Creds); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	there, err := busauth.ReadCredentials(e.Creds)
	if err != nil && !errors.Is(err, busauth.ErrOldCredentials) {
		return fmt.Errorf("the file is there already, and not an agent's credentials (%w); remove it, or name another file", err)
	}
	if there.Log != uuid.Nil && there.Log != l.store.LogID() {
		return fmt.Errorf("%s has the credentials of %s of another control plane; remove it, or name another file", e.Creds, there.Identity())
	}
	who, err := e.find(ctx, l)
	if err != nil {
		return err
	}
	if there.Identity() != who {
		return fmt.Errorf("%s has the credentials of %s, which is another agent; name another file", e.Creds, there.Identity())
	}
	return nil
}

// find returns whom the flags name, with the id 0 while nobody is.
func (e enrollConfig) find(ctx context.Context, l *openLog) (busauth.Identity, error) {
	switch {
	case e.Machine != "":
		m, err := machineNamed(ctx, l.store, e.Machine)
		if errors.Is(err, errNoMachine) {
			err = nil
		}
		return busauth.Identity{Kind: busauth.KindHost, ID: m.id}, err
	case e.Server > 0:
		return busauth.Identity{Kind: busauth.KindServer, ID: e.Server}, nil
	}
	id, err := serverByAddress(ctx, l.store, e.IP)
	return busauth.Identity{Kind: busauth.KindServer, ID: id}, named("--ip", err)
}

// enroll makes the control plane trust the agent of the server or machine that
// the flags name, and returns the agent's identity.
func (e enrollConfig) enroll(ctx context.Context, l *openLog) (busauth.Identity, error) {
	if e.Machine != "" {
		if e.Server != 0 || e.IP != "" {
			return busauth.Identity{}, errors.New("give --machine, or --server or --ip, not both")
		}
		id, err := e.enrollMachine(ctx, l.store)
		return busauth.Identity{Kind: busauth.KindHost, ID: id}, err
	}
	id, err := e.enrollServer(ctx, l)
	return busauth.Identity{Kind: busauth.KindServer, ID: id}, err
}

func (e enrollConfig) enrollMachine(ctx context.Context, store *eventstore.Store) (int64, error) {
	m, err := machineNamed(ctx, store, e.Machine)
	if errors.Is(err, errNoMachine) {
		if !e.Create || e.InsideIP == "" {
			return 0, fmt.Errorf("no machine has the name %s; add it by POST /api/machine, or give --create and --inside-ip", e.Machine)
		}
		m, err = addMachine(ctx, store, domain.DoorCommandLine, ops.MachineData{
			Name: e.Machine, InsideIP: e.InsideIP, OutsideIP: cmp.Or(e.OutsideIP, e.InsideIP),
			Usage: e.Usage, Location: e.Location, Initialized: 1,
		})
	}
	if err != nil {
		return 0, named("--machine", err)
	}
	return m.id, enrollHost(ctx, store, domain.DoorCommandLine, e.Machine)
}

// enrollServer enrols the server that the flags name and returns its id.
func (e enrollConfig) enrollServer(ctx context.Context, l *openLog) (int64, error) {
	if e.Server > 0 {
		return e.Server, enroll(ctx, l.store, domain.DoorCommandLine, e.Server)
	}
	if e.IP == "" {
		return 0, errors.New("give --server or --ip, or --machine")
	}
	id, err := serverByAddress(ctx, l.store, e.IP)
	if err != nil {
		return 0, named("--ip", err)
	}
	if id > 0 {
		return id, enroll(ctx, l.store, domain.DoorCommandLine, id)
	}
	if !e.Create || e.Host == "" {
		return 0, fmt.Errorf("no server has the address %s; add it by POST /dns/servers, or give --create and --host", e.IP)
	}
	in := thisMachine(netip.Addr{})
	in.Host, in.IP, in.Env = &e.Host, &e.IP, &e.Env
	return registerServer(ctx, l.store, domain.DoorCommandLine, in)
}

func agentWithdrawCommand() *cli.Command {
	var cfg Config
	var server int64
	var name string
	return &cli.Command{
		Name:      "withdraw",
		Usage:     "trust the agent of a server or machine no longer: its credentials are void at once",
		UsageText: "opsledger agent withdraw --machine web01\nopsledger agent withdraw --server 3",
		Flags: append(group("Agent",
			&cli.Int64Flag{Name: "server", Usage: "the server's `id`", HideDefault: true, Destination: &server, Sources: fromEnv("server")},
			textFlag("machine", "the `name` of a machine that runs tasks", "", &name),
		), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withLog(ctx, cmd, &cfg, func(l *openLog) error { return withdrawAgent(ctx, cmd, l, server, name) })
		},
	}
}

func withdrawAgent(ctx context.Context, cmd *cli.Command, l *openLog, server int64, name string) error {
	var command domain.Command
	var err error
	what := fmt.Sprintf("server %d", server)
	switch {
	case (server > 0) == (name != ""):
		return errors.New("give --server or --machine")
	case name != "":
		what = "machine " + name
		command, err = ops.NewWithdrawHost(name)
	default:
		command, err = dns.NewWithdrawServer(server)
	}
	if err != nil {
		return err
	}
	if _, err := l.store.Execute(ctx, eventstore.Request{Command: command, Actor: domain.System, Door: domain.DoorCommandLine}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%s has no trusted agent any more\n", what)
	return err
}
