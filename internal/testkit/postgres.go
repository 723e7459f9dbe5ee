package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/privatepg"
)

// template is the migrated database that every test's own is copied from.
const template = "template_migrated"

// shared is the test binary's server. It is the one global: tests of a package
// have nothing else in common that could hold it.
var shared cluster

// cluster is a server that starts with the first test that needs it.
type cluster struct {
	once    sync.Once
	err     error
	dir     string
	server  *privatepg.Server
	counter atomic.Int64
	// copying serialises CREATE DATABASE: PostgreSQL refuses two at once from one template.
	copying sync.Mutex
}

// Postgres returns a pool on a fresh, migrated database. TestMain must call [Main].
func Postgres(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// PostgresURL returns the address of a fresh, migrated database. At the test's
// end all connections to it are cut. The database stays until the server ends,
// since dropping it would cost a checkpoint.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, template)
}

// EmptyPostgresURL is like PostgresURL, but nothing has been migrated.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template1")
}

func newDatabase(t testing.TB, from string) string {
	t.Helper()
	shared.once.Do(func() { shared.err = shared.start() })
	if shared.err != nil {
		t.Fatalf("shared PostgreSQL: %v", shared.err)
	}
	name := fmt.Sprintf("test_%d", shared.counter.Add(1))
	if err := shared.copy(from, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'"); err != nil {
			t.Error(err)
		}
	})
	return shared.url(name)
}

func (c *cluster) start() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if c.dir, err = os.MkdirTemp("", "opsledger-test-"); err != nil {
		return err
	}
	if err := os.Chmod(c.dir, 0o711); err != nil { // where postgres must be another user
		return err
	}
	c.server, err = privatepg.Start(ctx, privatepg.Config{Dir: filepath.Join(c.dir, "pg"), Settings: map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
		"shared_buffers": "64MB", "max_connections": "400", "autovacuum": "off", "jit": "off",
	}})
	if err != nil {
		return err
	}
	if err := c.exec("CREATE DATABASE " + template); err != nil {
		return err
	}
	return migrate(ctx, c.url(template))
}

func (c *cluster) stop() error {
	if c.server == nil {
		return os.RemoveAll(c.dir)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return errors.Join(c.server.Stop(ctx), os.RemoveAll(c.dir))
}

func (c *cluster) copy(from, name string) error {
	c.copying.Lock()
	defer c.copying.Unlock()
	return c.exec("CREATE DATABASE " + name + " TEMPLATE " + from)
}

// exec runs one statement on the maintenance database.
func (c *cluster) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// url names a database of the server.
func (c *cluster) url(name string) string {
	u, err := url.Parse(c.server.URL())
	if err != nil {
		panic(err) // privatepg built it
	}
	u.Path = "/" + name
	return u.String()
}
