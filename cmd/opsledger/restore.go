package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/eventstore/vault/vaultfile"
	"github.com/opsledger/opsledger/translog/logimport"
)

// restore is a backup that becomes a system again.
type restore struct {
	logIntake
	In     string
	Verify bool
	passphrase
}

func restoreCommand() *cli.Command {
	var r restore
	return &cli.Command{
		Name: "restore", Usage: "make a system of a backup, or with --verify check the backup alone",
		Description: "Checks all of what opsledger backup has written, and writes it into a system that has no log and no secrets yet, in one " +
			"step: if it is interrupted, nothing is there, and it can be run again. Users, passwords and tokens are those of the backup. What the log says " +
			"was destroyed stays destroyed. The key file of the vault is made anew if there is none. Then start serve, which computes the rest.\n" +
			"With --as-move agents find their control plane again without a new enrolment, if it is at the address that they know; checkpoints go on " +
			"under the same key. Webhooks go on where they were. With --as-copy all that ends, and logins, too: passwords stay.",
		Category: "Log and read models",
		UsageText: "opsledger restore --in /backup/2026-11-30 --as-move --since kept.checkpoint \\\n" +
			"  --data /var/lib/opsledger --passphrase-file /root/passphrase\n" +
			"opsledger restore --in /backup/2026-11-30 --as-copy --data ./copy\n" +
			"opsledger restore --in /backup/2026-11-30 --verify",
		Flags: slices.Concat(group("Backup",
			textFlag("in", "`folder` that opsledger backup has written", "", &r.In), r.passphrase.flag(),
			&cli.BoolFlag{Name: "verify", Usage: "check that the backup can be restored, and write nothing", Destination: &r.Verify, Sources: fromEnv("verify")},
		), r.flags()),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if r.In == "" || cmd.Args().Present() {
				return errors.New("give the folder: opsledger restore --in <folder>, with --as-move, --as-copy or --verify")
			}
			return r.run(ctx, cmd)
		},
	}
}

func (r *restore) run(ctx context.Context, cmd *cli.Command) error {
	if _, err := r.as(); err != nil && (!r.Verify || r.AsMove || r.AsCopy) {
		return err
	}
	if err := r.cfg.Validate(); err != nil {
		return err
	}
	m, err := openBackup(r.In)
	if err != nil {
		return err
	}
	secrets, err := r.known(ctx, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	log, err := openRegular(filepath.Join(r.In, backupLog))
	if err != nil {
		return err
	}
	defer log.Close()
	checked, err := r.check(ctx, m, log, secrets, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	if r.Verify {
		_, err = fmt.Fprintf(cmd.Root().Writer, "the backup is good: log %s, made %s, %d events up to the checkpoint of position %d of %s, and %d secrets\n%s",
			m.Log, m.MadeAt.Format(time.RFC3339), checked.Events, m.Position, m.Origin, m.Secrets, trustOf(checked.Report))
		return err
	}
	return r.restore(ctx, cmd, m, checked, log, secrets)
}

// check reads all of the backup.
func (r *restore) check(ctx context.Context, m manifest, log io.ReadSeeker, passphrase string, progress io.Writer) (logimport.Checked, error) {
	checked, err := r.checkLog(ctx, log, progress)
	if err != nil {
		return checked, fmt.Errorf("%s: %w", backupLog, err)
	}
	if checked.Log != m.Log || checked.Checkpoint.Note != m.Checkpoint {
		return checked, fmt.Errorf("%s is of another log, or of another moment, than %s says", backupLog, backupManifest)
	}
	return checked, r.eachSecret(passphrase, func(file *vaultfile.Reader) error {
		if file.Header.Log != m.Log {
			return fmt.Errorf("it is the vault of log %s, not of %s", file.Header.Log, m.Log)
		}
		for {
			if _, err := file.Next(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
}

// eachSecret calls f with the vault's file.
func (r *restore) eachSecret(passphrase string, f func(*vaultfile.Reader) error) error {
	file, err := os.Open(filepath.Join(r.In, backupVault))
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := vaultfile.NewReader(file, passphrase)
	if err == nil {
		err = f(reader)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", backupVault, err)
	}
	return nil
}

// restore writes log and vault in one transaction.
func (r *restore) restore(ctx context.Context, cmd *cli.Command, m manifest, checked logimport.Checked, log io.ReadSeeker, passphrase string) error {
	as, err := r.as()
	if err != nil {
		return err
	}
	r.Webhooks = m.Webhooks
	var done logimport.Imported
	var taken takenSecrets
	err = r.inEmpty(ctx, cmd, func(tx pgx.Tx, db *database) error {
		if done, err = r.writeLog(ctx, tx, log, checked, cmd.Root().ErrWriter); err != nil {
			return err
		}
		v, err := vault.Open(db.pool, r.cfg.KeyFile)
		if err != nil {
			return err
		}
		return r.eachSecret(passphrase, func(file *vaultfile.Reader) error {
			taken, err = takeSecrets(ctx, tx, v, file, as)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	_, err = io.WriteString(cmd.Root().Writer, r.told(checked, done)+taken.String()+"start opsledger serve: it computes the rest\n")
	return err
}
