// Command opsledger-bench measures opsledger on this machine, each figure next to
// a baseline from the same run. `opsledger-bench --help` lists what it measures.
package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/bench"
	"github.com/opsledger/opsledger/internal/program"
)

// version is set by the linker, see Makefile.
var version = "unknown"

func main() { program.Main("opsledger-bench", run) }

// run is the whole program; when it returns, nothing is left of what it started.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return program.Run(ctx, rootCommand(stdout, stderr), args)
}

func rootCommand(stdout, stderr io.Writer) *cli.Command {
	root := &cli.Command{
		Name:  "opsledger-bench",
		Usage: "measure opsledger on this machine, next to a baseline from the same run",
		Description: "Each command is a case, and prints a line for each set of its parameters; its --help says exactly what is timed.\n" +
			"A case that needs a control plane starts the program opsledger, the one beside this program unless --program names another.\n" +
			"PostgreSQL, NATS and named are private children, as under opsledger dev. Nothing is left behind.",
		Version:   version,
		Writer:    stdout,
		ErrWriter: stderr,
	}
	for _, c := range bench.Cases() {
		root.Commands = append(root.Commands, caseCommand(c))
	}
	program.Strict(root)
	return root
}
