package testkit

import (
	"context"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/opsledger/opsledger/internal/privatepg"
)

// ElsewhereHost stands for this machine, and no program can tell that from it: to a
// program it is the address of another machine.
const ElsewhereHost = "0.0.0.0"

// PlainPostgres starts a PostgreSQL of the test's own that has no TLS. It returns the
// address of a database there as that of another machine ([ElsewhereHost]). Whoever
// connects is asked for no password.
func PlainPostgres(t testing.TB) *url.URL {
	t.Helper()
	return startTCP(t, tcpFolder(t), nil)
}

// TLSPostgres is PlainPostgres with TLS, for those who ask for it. Its certificate is that
// of [ElsewhereHost]. The database postgres is for those alone who have a certificate of
// the authority.
func TLSPostgres(t testing.TB, ca *CA) *url.URL {
	t.Helper()
	dir := tcpFolder(t)
	before, err := privatepg.Start(t.Context(), privatepg.Config{Dir: dir, Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	stopPostgres(t, before) // it was only to make the cluster
	cert, key := ca.Issue(ElsewhereHost)
	data := filepath.Join(dir, "data")
	const rules = "local all all trust\nhostssl postgres all all trust clientcert=verify-ca\nhost opsledger all all trust\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"server.crt": cert, "server.key": key, "ca.crt": ca.File} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(data, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return startTCP(t, dir, map[string]string{"ssl": "on", "ssl_ca_file": "ca.crt"})
}

func tcpFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "opsledger-tcp-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { // where postgres must be another user
		t.Fatal(err)
	}
	return filepath.Join(dir, "pg")
}

func startTCP(t testing.TB, dir string, settings map[string]string) *url.URL {
	t.Helper()
	host, port, err := net.SplitHostPort(Address(t))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"listen_addresses": host, "port": port, "fsync": "off"}
	maps.Copy(all, settings)
	server, err := privatepg.Start(t.Context(), privatepg.Config{Dir: dir, Settings: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopPostgres(t, server) })
	at, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return &url.URL{Scheme: "postgres", User: url.User(at.Query().Get("user")), Host: net.JoinHostPort(ElsewhereHost, port), Path: at.Path}
}

func stopPostgres(t testing.TB, server *privatepg.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		t.Error(err)
	}
}
