package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/pgtls"
)

// tables is a database that a command only reads, without the vault and the log's writer.
type tables struct {
	connect func(context.Context) (*pgx.Conn, error)
	close   func() error
}

// openTables opens the database of --database-url as it is, or the one of --data, whether
// that system runs or not.
func openTables(ctx context.Context, cmd *cli.Command, cfg *Config) (*tables, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t := &tables{close: func() error { return nil }}
	url := cfg.DatabaseURL
	if url == "" {
		if err := wantSystem(*cfg); err != nil {
			return nil, err
		}
		db, err := openDatabase(ctx, *cfg, false, cfg.Logging.logger(cmd.Root().ErrWriter))
		if err != nil {
			return nil, err
		}
		url, t.close = db.url, db.close
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, named("--database-url", pgtls.Unreadable(err))
	}
	pgtls.Protect(&config.Config)
	t.connect = func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config.Copy()) }
	return t, nil
}
