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
	// filled are the databases of [PostgresWith] that others are copied from.
	filled sync.Map
	// mu guards conn, the one connection that makes databases and cuts those to them: a new
	// one costs as much as a database.
	mu   sync.Mutex
	conn *pgx.Conn
}

// Postgres returns a pool on a fresh, migrated database. TestMain must call [Main].
func Postgres(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return poolOn(t, PostgresURL(t))
}

func poolOn(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), url)
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

// PostgresWith is like Postgres, on a copy of a database that fill has filled. It fills one for
// each name, for the first test of the binary that asks for it, and gives each what fill returned.
// What fill has opened it closes. Such databases have one log: they are for tests that know no other.
func PostgresWith[T any](t testing.TB, name string, fill func(context.Context, *pgxpool.Pool) (T, error)) (*pgxpool.Pool, T) {
	t.Helper()
	startShared(t)
	once, _ := shared.filled.LoadOrStore(name, sync.OnceValues(func() (T, error) { return filledDatabase(name, fill) }))
	filled, err := once.(func() (T, error))()
	if err != nil {
		t.Fatalf("fill the database %s: %v", name, err)
	}
	return poolOn(t, newDatabase(t, name)), filled
}

func filledDatabase[T any](name string, fill func(context.Context, *pgxpool.Pool) (T, error)) (filled T, err error) {
	if err := shared.copy(template, name); err != nil {
		return filled, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	pool, err := pgxpool.New(ctx, shared.url(name))
	if err != nil {
		return filled, err
	}
	filled, err = fill(ctx, pool)
	pool.Close()
	return filled, errors.Join(err, shared.leave(name))
}

func startShared(t testing.TB) {
	t.Helper()
	shared.once.Do(func() { shared.err = shared.start() })
	if shared.err != nil {
		t.Fatalf("shared PostgreSQL: %v", shared.err)
	}
}

func newDatabase(t testing.TB, from string) string {
	t.Helper()
	startShared(t)
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
	return errors.Join(migrate(ctx, c.url(template)), c.leave(template))
}

// leave returns when nobody is connected to a database, which else could not be copied. Those who
// have closed their connections may be seen for a while.
func (c *cluster) leave(name string) error {
	return c.exec(fmt.Sprintf("SELECT pg_terminate_backend(pid, %d) FROM pg_stat_activity WHERE datname = '%s'", Patience.Milliseconds(), name))
}

func (c *cluster) stop() error {
	if c.server == nil {
		return os.RemoveAll(c.dir)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var closed error
	if c.conn != nil {
		closed = c.conn.Close(ctx)
	}
	return errors.Join(closed, c.server.Stop(ctx), os.RemoveAll(c.dir))
}

// copy copies files. The usual way is by the log, page by page, which takes five times as long.
func (c *cluster) copy(from, name string) error {
	return c.exec("CREATE DATABASE " + name + " TEMPLATE " + from + " STRATEGY FILE_COPY")
}

// exec runs one statement on the maintenance database. One runs at a time: PostgreSQL refuses two
// copies of one template at once.
func (c *cluster) exec(sql string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil || c.conn.IsClosed() {
		if c.conn, err = pgx.Connect(ctx, c.url("postgres")); err != nil {
			return err
		}
	}
	_, err = c.conn.Exec(ctx, sql)
	return err
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
