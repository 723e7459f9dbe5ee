package main

import (
	"bytes"
	"context"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/wholefile"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

func natsConfigCommand() *cli.Command {
	var cfg Config
	var out, dir string
	return &cli.Command{
		Name:  "nats-config",
		Usage: "print what an outside NATS cluster needs to trust this opsledger and its agents",
		Description: "Include it in the configuration of every server of the cluster, and give --nats-url without a user name to " +
			"serve: it signs for itself. No key is printed; what is printed is signed and may be seen by anybody.",
		Category:  "Users and trust",
		UsageText: "opsledger nats-config --data /var/lib/opsledger --out /etc/nats/opsledger.conf",
		Flags: append(group("Configuration",
			textFlag("out", "`file` to write instead of printing", "", &out),
			textFlag("resolver-dir", "`folder` in which each server keeps the accounts", "./jwt", &dir),
		), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withLog(ctx, cmd, &cfg, func(l *openLog) error {
				authority, err := busauth.New(ctx, busauth.Config{Store: l.store, Vault: l.vault, Log: l.log})
				if err != nil {
					return err
				}
				var text bytes.Buffer
				if err := authority.WriteConfig(ctx, &text, dir); err != nil {
					return err
				}
				if out == "" {
					_, err = text.WriteTo(cmd.Root().Writer)
					return err
				}
				return wholefile.Write(out, text.Bytes(), 0o644)
			})
		},
	}
}
