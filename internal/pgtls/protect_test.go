package pgtls_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/pgtls"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Each way of connecting to a host is listed in order: plain, unchecked or checked.
func TestProtect(t *testing.T) {
	t.Setenv("HOME", t.TempDir()) // whose certificates are nothing of this test's
	for _, c := range []struct{ address, ways, inClear string }{
		{"postgres://db.example.org/x", "db.example.org checked", ""},
		{"postgres://db.example.org/x?sslmode=prefer", "db.example.org checked", ""},
		{"postgres://db.example.org/x?sslmode=allow", "db.example.org checked", ""},
		{"postgres://db.example.org/x?sslmode=allow&sslsni=0", "db.example.org checked", ""},
		{"postgres://db.example.org/x?sslmode=require", "db.example.org unchecked", ""},
		{"postgres://db.example.org/x?sslmode=verify-full", "db.example.org checked", ""},
		{"postgres://db.example.org/x?sslmode=disable", "db.example.org plain", "db.example.org"},
		{"host=db.example.org dbname=x", "db.example.org checked", ""},
		{"host=db.example.org dbname=x sslmode=disable", "db.example.org plain", "db.example.org"},
		{"postgres://192.0.2.1/x", "192.0.2.1 checked", ""},
		{"postgres://[2001:db8::1]/x", "2001:db8::1 checked", ""},
		// names and addresses that only look like this machine
		{"postgres://localhost.example.org/x", "localhost.example.org checked", ""},
		{"postgres://127.0.0.1.example.org/x", "127.0.0.1.example.org checked", ""},
		{"postgres://127.1/x", "127.1 checked", ""},
		{"postgres://0.0.0.0/x", "0.0.0.0 checked", ""},
		{"postgres://localhost./x", "localhost. checked", ""},
		// this machine
		{"postgres://localhost/x", "localhost unchecked, localhost plain", ""},
		{"postgres://127.8.8.8/x", "127.8.8.8 unchecked, 127.8.8.8 plain", ""},
		{"postgres://[::1]/x?sslmode=disable", "::1 plain", ""},
		{"postgres://[::ffff:127.0.0.1]/x?sslmode=disable", "::ffff:127.0.0.1 plain", ""},
		{"postgres:///x?host=/var/run/postgresql", "/var/run/postgresql plain", ""},
		// several at once
		{"postgres://a.example.org,b.example.org/x", "a.example.org checked, b.example.org checked", ""},
		{"postgres://a.example,b.example/x?sslmode=disable", "a.example plain, b.example plain", "a.example b.example"},
		{"postgres://localhost,b.example.org/x", "localhost unchecked, localhost plain, b.example.org checked", ""},
		{"postgres://b.example.org,localhost/x?sslmode=allow", "b.example.org checked, localhost plain, localhost unchecked", ""},
		{"host=/tmp,b.example.org dbname=x", "/tmp plain, b.example.org checked", ""},
	} {
		config, err := pgx.ParseConfig(c.address)
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		inClear := strings.Join(pgtls.Protect(&config.Config), " ")
		if got := ways(config); got != c.ways || inClear != c.inClear {
			t.Errorf("%s: %s, in clear %q; want %s, in clear %q", c.address, got, inClear, c.ways, c.inClear)
		}
	}
}

// What the environment says counts like the address.
func TestProtectReadsTheEnvironment(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PGHOST", "db.example.org")
	for mode, want := range map[string]string{"": "db.example.org checked", "prefer": "db.example.org checked", "disable": "db.example.org plain"} {
		t.Setenv("PGSSLMODE", mode)
		config, err := pgx.ParseConfig("postgres:///x")
		if err != nil {
			t.Fatal(err)
		}
		pgtls.Protect(&config.Config)
		if got := ways(config); got != want {
			t.Errorf("PGSSLMODE=%s: %s; want %s", mode, got, want)
		}
	}
}

func ways(c *pgx.ConnConfig) string {
	list := []string{c.Host}
	configs := []bool{c.TLSConfig == nil}
	checked := []bool{c.TLSConfig != nil && !c.TLSConfig.InsecureSkipVerify && c.TLSConfig.ServerName == c.Host}
	for _, f := range c.Fallbacks {
		list = append(list, f.Host)
		configs = append(configs, f.TLSConfig == nil)
		checked = append(checked, f.TLSConfig != nil && !f.TLSConfig.InsecureSkipVerify && f.TLSConfig.ServerName == f.Host)
	}
	for i := range list {
		switch {
		case configs[i]:
			list[i] += " plain"
		case checked[i]:
			list[i] += " checked"
		default:
			list[i] += " unchecked"
		}
	}
	return strings.Join(list, ", ")
}

// open connects as the product does, and says whether the connection is encrypted.
func open(ctx context.Context, address string) (encrypted bool, err error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return false, pgtls.Unreadable(err)
	}
	pgtls.Protect(&config.Config)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, pgtls.Explain(err)
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted)
	return encrypted, err
}

func with(at *url.URL, database string, parameters ...string) string {
	to := *at
	to.Path, to.RawQuery = "/"+database, strings.Join(parameters, "&")
	return to.String()
}

// A PostgreSQL elsewhere is reached encrypted and by whom the address trusts, or not at all.
func TestPostgresElsewhere(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	ca, stranger := testkit.NewCA(t), testkit.NewCA(t)
	server, plain := testkit.TLSPostgres(t, ca), testkit.PlainPostgres(t)
	cert, key := ca.Issue("opsledger")
	const hint = "sslmode=verify-full&sslrootcert=FILE"
	own := []string{"sslcert=" + cert, "sslkey=" + key}
	for _, c := range []struct {
		address   string
		encrypted bool
		says      string
	}{
		{with(server, "opsledger", "sslrootcert="+ca.File), true, ""},
		{with(server, "opsledger", "sslrootcert="+ca.File, "sslmode=prefer"), true, ""},
		{with(server, "opsledger", "sslrootcert="+ca.File, "sslmode=allow"), true, ""},
		{with(server, "opsledger", "sslrootcert="+ca.File, "sslmode=verify-full"), true, ""},
		{with(server, "opsledger", "sslmode=require"), true, ""},
		{with(server, "opsledger", "sslmode=disable"), false, ""},
		{with(server, "opsledger"), false, hint},
		{with(server, "opsledger", "sslmode=prefer"), false, hint},
		{with(server, "opsledger", "sslmode=allow"), false, hint},
		{with(server, "opsledger", "sslrootcert="+stranger.File), false, hint},
		{with(server, "postgres", append(own, "sslrootcert="+ca.File)...), true, ""},
		{with(server, "postgres", "sslrootcert="+ca.File), false, "valid client certificate"},
		{with(plain, "opsledger", "sslmode=disable"), false, ""},
		{with(plain, "opsledger"), false, hint},
		{with(plain, "opsledger", "sslmode=prefer"), false, hint},
		{with(plain, "opsledger", "sslmode=allow"), false, hint},
		{with(plain, "opsledger", "sslmode=require"), false, hint},
		{with(server, "opsledger", "sslrootcert=/away.pem"), false, "/away.pem: no such file"},
		{with(server, "opsledger", "sslcert="+cert), false, `both "sslcert" and "sslkey" are required`},
		{with(server, "opsledger", "sslmode=quite"), false, "sslmode is invalid"},
	} {
		encrypted, err := open(t.Context(), c.address)
		if encrypted != c.encrypted || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: encrypted %v, %v; want %v, %q", c.address, encrypted, err, c.encrypted, c.says)
		}
	}
}

// Nothing is added to what is no matter of TLS, and no address is repeated.
func TestErrors(t *testing.T) {
	t.Parallel()
	_, err := open(t.Context(), "postgres://u:geheim@127.0.0.1:1/x")
	if err == nil || strings.Contains(err.Error(), "sslmode") || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
	if _, err := open(t.Context(), "postgres://u:geheim@["); fmt.Sprint(err) != "cannot be understood" {
		t.Errorf("%v", err)
	}
}
