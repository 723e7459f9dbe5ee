// Command opsledger is the control plane for BIND name servers and for update
// tasks on hosts. `opsledger --help` lists its subcommands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

// version is set by the linker, see Makefile.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "opsledger:", err)
		os.Exit(1)
	}
}

// run is the whole program; it returns when the subcommand has ended and
// everything that it started has been stopped.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return rootCommand(stdout, stderr).Run(ctx, args)
}

func rootCommand(stdout, stderr io.Writer) *cli.Command {
	return &cli.Command{
		Name:      "opsledger",
		Usage:     "event-sourced control plane for BIND name servers and host updates",
		Version:   version,
		Writer:    stdout,
		ErrWriter: stderr,
		// Errors are printed once, by main.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		OnUsageError: func(_ context.Context, _ *cli.Command, err error, _ bool) error {
			return fmt.Errorf("%w (try --help)", err)
		},
		Commands: []*cli.Command{
			devCommand(), serveCommand(), agentCommand(), migrateCommand(),
			rebuildCommand(), recoverCommand(), versionCommand(),
		},
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
