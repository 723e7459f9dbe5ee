package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/urfave/cli/v3"
)

func importCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "bring data into an opsledger", Category: "Zones",
		UsageText: "opsledger import zone example.com.zone --zone example.com --dry-run\n" +
			"opsledger import axfr --from 192.0.2.53:53 --zone example.com\n" +
			"opsledger import bind /etc/bind/named.conf --dry-run",
		Commands: []*cli.Command{importZoneCommand(), importAXFRCommand(), importBindCommand(), importLogCommand(), importVaultCommand()},
	}
}

// importFlags are those of an import into one zone.
func (z *zoneFile) importFlags() []cli.Flag {
	return []cli.Flag{
		textFlag("zone", "`name` of the zone, which exists", "", &z.Zone),
		textFlag("view", "`name` of the view; not needed for a zone in one view", "", &z.View),
		modeFlag(&z.Mode),
		dryRunFlag(&z.DryRun),
	}
}

func modeFlag(to *string) cli.Flag {
	return textFlag("mode", "merge adds and changes; replace also removes what is not there", "merge", to)
}

func dryRunFlag(to *bool) cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "print what would go (-) and come (+), and change nothing",
		Destination: to, Sources: fromEnv("dry-run")}
}

func importZoneCommand() *cli.Command {
	var z zoneFile
	return &cli.Command{
		Name: "zone", Usage: "bring a master file into a zone", ArgsUsage: "<file>",
		Description: "Reads a master file, - for standard input, and makes the zone what the file says, all or nothing. " +
			"Records that are the same stay as they are. Errors are printed by line, and the exit code is 1 then. $INCLUDE is not " +
			"taken: named-compilezone makes one file of several. More than 10,000 changes go on by themselves once they were checked, " +
			"and are followed to the end; an interrupt (Ctrl-C) cancels them.",
		UsageText: "opsledger import zone example.com.zone --zone example.com --token $TOKEN\n" +
			"opsledger import zone example.com.zone --zone example.com --view office --mode replace --dry-run",
		Flags: append(group("Zone", z.importFlags()...), z.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return errors.New("give one file: opsledger import zone <file> --zone <zone>")
			}
			if z.Zone == "" {
				return errors.New("--zone: is missing")
			}
			return z.importFile(ctx, cmd.Args().First(), cmd.Root().Writer, cmd.Root().ErrWriter)
		},
	}
}

func (z *zoneFile) importFile(ctx context.Context, name string, out, progress io.Writer) error {
	if err := z.complete(); err != nil {
		return err
	}
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return err
		}
		defer file.Close()
	}
	return z.send(ctx, file, out, progress)
}

// send imports a master file into the zone, and prints what became of it.
func (z *zoneFile) send(ctx context.Context, file io.Reader, out, progress io.Writer) error {
	id, err := z.zone(ctx, z.Zone)
	if err != nil {
		return err
	}
	body := &counted{from: file, what: "sent", ticker: newTicker(progress)}
	done, err := z.importZone(ctx, zoneImport{Zone: id, View: z.View, Mode: z.Mode, DryRun: z.DryRun}, body, body.ticker)
	if err := errors.Join(err, body.end()); err != nil {
		return err
	}
	printWarnings(progress, done.Warnings)
	return done.print(out, z.DryRun)
}
