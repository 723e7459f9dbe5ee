package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/workers/control/signing"
)

func rotateKeysCommand() *cli.Command {
	var cfg Config
	var agents, checkpoints bool
	return &cli.Command{
		Name:  "rotate-keys",
		Usage: "sign new tokens, or with --agents what agents are told, with a new key; the key before stays valid",
		Description: "Running serve processes take the key up within seconds. Two keys are valid at a time: what was signed with " +
			"an older one is refused, so two rotations in a row end all tokens.\n" +
			"With --agents it is the same with credentials files and the certificate of the embedded bus: write those of all agents " +
			"anew by agent enroll, then those of before can be ended by a second rotation.\n" +
			"With --checkpoints it is the key of the log's checkpoints: the first one with the new key is signed with both, and later " +
			"ones with the new key alone.",
		Category:  "Users and trust",
		UsageText: "opsledger rotate-keys\nopsledger rotate-keys --agents\nopsledger rotate-keys --checkpoints",
		Flags: append(group("Keys", &cli.BoolFlag{
			Name: "agents", Usage: "the keys by which agents know the control plane, instead of those of tokens",
			Destination: &agents, Sources: fromEnv("agents"),
		}, &cli.BoolFlag{
			Name: "checkpoints", Usage: "the key that signs the log's checkpoints, instead of those of tokens",
			Destination: &checkpoints, Sources: fromEnv("checkpoints"),
		}), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withLog(ctx, cmd, &cfg, func(l *openLog) error {
				if agents && checkpoints {
					return named("--checkpoints", errors.New("is for itself, without --agents"))
				}
				if checkpoints {
					number, err := translog.Rotate(ctx, l.store, l.vault)
					if err != nil {
						return err
					}
					_, err = fmt.Fprintf(cmd.Root().Writer, "checkpoints are signed with key %d from the next one on, and that one with the key before as well\n", number)
					return err
				}
				if agents {
					number, err := signing.Rotate(ctx, l.vault)
					if err != nil {
						return err
					}
					_, err = fmt.Fprintf(cmd.Root().Writer, "agents are spoken to with key %d as well in a few seconds; enroll them anew\n", number)
					return err
				}
				number, err := identity.RotateTokenKey(ctx, l.vault)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.Root().Writer, "tokens are signed with key %d in a few seconds\n", number)
				return err
			})
		},
	}
}
