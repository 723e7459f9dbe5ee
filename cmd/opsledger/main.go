// Command opsledger is the control plane for BIND name servers and for update
// tasks on hosts. `opsledger --help` lists its subcommands.
package main

import (
	"context"
	"io"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/program"
)

func main() {
	if code, yes := supervising(); yes {
		os.Exit(code)
	}
	program.Main("opsledger", run)
}

// run is the whole program; it returns when the subcommand has ended and
// everything that it started has been stopped.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return program.Run(ctx, rootCommand(stdout, stderr), args)
}

func rootCommand(stdout, stderr io.Writer) *cli.Command {
	root := &cli.Command{
		Name:      "opsledger",
		Usage:     "event-sourced control plane for BIND name servers and host updates",
		UsageText: "opsledger dev\nopsledger serve --database-url postgres://… --nats-url tls://…\nopsledger agent run --creds ns1.creds",
		Version:   thisBuild().String(),
		Writer:    stdout,
		ErrWriter: stderr,
		Commands: []*cli.Command{
			devCommand(), serveCommand(), agentCommand(), natsConfigCommand(), resetPasswordCommand(), rotateKeysCommand(),
			exportCommand(), importCommand(), searchCommand(), eventsCommand(), replaceCommand(),
			migrateCommand(), rebuildCommand(), recoverCommand(), verifyCommand(), backupCommand(), restoreCommand(), versionCommand(),
		},
	}
	completeInShells(root)
	program.Strict(root)
	return root
}
