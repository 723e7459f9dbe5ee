package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logfile"
	"github.com/opsledger/opsledger/webhook"
)

// backup is a backup of a system.
type backup struct {
	cfg Config
	Out string
	passphrase
}

// inBackup says what a backup has, and what not.
const inBackup = "In it are the log up to a checkpoint that was signed while the command ran, and the vault of that moment: zones, users, rights, tasks, " +
	"history, passwords, the keys of tokens, agents and checkpoints, and how far webhooks are delivered. Not in it are what is computed from the log (read models, streams, " +
	"what name servers serve), output of tasks, when credentials were used last, unfinished imports, and what flags name: " +
	"certificates, passwords of directories, configurations of hosts."

func backupCommand() *cli.Command {
	var b backup
	return &cli.Command{
		Name: "backup", Usage: "write log and vault to a folder from which restore makes the system anew",
		Description: "It may run while the system runs. The folder is there whole or not at all. " + inBackup + "\n" +
			"The vault's file is encrypted with a passphrase, the log is not: it has no secrets, but it has zones and names.",
		Category: "Log and read models",
		UsageText: "opsledger backup --out /backup/2026-11-30 --passphrase-file /root/passphrase\n" +
			"opsledger restore --in /backup/2026-11-30 --verify --passphrase-file /root/passphrase",
		Flags: slices.Concat(group("Backup", textFlag("out", "`folder` to write, which does not exist", "", &b.Out), b.passphrase.flag()), storageFlags(&b.cfg)),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if b.Out == "" || cmd.Args().Present() {
				return errors.New("give the folder: opsledger backup --out <folder>")
			}
			return b.run(ctx, cmd)
		},
	}
}

func (b *backup) run(ctx context.Context, cmd *cli.Command) error {
	if err := b.cfg.Validate(); err != nil {
		return err
	}
	if err := wantSystem(b.cfg); err != nil {
		return err
	}
	passphrase, err := b.fresh(ctx, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	return withLog(ctx, cmd, &b.cfg, func(l *openLog) (err error) {
		folder, err := newBackupFolder(b.Out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, folder.drop()) }()
		patience := momentPatience
		if b.cfg.DatabaseURL == "" && l.db.folder != nil {
			patience = 0 // nobody runs who would sign anything, or destroy it
		}
		m, err := writeBackup(ctx, l, folder, passphrase, patience, cmd.Root().ErrWriter)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.Root().Writer, "%s: log %s up to position %d, under a checkpoint of %s, and %d secrets\n"+
			"try it: opsledger restore --verify --in %s\n", folder.out, m.Log, m.Position, m.Origin, m.Secrets, folder.out)
		return err
	})
}

func writeBackup(ctx context.Context, l *openLog, folder *backupFolder, passphrase string, patience time.Duration, progress io.Writer) (manifest, error) {
	m := manifest{MadeAt: time.Now().UTC().Truncate(time.Second), Program: version, Log: l.store.LogID()}
	state, err := l.moment(ctx, patience, func(tx pgx.Tx) (err error) {
		if m.Webhooks, err = webhook.Marks(ctx, tx); err != nil {
			return err
		}
		return folder.add(backupVault, func(to io.Writer) (err error) {
			m.Secrets, err = writeVault(ctx, tx, l.vault, to, passphrase, m.Log)
			return err
		})
	})
	if err != nil {
		return m, err
	}
	err = folder.add(backupLog, func(to io.Writer) error {
		conn, err := l.db.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		packed, end, err := packed(to, true)
		if err != nil {
			return err
		}
		_, err = logfile.WriteUpTo(ctx, conn.Conn(), packed, state, 1, progressOn(progress, "written "))
		return errors.Join(err, end())
	})
	if err != nil {
		return m, err
	}
	m.Origin, m.Position, m.Checkpoint = state.Checkpoint.Origin, state.Checkpoint.Size, state.Checkpoint.Note
	m.Key = state.Keys[len(state.Keys)-1].Verifier
	return m, folder.finish(m)
}

const (
	// momentPause is between two looks for a moment of which log and vault can be written.
	momentPause = 200 * time.Millisecond
	// momentPatience is how long a look for one goes on. Checkpoints are signed once a second.
	momentPatience = time.Minute
)

// moment calls f with a transaction that sees the vault as it belongs to the log up to the
// checkpoint that is returned, which covers all that was in the log when this was called.
//
// A secret is in the vault before an event names it, and is destroyed after an event says so.
// So the vault of a moment has all that events before it name; but it may lack what an event
// that the checkpoint does not cover has destroyed. Then another moment is looked for.
func (l *openLog) moment(ctx context.Context, patience time.Duration, f func(pgx.Tx) error) (state translog.State, err error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return state, err
	}
	for began := time.Now(); ; {
		why := ""
		err := pgx.BeginTxFunc(ctx, l.db.pool, oneMoment, func(tx pgx.Tx) (err error) {
			if state, why, err = coveredMoment(ctx, tx, head.Position); err != nil || why != "" {
				return err
			}
			return f(tx)
		})
		switch {
		case err != nil:
			return state, err
		case why == "":
			return state, nil
		case time.Since(began) > patience:
			return state, fmt.Errorf("no backup was made: %s", why)
		}
		if !backoff.Sleep(ctx, momentPause) {
			return state, ctx.Err()
		}
	}
}

// coveredMoment says why the transaction does not see such a moment, empty if it does.
func coveredMoment(ctx context.Context, tx pgx.Tx, least domain.Position) (state translog.State, why string, err error) {
	state, err = translog.ReadStateIn(ctx, tx)
	if err != nil && !errors.Is(err, translog.ErrNotPublished) {
		return state, "", err
	}
	if covered := domain.Position(state.Checkpoint.Size); covered < least {
		return state, fmt.Sprintf("events %d to %d are under no checkpoint; serve signs them within two seconds, so start it, stop it well, and try again",
			covered+1, least), nil
	}
	later, err := eventstore.ReadTagged(ctx, tx, access.TagErasable, domain.Position(state.Checkpoint.Size), 1)
	if len(later) > 0 {
		why = fmt.Sprintf("secrets were destroyed all the time, lastly by event %d; try again when fewer users and passwords change", later[0].Position)
	}
	return state, why, err
}
