package main

import (
	"io"
	"strings"
	"testing"
)

// What the command line says wrong is refused in one line, nothing is ignored.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, says string }{
		{"nonsense", `no command "nonsense"`},
		{"agent nonsense", `no command "nonsense"`},
		{"dev extra", `takes no argument`},
		{"dev --wrong", "try --help"},
		{"dev --data=", "--data: no folder"},
		{"serve --nats-replicas x", "try --help"},
		{"serve --nats-replicas 0", "nats-replicas: want 1 to 5"},
	} {
		err := run(t.Context(), append([]string{"opsledger"}, strings.Fields(c.args)...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}
