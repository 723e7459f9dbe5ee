package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/translog/logfile"
)

func exportCommand() *cli.Command {
	var cfg Config
	var out string
	var from int64
	return &cli.Command{
		Name: "export", Usage: "write the log to a file, or what an opsledger has of zones", Category: "Zones",
		Description: "With --out it writes the log of the system of --data, whether that runs or not: a line of JSON for each event, up to " +
			"the newest checkpoint, which is the first line and the last. opsledger verify --export checks the file without the system, and " +
			"opsledger import log makes it the log of another. It has no secrets: these are in the vault, and opsledger backup writes both.",
		UsageText: "opsledger export --out log.ndjson.zst\nopsledger export zone example.com --view office\nopsledger export bind --out ./tree",
		Commands:  []*cli.Command{exportZoneCommand(), exportBindCommand(), exportVaultCommand()},
		Flags: append(group("The log",
			textFlag("out", "`file` to write, compressed if its name ends in .zst", "", &out),
			&cli.Int64Flag{Name: "from", Usage: "`position` of the first event", Value: 1, Destination: &from, Sources: fromEnv("from")},
		), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if out == "" {
				return errors.New("--out: is missing; or say what to export: zone, bind (try --help)")
			}
			return exportLog(ctx, cmd, &cfg, out, from)
		},
	}
}

// exportLog writes the log to a file that is there whole or not at all.
func exportLog(ctx context.Context, cmd *cli.Command, cfg *Config, out string, from int64) error {
	t, err := openTables(ctx, cmd, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = t.close() }()
	conn, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var written int64
	err = writeWholeBy(out, func(w io.Writer) error {
		to, end, err := packed(w, strings.HasSuffix(out, ".zst"))
		if err == nil {
			written, err = logfile.Write(ctx, conn, to, from, progressOn(cmd.Root().ErrWriter, ""))
			err = errors.Join(err, end())
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%d events, from position %d, are in %s\n", written, from, out)
	return err
}

// packed returns what compresses what is written to it, if that is wanted, and what ends it.
func packed(to io.Writer, compress bool) (io.Writer, func() error, error) {
	if !compress {
		return to, func() error { return nil }, nil
	}
	z, err := zstd.NewWriter(to)
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}
