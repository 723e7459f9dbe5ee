package main

import (
	"context"
	"io"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/program"
)

// bashCompletion asks the program for what may stand at the cursor. The library's own
// script does nothing without the package bash-completion.
const bashCompletion = `# Completion of opsledger for bash:  source <(opsledger completion bash)
_opsledger() {
	local cur=${COMP_WORDS[COMP_CWORD]} line
	local -a ask=("${COMP_WORDS[0]/#\~/$HOME}" "${COMP_WORDS[@]:1:COMP_CWORD-1}")
	[[ $cur == -* ]] && ask+=("$cur")
	COMPREPLY=()
	while IFS= read -r line; do
		line=${line%%:*}
		[[ -n $line && $line == "$cur"* ]] && COMPREPLY+=("$line")
	done < <("${ask[@]}" --generate-shell-completion 2>/dev/null)
}
complete -o default -F _opsledger opsledger
`

// completeInShells adds `completion bash|zsh|fish`.
func completeInShells(root *cli.Command) {
	root.EnableShellCompletion = true
	root.ConfigureShellCompletionCommand = func(c *cli.Command) {
		c.Hidden, c.Category = false, "This program"
		c.Usage = "print a script by which a shell completes commands and flags"
		c.Description = "bash: source <(opsledger completion bash), in ~/.bashrc for good\n" +
			"zsh: source <(opsledger completion zsh), in ~/.zshrc after compinit\n" +
			"fish: opsledger completion fish > ~/.config/fish/completions/opsledger.fish"
		c.UsageText = "source <(opsledger completion bash)"
		c.Commands = slices.DeleteFunc(c.Commands, func(sub *cli.Command) bool { return sub.Name == "pwsh" })
		for _, sub := range c.Commands {
			sub.Usage = "print the script for " + sub.Name
			sub.UsageText = "opsledger completion " + sub.Name
			if sub.Name == "bash" {
				sub.Action = func(_ context.Context, cmd *cli.Command) error {
					_, err := io.WriteString(cmd.Root().Writer, bashCompletion)
					return err
				}
			}
		}
		program.StrictCommand(c)
	}
}
