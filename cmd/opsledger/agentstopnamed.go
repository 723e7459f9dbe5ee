package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/workers/agents/bind"
)

func agentStopNamedCommand() *cli.Command {
	var dir string
	return &cli.Command{
		Name:  "stop-named",
		Usage: "end the named that an agent has started",
		Description: "named goes on when its agent ends. While the agent runs, it starts named again at once, from the program that is " +
			"installed now: so this is also how an upgrade of BIND is taken. Without an agent named stays away.",
		UsageText: "opsledger agent stop-named --dir /var/lib/opsledger",
		Flags:     group("Agent", textFlag("dir", "`folder` of the agent's state", "./agent", &dir)),
		Action: func(_ context.Context, cmd *cli.Command) error {
			pid, err := bind.StopNamed(dir)
			if errors.Is(err, bind.ErrNoNamed) {
				return named("--dir", err)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.Root().Writer, "named (pid %d) has ended\n", pid)
			return err
		},
	}
}
