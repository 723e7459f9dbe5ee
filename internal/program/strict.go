package program

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

// Strict has a program's command and those below it refuse what they do not
// understand, in one line, instead of ignoring it or answering with pages of help. The
// program gets the command help, see [Run].
func Strict(root *cli.Command) {
	root.Commands = append(root.Commands, helpCommand())
	StrictCommand(root)
}

// StrictCommand is Strict for a command that the library adds to a program.
func StrictCommand(cmd *cli.Command) {
	// Main prints errors, once.
	cmd.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	cmd.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w (try --help)", err)
	}
	cmd.HideHelp = true // the library's: ours is narrower, and has examples
	action := cmd.Action
	cmd.Action = func(ctx context.Context, cmd *cli.Command) error {
		word := cmd.Args().First()
		switch {
		case word != "" && action == nil:
			return fmt.Errorf("there is no command %q (try --help)", word)
		case word != "" && cmd.ArgsUsage == "":
			return fmt.Errorf("%s takes no argument, but there is %q (try --help)", cmd.Name, word)
		case action == nil:
			return showHelp(cmd)
		}
		return action(ctx, cmd)
	}
	for _, sub := range cmd.Commands {
		StrictCommand(sub)
	}
}
