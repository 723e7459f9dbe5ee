package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// The cluster of docker-compose.yml trusts whom `nats-config` says, and nobody else.
func TestContainerClusterTrustsNatsConfig(t *testing.T) {
	t.Setenv("HOSTNAME", "nats1")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "trust"), 0o700); err != nil {
		t.Fatal(err)
	}
	deployment.Command(t, "nats-config", "--data", filepath.Join(dir, "data"), "--database-url", testkit.PostgresURL(t),
		"--out", filepath.Join(dir, "trust", "opsledger.conf"), "--resolver-dir", filepath.Join(dir, "jwt"), "--log-level", "error")
	text, err := os.ReadFile("../../docker/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nats.conf")
	cert, key := testkit.NewCA(t).Issue("nats1")
	here := strings.NewReplacer("/data", filepath.Join(dir, "store"), "/etc/nats/tls/cert.pem", cert, "/etc/nats/tls/key.pem", key)
	if err := os.WriteFile(file, []byte(here.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opts.AccountResolver.Close() // it has begun to watch its folder
	if opts.TLSConfig == nil {
		t.Error("it speaks in clear, which agents refuse")
	}
	if len(opts.TrustedOperators) != 1 || opts.AccountResolver == nil || len(opts.Users) > 0 || opts.NoAuthUser != "" || !opts.JetStream {
		t.Errorf("operators %v, resolver %v, users %v", opts.TrustedOperators, opts.AccountResolver, opts.Users)
	}
}
