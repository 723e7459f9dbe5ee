package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/identity"
)

func rotateKeysCommand() *cli.Command {
	var cfg Config
	return &cli.Command{
		Name:  "rotate-keys",
		Usage: "sign new tokens with a new key; tokens of the key before stay valid",
		Description: "Running serve processes take the key up within seconds. Two keys are valid at a time: what was signed with\n" +
			"an older one is refused, so two rotations in a row end all tokens.",
		Flags: storageFlags(&cfg),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withLog(ctx, cmd, &cfg, func(l *openLog) error {
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
