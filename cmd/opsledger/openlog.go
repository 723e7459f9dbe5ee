package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// openLog is the log as the short commands use it. A serve process may be running
// on it at the same time.
type openLog struct {
	db    *database
	store *eventstore.Store
	// vault is nil in what runs without one, see withoutVault.
	vault *vault.Vault
	log   *slog.Logger
}

// withLog opens database, log and vault, runs the command and closes everything. A vault
// without a key gets one where serve would look for it, or where the command line says: with
// a database elsewhere and the default folder, the key of a machine by chance would be the one
// that all serve processes need.
func withLog(ctx context.Context, cmd *cli.Command, cfg *Config, f func(*openLog) error) error {
	return withoutVault(ctx, cmd, cfg, func(l *openLog) (err error) {
		open := vault.Open
		if cfg.DatabaseURL != "" && !cmd.IsSet(flagKeyFile) && !cmd.IsSet(flagData) {
			open = vault.OpenExisting
		}
		if l.vault, err = open(l.db.pool, cfg.KeyFile); err != nil {
			return err
		}
		return f(l)
	})
}

// withoutVault is withLog for a command that seals and opens nothing, and so makes no key.
func withoutVault(ctx context.Context, cmd *cli.Command, cfg *Config, f func(*openLog) error) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	log := cfg.Logging.logger(cmd.Root().ErrWriter)
	life := newLifecycle(log)
	defer func() { err = errors.Join(err, life.stop()) }()
	l := &openLog{log: log}
	if l.db, err = openDatabase(ctx, *cfg, false, log); err != nil {
		return err
	}
	life.onStop("database", l.db.close)
	if l.store, err = openStore(ctx, l.db, prometheus.NewRegistry(), log); err != nil {
		return err
	}
	life.onStop("event store's connections", func() error { l.store.Close(); return nil })
	life.start("event store", l.store.Run)
	return f(l)
}

// eachEvent calls f with the events that have the tag, in order.
func eachEvent(ctx context.Context, store *eventstore.Store, tag domain.Tag, f func(domain.Event)) error {
	for after := domain.Position(0); ; {
		page, err := store.ReadTag(ctx, tag, after, 500)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, envelope := range page {
			after = envelope.Position
			recorded, err := envelope.Decode(store.Codec())
			if err != nil {
				return err
			}
			f(recorded.Event)
		}
	}
}
