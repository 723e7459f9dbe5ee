package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/internal/pgtls"
	"github.com/opsledger/opsledger/internal/privatepg"
	"github.com/opsledger/opsledger/migrations"
)

// privateDatabase is where a data folder keeps its PostgreSQL.
const privateDatabase = "postgres"

// database is the PostgreSQL that the command line asked for, migrated.
type database struct {
	url    string
	pool   *pgxpool.Pool
	folder *datafolder.Folder // nil when another process on this machine holds it
	close  func() error
}

// openDatabase connects to --database-url, or to the private PostgreSQL of the
// data folder: its own when the folder is free, else that of the process which
// holds it. exclusive refuses the latter.
func openDatabase(ctx context.Context, cfg Config, exclusive bool, log *slog.Logger) (*database, error) {
	folder, err := datafolder.Open(cfg.Data)
	switch {
	case err == nil:
	case errors.Is(err, datafolder.ErrInUse) && !exclusive && cfg.DatabaseURL == "":
		r, err := datafolder.ReadRunning(cfg.Data)
		if err != nil {
			return nil, err
		}
		return connect(ctx, &database{url: r.DatabaseURL, close: func() error { return nil }}, log)
	case errors.Is(err, datafolder.ErrInUse) && !exclusive:
		folder = nil
	default:
		return nil, err
	}
	db := &database{url: cfg.DatabaseURL, folder: folder}
	db.close = func() error {
		if folder == nil {
			return nil
		}
		return folder.Close()
	}
	if cfg.DatabaseURL == "" {
		if err := startPrivate(ctx, db, log); err != nil {
			return nil, errors.Join(err, db.close())
		}
	}
	return connect(ctx, db, log)
}

func startPrivate(ctx context.Context, db *database, log *slog.Logger) error {
	pg, err := privatepg.Start(ctx, privatepg.Config{Dir: db.folder.Sub(privateDatabase), Log: log})
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	db.url = pg.URL()
	folder := db.folder
	db.close = func() error {
		grace, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return errors.Join(pg.Stop(grace), folder.Close())
	}
	return nil
}

// connect opens the pool and migrates.
func connect(ctx context.Context, db *database, log *slog.Logger) (*database, error) {
	config, err := pgxpool.ParseConfig(db.url)
	if err != nil {
		return nil, errors.Join(named("--database-url", pgtls.Unreadable(err)), db.close())
	}
	if hosts := pgtls.Protect(&config.ConnConfig.Config); len(hosts) > 0 {
		log.Warn("what goes to PostgreSQL is not encrypted: --database-url says sslmode=disable", "hosts", hosts)
	}
	config.MaxConns = max(config.MaxConns, 24)
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	// Every query here is short; compiling one costs more than running it.
	config.ConnConfig.RuntimeParams["jit"] = "off"
	if db.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, errors.Join(err, db.close())
	}
	stop := db.close
	db.close = func() error {
		db.pool.Close()
		return stop()
	}
	if err := migrations.Run(ctx, db.pool); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the database: %w", pgtls.Explain(err)), db.close())
	}
	return db, nil
}
