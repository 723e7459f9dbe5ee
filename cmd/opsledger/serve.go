package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/program"
)

func serveCommand() *cli.Command {
	var cfg Config
	return &cli.Command{
		Name:  "serve",
		Usage: "run the control plane: APIs, log, relay, projections, workers",
		Description: "With nothing configured it starts a private PostgreSQL and an embedded NATS server under the data folder.\n" +
			"Several serve processes may share an outside PostgreSQL (--database-url), an outside NATS (--nats-url) and one key file.",
		Category: "Running",
		UsageText: "opsledger serve --data /var/lib/opsledger --http 0.0.0.0:8080\n" +
			"opsledger serve --database-url postgres://opsledger@db.example.com/opsledger \\\n" +
			"  --nats-url tls://nats.example.com:4222 --nats-replicas 3 --key-file /etc/opsledger/vault.key",
		Flags: serveFlags(&cfg, false),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return runApp(ctx, cmd, cfg, false)
		},
	}
}

func devCommand() *cli.Command {
	var cfg Config
	dns := textFlag("dns", "`address:port` where the private named answers", "127.0.0.1:5300", &cfg.DNS)
	return &cli.Command{
		Name:        "dev",
		Usage:       "run everything on this machine: serve, an agent and a named, all private under ./data",
		Description: "Running it again continues on the same data; another data folder and other ports run beside it.",
		Category:    "Running",
		UsageText: "opsledger dev\n" +
			"opsledger dev --data ./data-2 --http 127.0.0.1:8090 --dns 127.0.0.1:5310 \\\n" +
			"  --nats-listen 127.0.0.1:4232",
		Flags: append(group("Name server", dns), serveFlags(&cfg, true)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return runApp(ctx, cmd, cfg, true)
		},
	}
}

// runApp runs the control plane until ctx ends or a part of it fails.
func runApp(ctx context.Context, cmd *cli.Command, cfg Config, dev bool) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	program.RelaxCollector()
	app, err := startApp(ctx, cfg, dev, cfg.Logging.logger(cmd.Root().ErrWriter))
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		return err
	}
	failure := app.greet(ctx, cmd.Root().Writer)
	if failure == nil {
		failure = app.life.wait(ctx)
	}
	return errors.Join(failure, app.life.stop())
}
