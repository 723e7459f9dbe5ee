package main

import (
	"slices"
	"testing"

	"github.com/urfave/cli/v3"
)

// Nobody registers on a control plane unless its operator says so.
func TestRegisterFlag(t *testing.T) {
	t.Parallel()
	for want, cmd := range map[bool]*cli.Command{false: serveCommand(), true: devCommand()} {
		i := slices.IndexFunc(cmd.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "register") })
		if flag, ok := cmd.Flags[i].(*cli.BoolFlag); !ok || flag.Value != want {
			t.Errorf("%s: --register is %v by default", cmd.Name, flag.Value)
		}
	}
}
