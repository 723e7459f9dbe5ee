package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/bench"
	"github.com/opsledger/opsledger/internal/program"
)

// caseFlags are what every case is told.
type caseFlags struct {
	program, databaseURL, logLevel, profile string
	json                                    bool
}

// caseCommand is the subcommand that runs one case.
func caseCommand(c bench.Case) *cli.Command {
	var f caseFlags
	return &cli.Command{
		Name: c.Name, Usage: c.Usage, Description: c.Description,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object for each line of the table", Destination: &f.json},
			&cli.StringFlag{Name: "program", Destination: &f.program,
				Usage: "`file` of the opsledger to measure (default: the one beside this program)"},
			&cli.StringFlag{Name: "database-url", Destination: &f.databaseURL,
				Usage: "PostgreSQL server to use instead of a private one; databases are created and dropped there"},
			&cli.StringFlag{Name: "log-level", Usage: "debug, info, warn or error", Value: "error", Destination: &f.logLevel},
			&cli.StringFlag{Name: "cpu-profile", Usage: "`file` for a CPU profile of this process", Destination: &f.profile},
		}, c.Flags...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			cfg, err := f.config(cmd.Root())
			if err != nil {
				return err
			}
			program.RelaxCollector() // as in serve: the log's cases run its store in this process
			return profiled(f.profile, func() error { return bench.Run(ctx, c, cfg) })
		},
	}
}

func (f caseFlags) config(root *cli.Command) (bench.Config, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return bench.Config{}, fmt.Errorf("--log-level: %w", err)
	}
	own, err := os.Executable()
	if err != nil {
		return bench.Config{}, err
	}
	return bench.Config{
		DatabaseURL: f.databaseURL, Program: cmp.Or(f.program, filepath.Join(filepath.Dir(own), "opsledger")), Version: version, JSON: f.json,
		Out: root.Writer, Progress: root.ErrWriter, Log: program.NewLogger(root.ErrWriter, level, program.LogAuto),
	}, nil
}
