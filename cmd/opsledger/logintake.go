package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logimport"
	"github.com/opsledger/opsledger/translog/verify"
	"github.com/opsledger/opsledger/webhook"
	"github.com/opsledger/opsledger/workers/control/webhooks"
)

// logIntake is how a log from a file comes into an empty system.
type logIntake struct {
	cfg            Config
	AsMove, AsCopy bool
	Since          []string
	Key            string
	// Webhooks is how far their deliveries were, nil if nobody has noted that.
	Webhooks []webhook.Mark

	// took is how long the log was read and written.
	took time.Duration
}

func (i *logIntake) flags() []cli.Flag {
	return append(group("What it is to be",
		&cli.BoolFlag{Name: "as-move", Usage: "the same log, which goes on here and nowhere else: agents, credentials, webhooks and checkpoints go on",
			Destination: &i.AsMove, Sources: fromEnv("as-move")},
		&cli.BoolFlag{Name: "as-copy", Usage: "another log that begins with the same events: enrolments of agents, credentials and webhooks are void",
			Destination: &i.AsCopy, Sources: fromEnv("as-copy")},
	), append(trustFlags(&i.Since, &i.Key), storageFlags(&i.cfg)...)...)
}

func (i *logIntake) as() (logimport.As, error) {
	switch {
	case i.AsMove && i.AsCopy, !i.AsMove && !i.AsCopy:
		return 0, errors.New("say one of --as-move, if the log goes on here and nowhere else, and --as-copy, if the other goes on, too")
	case i.AsMove:
		return logimport.Move, nil
	}
	return logimport.Copy, nil
}

// checkLog reads the file, and refuses one that cannot be imported.
func (i *logIntake) checkLog(ctx context.Context, file io.ReadSeeker, progress io.Writer) (logimport.Checked, error) {
	since, err := keptCheckpoints(i.Since)
	if err != nil {
		return logimport.Checked{}, err
	}
	began := time.Now()
	checked, err := logimport.Check(ctx, file, newCodec(), verify.Options{Since: since, Key: i.Key, Progress: progressOn(progress, "checked ")})
	if err != nil {
		return checked, fmt.Errorf("the log is refused, and nothing was written: %w", err)
	}
	i.took += time.Since(began)
	return checked, nil
}

// inEmpty calls f with a transaction in a system that no other process of this machine runs,
// and commits what f has written.
func (i *logIntake) inEmpty(ctx context.Context, cmd *cli.Command, f func(pgx.Tx, *database) error) (err error) {
	db, err := openDatabase(ctx, i.cfg, true, i.cfg.Logging.logger(cmd.Root().ErrWriter))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	err = inTransaction(ctx, db, func(tx pgx.Tx) error { return f(tx, db) })
	if errors.Is(err, eventstore.ErrNotEmpty) || errors.Is(err, vault.ErrNotEmpty) {
		err = fmt.Errorf("%w; give another --data, or an empty database by --database-url", err)
	}
	return err
}

// inTransaction calls f with a transaction on a connection of its own, which may take long.
func inTransaction(ctx context.Context, db *database, f func(pgx.Tx) error) error {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return pgx.BeginFunc(ctx, conn, f)
}

// writeLog writes a log in the transaction, into a database without log and vault.
func (i *logIntake) writeLog(ctx context.Context, tx pgx.Tx, file io.ReadSeeker, checked logimport.Checked, progress io.Writer,
) (logimport.Imported, error) {
	as, err := i.as()
	if err == nil {
		err = eventstore.WantEmpty(ctx, tx)
	}
	if err == nil {
		err = vault.WantEmpty(ctx, tx)
	}
	if err != nil {
		return logimport.Imported{}, err
	}
	defer func(began time.Time) { i.took += time.Since(began) }(time.Now())
	done, err := logimport.Write(ctx, tx, file, checked, as, progressOn(progress, "written "))
	if err == nil && as == logimport.Move {
		err = webhooks.TakeUpIn(ctx, tx, newCodec(), i.Webhooks, done.Head.Position)
	}
	return done, err
}

// told says what was imported, and what is to be known of it.
func (i *logIntake) told(checked logimport.Checked, done logimport.Imported) string {
	said := fmt.Sprintf("log %s: %d events, all under the checkpoint of position %d of %s, were checked and written (%s, %.0f events/s)\n",
		checked.Log, checked.Events, checked.Checkpoint.Size, checked.Checkpoint.Origin, i.took.Round(time.Millisecond),
		float64(checked.Events)/i.took.Seconds())
	said += trustOf(checked.Report)
	if i.AsCopy {
		return said + fmt.Sprintf("it is a copy, log %s: the enrolments of %d agents, %d credentials and %d webhooks ended behind its events; "+
			"it signs under an origin of its own\n", done.Log, done.Agents, done.Credentials, done.Webhooks)
	}
	said += fmt.Sprintf("it has moved: the system that it was written of must not run any more. What that one appended behind position %d "+
		"is not here, and its positions are given out again: receivers of webhooks, and others that remember a higher one, must be set back. "+
		"If somebody may have a checkpoint of what is not here, give another --log-origin, since this system would contradict it\n", checked.Checkpoint.Size)
	if checked.Checkpoint.Origin != translog.DefaultOrigin(checked.Log) {
		said += fmt.Sprintf("serve it with --log-origin %s\n", checked.Checkpoint.Origin)
	}
	if i.Webhooks == nil {
		said += "webhooks go on behind the log's end; whoever needs what came before sets the cursor back\n"
	}
	return said
}

// openRegular opens a file that is read twice.
func openRegular(name string) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file; it is read twice, so that nothing is written before all of it was checked", name)
	}
	if err != nil {
		_ = file.Close() // it was only read
		return nil, err
	}
	return file, nil
}

// secretsOf says how a vault's secrets, which belong to a log, come to the log of the transaction.
func secretsOf(ctx context.Context, tx pgx.Tx, of uuid.UUID) (logimport.As, error) {
	head, log, _, err := eventstore.AuditHead(ctx, tx.Conn())
	if errors.Is(err, pgx.ErrNoRows) || err == nil && head.Position == 0 {
		return 0, errors.New("there is no log yet: bring that in first (opsledger import log), so that what it says is erased stays so")
	}
	if err != nil {
		return 0, err
	}
	if log == of.String() {
		return logimport.Move, nil
	}
	copied, err := translog.Reserved(ctx, tx, of)
	if err == nil && !copied {
		err = fmt.Errorf("the vault is that of log %s, and the log here is %s, which is no copy of it", of, cmp.Or(log, "none"))
	}
	return logimport.Copy, err
}
