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
		{"serve --http-tls-cert x.pem", "--http-tls-key: is missing beside --http-tls-cert"},
		{"dev --http-tls-key x.pem", "--http-tls-cert: is missing beside --http-tls-key"},
		{"serve --nats-ca x.pem", "--nats-url: is missing beside --nats-ca"},
		{"serve --nats-url nats://x --nats-cert x.pem", "--nats-key: is missing beside --nats-cert"},
		{"agent run --id 1 --control-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= --nats-url nats://x --nats-key x.pem", "--nats-cert: is missing beside --nats-key"},
		{"reset-password", "give the name of one user"},
		{"serve --nats-replicas 0", "nats-replicas: want 1 to 5"},
	} {
		err := run(t.Context(), append([]string{"opsledger"}, strings.Fields(c.args)...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}
