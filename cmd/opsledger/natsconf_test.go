package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// The cluster of docker-compose.yml trusts whom `nats-config` says, and nobody else.
func TestContainerClusterTrustsNatsConfig(t *testing.T) {
	t.Setenv("HOSTNAME", "nats1")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "trust"), 0o700); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	err := run(t.Context(), []string{
		"opsledger", "nats-config", "--data", filepath.Join(dir, "data"), "--out", filepath.Join(dir, "trust", "opsledger.conf"),
		"--resolver-dir", filepath.Join(dir, "jwt"), "--log-level", "error",
	}, &said, &said)
	if err != nil {
		t.Fatal(err, said.String())
	}
	text, err := os.ReadFile("../../docker/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "/data", filepath.Join(dir, "store"))), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opts.AccountResolver.Close() // it has begun to watch its folder
	if len(opts.TrustedOperators) != 1 || opts.AccountResolver == nil || len(opts.Users) > 0 || opts.NoAuthUser != "" || !opts.JetStream {
		t.Errorf("operators %v, resolver %v, users %v", opts.TrustedOperators, opts.AccountResolver, opts.Users)
	}
}
