package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

func migrateCommand() *cli.Command {
	var cfg Config
	return &cli.Command{
		Name:      "migrate",
		Usage:     "bring the database to this version's schema (serve does so by itself)",
		Category:  "Log and read models",
		UsageText: "opsledger migrate --database-url postgres://opsledger@db.example.com/opsledger",
		Flags:     storageFlags(&cfg),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withoutVault(ctx, cmd, &cfg, func(l *openLog) error {
				head, err := l.store.Head(ctx)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.Root().Writer, "the schema is up to date; log %s has %d events\n", l.store.LogID(), head.Position)
				return err
			})
		},
	}
}

func rebuildCommand() *cli.Command {
	var cfg Config
	return &cli.Command{
		Name:      "rebuild",
		Usage:     "compute the read models anew from the log, while the old ones serve",
		ArgsUsage: "[name …]   access, dns, ops; all of these when none is named; tiles: those of the log's tree",
		Category:  "Log and read models",
		UsageText: "opsledger rebuild\nopsledger rebuild dns ops\nopsledger rebuild tiles",
		Flags:     storageFlags(&cfg),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withoutVault(ctx, cmd, &cfg, func(l *openLog) error {
				names := cmd.Args().Slice()
				if slices.Equal(names, []string{"tiles"}) {
					return mendTiles(ctx, cmd.Root().Writer, l)
				}
				models, err := chooseModels(newModels(l.store, cfg), names)
				if err != nil {
					return err
				}
				for _, model := range models {
					if err := rebuild(ctx, cmd.Root().Writer, l, model); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

// mendTiles makes the tiles of the log's tree anew, which is for when `verify` names one that is damaged.
func mendTiles(ctx context.Context, w io.Writer, l *openLog) error {
	started, shown := time.Now(), time.Now()
	size, err := translog.Mend(ctx, l.db.pool, func(done, all int64) {
		if time.Since(shown) >= time.Second {
			shown = time.Now()
			fmt.Fprintf(w, "tiles: %d of %d events (%d %%)\n", done, all, 100*done/max(all, 1))
		}
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "tiles: made anew from %d events in %s; their root is that of the newest checkpoint\n", size, time.Since(started).Round(time.Millisecond))
	return err
}

// chooseModels returns the named models, or all models when none is named.
func chooseModels(all []projections.Model, names []string) ([]projections.Model, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	var chosen []projections.Model
	for _, model := range all {
		known = append(known, string(model.Context()))
		if slices.Contains(names, string(model.Context())) {
			chosen = append(chosen, model)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no read models are named %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// rebuild shows its progress about once a second.
func rebuild(ctx context.Context, w io.Writer, l *openLog, model projections.Model) error {
	started, shown := time.Now(), time.Now()
	var last domain.Position
	err := projections.Rebuild(ctx, l.db.pool, l.store, model, func(position, head domain.Position) {
		last = position
		if time.Since(shown) >= time.Second {
			shown = time.Now()
			fmt.Fprintf(w, "%s: %d of %d events (%d %%)\n", model.Context(), position, head, 100*position/max(head, 1))
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: rebuilt from %d events in %s\n", model.Context(), last, time.Since(started).Round(time.Millisecond))
	return nil
}

func recoverCommand() *cli.Command {
	var cfg Config
	return &cli.Command{
		Name:  "recover",
		Usage: "append to a restored database the tail of the log that JetStream still has",
		Description: "For a PostgreSQL that was restored from a backup, or failed over without its last commits. Stop every serve first.\n" +
			"Nothing is appended unless what both have is the same.",
		Category:  "Log and read models",
		UsageText: "opsledger recover --data /var/lib/opsledger",
		Flags:     append(storageFlags(&cfg), busFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withLog(ctx, cmd, &cfg, func(l *openLog) error { return recoverTail(ctx, cmd.Root().Writer, l, cfg) })
		},
	}
}

func recoverTail(ctx context.Context, w io.Writer, l *openLog, cfg Config) error {
	if l.db.folder == nil {
		return fmt.Errorf("%s: %w; stop it first", cfg.Data, datafolder.ErrInUse)
	}
	cfg.NATSListen = "" // nobody needs to connect meanwhile
	authority, err := busauth.New(ctx, busauth.Config{Store: l.store, Vault: l.vault, Log: l.log})
	if err != nil {
		return err
	}
	b, err := openBus(ctx, cfg, busPlace{dir: l.db.folder.Sub("nats")}, authority, l.log)
	if err != nil {
		return err
	}
	defer b.close()
	done, err := eventstore.Recover(ctx, l.store, b.js)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d events came back\n", done.Events)
	if done.GivenUp > 0 {
		fmt.Fprintf(w, "%d events were given up: JetStream does not have all of their change, which nobody had applied\n", done.GivenUp)
	}
	return nil
}
