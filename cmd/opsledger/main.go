// Command opsledger is the control plane for BIND name servers and for update
// tasks on hosts. `opsledger --help` lists its subcommands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v3"
)

// version is set by the linker, see Makefile.
var version = "unknown"

func main() {
	if code, yes := supervising(); yes {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "opsledger:", oneLine(err))
		os.Exit(1)
	}
}

// oneLine joins the lines of an error text by semicolons.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(parts, line) {
			parts = append(parts, line)
		}
	}
	return strings.ReplaceAll(strings.Join(parts, "; "), ":; ", ": ")
}

// run is the whole program; it returns when the subcommand has ended and
// everything that it started has been stopped.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return rootCommand(stdout, stderr).Run(ctx, args)
}

func rootCommand(stdout, stderr io.Writer) *cli.Command {
	root := &cli.Command{
		Name:      "opsledger",
		Usage:     "event-sourced control plane for BIND name servers and host updates",
		Version:   version,
		Writer:    stdout,
		ErrWriter: stderr,
		// Errors are printed once, by main.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			devCommand(), serveCommand(), agentCommand(), migrateCommand(),
			rebuildCommand(), recoverCommand(), rotateKeysCommand(), natsConfigCommand(), benchCommand(), versionCommand(),
		},
	}
	strict(root)
	return root
}

// strict makes a command and its subcommands refuse, in one line, arguments that
// they do not understand. The library would ignore such arguments or answer with
// pages of help.
func strict(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w (try --help)", err)
	}
	action := cmd.Action
	cmd.Action = func(ctx context.Context, cmd *cli.Command) error {
		word := cmd.Args().First()
		switch {
		case word != "" && action == nil:
			return fmt.Errorf("there is no command %q (try --help)", word)
		case word != "" && cmd.ArgsUsage == "":
			return fmt.Errorf("%s takes no argument, but there is %q (try --help)", cmd.Name, word)
		case action == nil:
			return cli.ShowSubcommandHelp(cmd)
		}
		return action(ctx, cmd)
	}
	for _, sub := range cmd.Commands {
		strict(sub)
	}
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(_ context.Context, cmd *cli.Command) error {
			_, err := fmt.Fprintln(cmd.Root().Writer, version)
			return err
		},
	}
}
