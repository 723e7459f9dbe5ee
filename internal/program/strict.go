package program

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

// Strict has a command and those below it refuse what they do not understand,
// in one line, instead of ignoring it or answering with pages of help.
func Strict(cmd *cli.Command) {
	// Main prints errors, once.
	cmd.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	cmd.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w (try --help)", err)
	}
	action := cmd.Action
	cmd.Action = func(ctx context.Context, cmd *cli.Command) error {
		word := cmd.Args().First()
		switch {
		case word != "" && action == nil:
			return fmt.Errorf("there is no command %q (try --help)", word)
		case word != "" && cmd.ArgsUsage == "":
			return fmt.Errorf("%s takes no argument, but there is %q (try --help)", cmd.Name, word)
		case action == nil:
			return cli.ShowSubcommandHelp(cmd)
		}
		return action(ctx, cmd)
	}
	for _, sub := range cmd.Commands {
		Strict(sub)
	}
}
