package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/bench"
)

// benchCommand has a subcommand for each case of package bench.
func benchCommand() *cli.Command {
	root := &cli.Command{
		Name:  "bench",
		Usage: "measure this program on this machine, next to a baseline from the same run",
	}
	for _, c := range bench.Cases() {
		root.Commands = append(root.Commands, benchCase(c))
	}
	return root
}

func benchCase(c bench.Case) *cli.Command {
	var cfg Config
	var asJSON bool
	var profile string
	return &cli.Command{
		Name: c.Name, Usage: c.Usage, Description: c.Description,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object for each line of the table", Destination: &asJSON},
			textFlag("database-url", "PostgreSQL server to use instead of a private one; databases are created and dropped there", "", &cfg.DatabaseURL),
			textFlag("log-level", "debug, info, warn or error", "error", &cfg.LogLevel),
			&cli.StringFlag{Name: "cpu-profile", Usage: "`file` for a CPU profile of this process", Destination: &profile},
		}, c.Flags...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			var err error
			if err := cfg.level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
				return named("--log-level", err)
			}
			run := bench.Config{
				DatabaseURL: cfg.DatabaseURL, Version: version, JSON: asJSON,
				Out: cmd.Root().Writer, Progress: cmd.Root().ErrWriter,
				Log: newLogger(cmd.Root().ErrWriter, cfg.level),
			}
			if run.Executable, err = os.Executable(); err != nil {
				return err
			}
			relaxCollector() // as in serve
			return profiled(profile, func() error { return bench.Run(ctx, c, run) })
		},
	}
}

// profiled runs f, and writes where the time went to the file unless it is empty.
func profiled(file string, f func() error) (err error) {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("--cpu-profile: %w", err)
	}
	defer func() {
		pprof.StopCPUProfile()
		if closing := out.Close(); err == nil {
			err = closing
		}
	}()
	if err := pprof.StartCPUProfile(out); err != nil {
		return fmt.Errorf("--cpu-profile: %w", err)
	}
	return f()
}
