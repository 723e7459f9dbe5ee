package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/eventstore/vault/vaultfile"
	"github.com/opsledger/opsledger/translog/logimport"
	"github.com/opsledger/opsledger/workers/control/erasure"
)

// namedOfCopies are the secrets with a name that a copy of a log gets: those without which what
// the log says cannot be compared. With all others somebody knows the control plane: agents,
// holders of tokens, who trusts checkpoints. A copy makes its own.
var namedOfCopies = []string{"mail", "login", "idempotency"}

// takenSecrets is what became of the secrets of a file.
type takenSecrets struct {
	// taken are in the vault now, leftOut are not for a copy, erased were destroyed by the log.
	taken, leftOut, erased int64
}

func (t takenSecrets) String() string {
	said := fmt.Sprintf("%d secrets are in the vault", t.taken)
	if t.leftOut > 0 {
		said += fmt.Sprintf("; %d, by which agents, logins and checkpoints are known, are the other log's and were left out", t.leftOut)
	}
	if t.erased > 0 {
		said += fmt.Sprintf("; %d, which the log says were destroyed, stay destroyed", t.erased)
	}
	return said + "\n"
}

// secretsPiece is how many secrets are written at a time.
const secretsPiece = 500

// takeSecrets writes the secrets of a file in the transaction, into a vault without any. What the
// log there says is destroyed does not come back.
func takeSecrets(ctx context.Context, tx pgx.Tx, v *vault.Vault, file *vaultfile.Reader, as logimport.As) (t takenSecrets, err error) {
	if err := vault.WantEmpty(ctx, tx); err != nil {
		return t, err
	}
	some := make([]vault.Secret, 0, secretsPiece)
	for err == nil {
		var s vault.Secret
		if s, err = file.Next(); err != nil {
			break
		}
		if as == logimport.Copy && s.Name != "" && !slices.Contains(namedOfCopies, s.Name) {
			t.leftOut++
			continue
		}
		t.taken++
		if some = append(some, s); len(some) == cap(some) {
			err, some = v.Take(ctx, tx, some), make([]vault.Secret, 0, secretsPiece)
		}
	}
	if !errors.Is(err, io.EOF) {
		return t, err
	}
	if err := v.Take(ctx, tx, some); err != nil {
		return t, err
	}
	t.erased, err = erasure.SweepIn(ctx, tx, newCodec())
	t.taken -= t.erased
	return t, err
}

// vaultFile is what the commands on such files are about.
type vaultFile struct {
	cfg  Config
	File string
	passphrase
}

func exportVaultCommand() *cli.Command {
	var f vaultFile
	return &cli.Command{
		Name: "vault", Usage: "write all secrets to a file that a passphrase encrypts",
		Description: "Writes what must never stand in the log: password hashes, the keys of personal data, the keys of tokens, agents and " +
			"checkpoints, secrets of configurations. The file is one of age (age-encryption.org) with a passphrase; whoever has both has all of that. " +
			"It belongs to the log at the time of writing: opsledger backup writes both, of one moment.",
		UsageText: "opsledger export vault --out vault.age --passphrase-file /root/passphrase\n" +
			"opsledger export vault --out vault.age --data /var/lib/opsledger",
		Flags: slices.Concat(group("The vault", textFlag("out", "`file` to write", "", &f.File), f.passphrase.flag()), storageFlags(&f.cfg)),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if f.File == "" || cmd.Args().Present() {
				return errors.New("give the file: opsledger export vault --out <file>")
			}
			return f.export(ctx, cmd)
		},
	}
}

func (f *vaultFile) export(ctx context.Context, cmd *cli.Command) error {
	if err := f.cfg.Validate(); err != nil {
		return err
	}
	if err := wantSystem(f.cfg); err != nil {
		return err
	}
	passphrase, err := f.passphrase.fresh(ctx, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	return withLog(ctx, cmd, &f.cfg, func(l *openLog) error {
		var n int
		err := writeWholeBy(f.File, func(to io.Writer) error {
			return pgx.BeginTxFunc(ctx, l.db.pool, oneMoment, func(tx pgx.Tx) error {
				n, err = writeVault(ctx, tx, l.vault, to, passphrase, l.store.LogID())
				return err
			})
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.Root().Writer, "%d secrets are in %s; without the passphrase nobody can read them, you neither\n", n, f.File)
		return err
	})
}

// oneMoment is a transaction that sees the database as it is at its first statement.
var oneMoment = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// writeVault writes the vault as the transaction sees it.
func writeVault(ctx context.Context, tx pgx.Tx, v *vault.Vault, to io.Writer, passphrase string, log uuid.UUID) (int, error) {
	w, err := vaultfile.NewWriter(to, passphrase, log)
	if err != nil {
		return 0, err
	}
	if err := v.Each(ctx, tx, w.Add); err != nil {
		return 0, err
	}
	return w.End()
}

func importVaultCommand() *cli.Command {
	var f vaultFile
	return &cli.Command{
		Name: "vault", Usage: "bring the secrets of a file into a system whose log was imported",
		Description: "Reads what opsledger export vault has written, and seals it under the key file of this system, which is made if there is " +
			"none. The log comes first (opsledger import log): what that says was destroyed does not come back, and if it is a copy, " +
			"the keys by which agents, logins and checkpoints are known are left out. Nothing is written unless the file is whole. " +
			"No serve may have run before.",
		UsageText: "opsledger import vault --in vault.age --passphrase-file /root/passphrase --data /var/lib/opsledger",
		Flags:     slices.Concat(group("The vault", textFlag("in", "`file` that opsledger export vault has written", "", &f.File), f.passphrase.flag()), storageFlags(&f.cfg)),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if f.File == "" || cmd.Args().Present() {
				return errors.New("give the file: opsledger import vault --in <file>")
			}
			return f.importVault(ctx, cmd)
		},
	}
}

func (f *vaultFile) importVault(ctx context.Context, cmd *cli.Command) error {
	if err := f.cfg.Validate(); err != nil {
		return err
	}
	if err := wantSystem(f.cfg); err != nil {
		return fmt.Errorf("%w; the log comes first, by opsledger import log", err)
	}
	file, passphrase, err := f.open(ctx, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := vaultfile.NewReader(file, passphrase)
	if err != nil {
		return fmt.Errorf("%s: %w", f.File, err)
	}
	intake := logIntake{cfg: f.cfg}
	var taken takenSecrets
	err = intake.inEmpty(ctx, cmd, func(tx pgx.Tx, db *database) error {
		as, err := secretsOf(ctx, tx, reader.Header.Log)
		if err != nil {
			return err
		}
		v, err := vault.Open(db.pool, f.cfg.KeyFile)
		if err != nil {
			return err
		}
		taken, err = takeSecrets(ctx, tx, v, reader, as)
		return err
	})
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	_, err = io.WriteString(cmd.Root().Writer, taken.String())
	return err
}
