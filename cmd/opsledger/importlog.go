package main

import (
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/translog/logimport"
)

func importLogCommand() *cli.Command {
	var i logIntake
	var in string
	return &cli.Command{
		Name: "log", Usage: "make the log of a file that of an empty system",
		Description: "Reads what opsledger export --out has written, checks all of it, and writes it into a system that has no log yet: with " +
			"the same positions and hashes. Nothing is written unless everything is sound; if it is interrupted, nothing is there, and it can be run again. " +
			"Nothing else may run on the system. The secrets follow by opsledger import vault, before the first serve; opsledger restore " +
			"brings back both.\n" +
			"With --as-move the log keeps its id. With --as-copy it gets another one, and behind its events others by which the enrolments of " +
			"agents, all credentials and all webhooks end, so that the copy is not taken for the system that goes on.",
		UsageText: "opsledger import log --in log.ndjson.zst --as-move --data /var/lib/opsledger \\\n" +
			"  --key opsledger/…+530d903a+Aek… --since kept.checkpoint\n" +
			"opsledger import log --in log.ndjson.zst --as-copy --data ./copy",
		Flags: append(group("The log", textFlag("in", "`file` that opsledger export has written", "", &in)), i.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if in == "" || cmd.Args().Present() {
				return errors.New("give the file: opsledger import log --in <file>, with --as-move or --as-copy")
			}
			return i.importLog(ctx, cmd, in)
		},
	}
}

func (i *logIntake) importLog(ctx context.Context, cmd *cli.Command, in string) error {
	if _, err := i.as(); err != nil {
		return err
	}
	if err := i.cfg.Validate(); err != nil {
		return err
	}
	file, err := openRegular(in)
	if err != nil {
		return named("--in", err)
	}
	defer file.Close()
	progress := cmd.Root().ErrWriter
	checked, err := i.checkLog(ctx, file, progress)
	if err != nil {
		return err
	}
	var done logimport.Imported
	err = i.inEmpty(ctx, cmd, func(tx pgx.Tx, _ *database) error {
		done, err = i.writeLog(ctx, tx, file, checked, progress)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(cmd.Root().Writer, i.told(checked, done)+
		"its secrets follow by opsledger import vault, before the first serve\n")
	return err
}
