package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/executor"
	"github.com/opsledger/opsledger/workers/agents/sshkeys"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

func agentCheckCommand() *cli.Command {
	var cfg agentConfig
	return &cli.Command{
		Name:  "check",
		Usage: "say what agent run would refuse of its flags and of its files, without running it",
		Description: "Give it the flags of agent run, all or some of them, and run it as the user whom the agent runs as. It asks nobody " +
			"on the network and changes nothing. What is wrong is printed by file, line and field; the exit code is 1 then.",
		UsageText: "opsledger agent check --config actions.yaml\n" +
			"opsledger agent check --creds ns1.creds --dns 192.0.2.53:53",
		Flags: cfg.flags(),
		Action: func(_ context.Context, cmd *cli.Command) error {
			return checkAgent(cmd.Root().Writer, cfg, cmd.IsSet)
		},
	}
}

// checkAgent prints all that is wrong, or what is good. given says whether a flag was
// given: what was not is no part of this agent, unless its credentials say so.
func checkAgent(w io.Writer, cfg agentConfig, given func(flag string) bool) error {
	c := agentCheck{cfg: cfg}
	c.flag("", cfg.Logging.check())
	c.flag("", checkPair("--nats-cert", cfg.NATSTLS.Cert, "--nats-key", cfg.NATSTLS.Key))
	for flag, path := range map[string]string{"--nats-ca": cfg.NATSTLS.CA, "--nats-cert": cfg.NATSTLS.Cert, "--nats-key": cfg.NATSTLS.Key} {
		c.flag(flag, readable(path))
	}
	c.flag("--dir", checkAgentFolder(cfg.Dir))
	kinds := c.credentials(given("id"))
	if given("config") || slices.Contains(kinds, busauth.KindHost) {
		c.machine()
	}
	if given("dns") || given("named-user") || given("system-named") || slices.Contains(kinds, busauth.KindServer) {
		c.nameServer()
	}
	return c.conclude(w)
}

// agentCheck collects what is wrong with an agent, and what was found to be good.
type agentCheck struct {
	cfg         agentConfig
	wrong, good []string
}

// flag notes an error, each one that was joined on its own, after the flag's name if
// the error does not have it.
func (c *agentCheck) flag(name string, err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		c.wrong = append(c.wrong, strings.TrimPrefix(name+": "+strings.TrimSpace(line), ": "))
	}
}

// credentials checks who the agent is, if that was given.
func (c *agentCheck) credentials(byID bool) (kinds []busauth.Kind) {
	if len(c.cfg.Creds) == 0 && !byID {
		return nil
	}
	all, err := c.cfg.credentials()
	c.flag("", err)
	for _, one := range all {
		kinds = append(kinds, one.Kind)
		c.good = append(c.good, fmt.Sprintf("credentials of %s, for NATS at %s", one.Identity(), redact(one.URL)))
	}
	return kinds
}

// machine checks the file of allowed actions.
func (c *agentCheck) machine() {
	if c.cfg.Config == "" {
		c.flag("", errNoConfig)
		return
	}
	settings, problems := executor.CheckFile(c.cfg.Config, func(s executor.Settings) error { return sshkeys.CheckAccounts(s.Accounts) })
	for _, p := range problems {
		c.wrong = append(c.wrong, fmt.Sprintf("--config: %s: %s", c.cfg.Config, p))
	}
	if len(problems) == 0 {
		var actions []string
		for name := range settings.Actions {
			actions = append(actions, name)
		}
		slices.Sort(actions)
		c.good = append(c.good, fmt.Sprintf("%s allows %s; ssh keys for %s", c.cfg.Config, listed(actions), listed(settings.Accounts)))
	}
}

// listed is a list for people.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// nameServer checks what named is started with.
func (c *agentCheck) nameServer() {
	listen, err := netip.ParseAddrPort(c.cfg.DNS)
	if err != nil {
		c.flag("--dns", err)
		return
	}
	before := len(c.wrong)
	c.flag("", c.cfg.engine(listen).Check())
	if len(c.wrong) == before {
		c.good = append(c.good, "named can serve at "+listen.String())
	}
}

func (c *agentCheck) conclude(w io.Writer) error {
	for _, line := range append(c.wrong, c.good...) {
		fmt.Fprintln(w, line)
	}
	switch n := len(c.wrong); {
	case n > 0:
		return fmt.Errorf("an agent would not run with this: %d found", n)
	case len(c.good) == 0:
		return errors.New("give what to check: --config, --creds, or the flags of a name server")
	}
	_, err := fmt.Fprintln(w, "nothing is wrong")
	return err
}

// checkAgentFolder refuses the state of another user's agent: of a name server its keys,
// of a machine the folder host.
func checkAgentFolder(dir string) error { return datafolder.CheckOwner(dir, "local.json", "host") }

// readable returns why a file cannot be read; no path is no file.
func readable(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return f.Close()
}

// engine is how the agent of a name server drives its named.
func (c agentConfig) engine(listen netip.AddrPort) bind.Config {
	return bind.Config{Dir: c.Dir, Listen: listen, Supervise: !c.SystemNamed, Outlives: !c.EndNamed, User: c.NamedUser}
}
