package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/migrations"
)

// Database returns a pool on a fresh, migrated database, on the private
// PostgreSQL or on that of --database-url. Pool and database go with the run.
func (e *Env) Database(ctx context.Context) (*pgxpool.Pool, error) {
	if e.server == "" {
		if e.server = e.cfg.DatabaseURL; e.server == "" {
			var err error
			if e.server, err = e.startServer(ctx); err != nil {
				return nil, err
			}
		}
	}
	cfg, err := pgxpool.ParseConfig(e.server)
	if err != nil {
		return nil, errors.New("--database-url cannot be read") // the text may hold a password
	}
	e.count++
	name := fmt.Sprintf("opsledger_bench_%s_%d", strings.ReplaceAll(uuid.NewString(), "-", ""), e.count)
	if err := e.createDatabase(ctx, cfg.ConnConfig.Copy(), name); err != nil {
		return nil, err
	}
	cfg.ConnConfig.Database = name
	cfg.ConnConfig.RuntimeParams["jit"] = "off" // as serve has it
	cfg.MaxConns = max(cfg.MaxConns, 24)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { pool.Close(); return nil })
	return pool, migrations.Run(ctx, pool)
}

// createDatabase creates the database and promises to drop it.
func (e *Env) createDatabase(ctx context.Context, server *pgx.ConnConfig, name string) error {
	quoted := pgx.Identifier{name}.Sanitize()
	execute := func(ctx context.Context, sql string, note func(*pgx.Conn)) error {
		conn, err := pgx.ConnectConfig(ctx, server)
		if err != nil {
			return fmt.Errorf("connect to PostgreSQL: %w", err)
		}
		note(conn)
		_, err = conn.Exec(ctx, sql)
		return errors.Join(err, conn.Close(ctx))
	}
	err := execute(ctx, "CREATE DATABASE "+quoted, func(c *pgx.Conn) {
		version, _, _ := strings.Cut(c.PgConn().ParameterStatus("server_version"), " ")
		e.Note("PostgreSQL " + version)
	})
	if err != nil {
		return err
	}
	e.Defer(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		return execute(ctx, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)", func(*pgx.Conn) {})
	})
	return nil
}
