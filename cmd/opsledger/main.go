// Command opsledger is the control plane for BIND name servers and for update
// tasks on hosts. `opsledger --help` lists its subcommands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/program"
)

// version is set by the linker, see Makefile.
var version = "unknown"

func main() {
	if code, yes := supervising(); yes {
		os.Exit(code)
	}
	program.Main("opsledger", run)
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
		Commands: []*cli.Command{
			devCommand(), serveCommand(), agentCommand(), migrateCommand(),
			rebuildCommand(), recoverCommand(), resetPasswordCommand(), rotateKeysCommand(), natsConfigCommand(), versionCommand(),
		},
	}
	program.Strict(root)
	return root
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
