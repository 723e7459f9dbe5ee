package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// zoneFile is what export zone and import zone are about.
type zoneFile struct {
	client
	Zone, View, Mode, Out string
	DryRun                bool
}

func exportCommand() *cli.Command {
	var z zoneFile
	return &cli.Command{
		Name: "export", Usage: "write what an opsledger has", Category: "Zones",
		UsageText: "opsledger export zone example.com --view office",
		Commands: []*cli.Command{{
			Name: "zone", Usage: "write a zone as a master file", ArgsUsage: "<zone>",
			Description: "Writes what name servers serve of a zone in a view, in canonical order, to standard output or to a file, which is there " +
				"whole or not at all. named-checkzone loads it.",
			UsageText: "opsledger export zone example.com --token $TOKEN\n" +
				"opsledger export zone example.com --view office --out example.com.zone",
			Flags: append(group("Zone",
				textFlag("view", "`name` of the view; not needed for a zone in one view", "", &z.View),
				textFlag("out", "`file` to write", "", &z.Out),
			), z.flags()...),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				if cmd.Args().Len() != 1 {
					return errors.New("give the name of one zone: opsledger export zone <zone>")
				}
				z.Zone = cmd.Args().First()
				return z.export(ctx, cmd.Root().Writer, cmd.Root().ErrWriter)
			},
		}},
	}
}

func importCommand() *cli.Command {
	var z zoneFile
	return &cli.Command{
		Name: "import", Usage: "bring data into an opsledger", Category: "Zones",
		UsageText: "opsledger import zone example.com.zone --zone example.com --dry-run",
		Commands: []*cli.Command{{
			Name: "zone", Usage: "bring a master file into a zone", ArgsUsage: "<file>",
			Description: "Reads a master file, - for standard input, and makes the zone what the file says, as one change: all or nothing. " +
				"Records that are the same stay as they are. Errors are printed by line, and the exit code is 1 then. $INCLUDE is not " +
				"taken: named-compilezone makes one file of several.",
			UsageText: "opsledger import zone example.com.zone --zone example.com --token $TOKEN\n" +
				"opsledger import zone example.com.zone --zone example.com --view office --mode replace --dry-run",
			Flags: append(group("Zone",
				textFlag("zone", "`name` of the zone, which exists", "", &z.Zone),
				textFlag("view", "`name` of the view; not needed for a zone in one view", "", &z.View),
				textFlag("mode", "merge adds and changes; replace also removes what the file does not have", "merge", &z.Mode),
				&cli.BoolFlag{Name: "dry-run", Usage: "print what would go (-) and come (+), and change nothing",
					Destination: &z.DryRun, Sources: fromEnv("dry-run")},
			), z.flags()...),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				if cmd.Args().Len() != 1 {
					return errors.New("give one file: opsledger import zone <file> --zone <zone>")
				}
				if z.Zone == "" {
					return errors.New("--zone: is missing")
				}
				return z.importFile(ctx, cmd.Args().First(), cmd.Root().Writer, cmd.Root().ErrWriter)
			},
		}},
	}
}

// path is that of the zone's file in the API.
func (z *zoneFile) path(ctx context.Context, of string) (path string, query url.Values, err error) {
	if err := z.complete(); err != nil {
		return "", nil, err
	}
	id, err := z.zone(ctx, z.Zone)
	if err != nil {
		return "", nil, err
	}
	query = url.Values{}
	if z.View != "" {
		query.Set("view", z.View)
	}
	return fmt.Sprintf("/v1/zones/%d/%s", id, of), query, nil
}

func (z *zoneFile) export(ctx context.Context, out, progress io.Writer) error {
	path, query, err := z.path(ctx, "export")
	if err != nil {
		return err
	}
	reply, err := z.do(ctx, http.MethodGet, path, query, nil, nil)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	body := &counted{from: reply.Body, to: progress, what: "received"}
	if z.Out == "" {
		_, err = io.Copy(out, body)
		return errors.Join(err, body.end())
	}
	return errors.Join(writeWhole(z.Out, body), body.end())
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, from io.Reader) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return named("--out", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // it is of no use
		}
	}()
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return wholefile.SyncFolder(filepath.Dir(path))
}

func (z *zoneFile) importFile(ctx context.Context, name string, out, progress io.Writer) error {
	path, query, err := z.path(ctx, "import")
	if err != nil {
		return err
	}
	file := os.Stdin
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return err
		}
		defer file.Close()
	}
	query.Set("mode", z.Mode)
	header := http.Header{"Content-Type": {"text/dns"}, "Idempotency-Key": {rand.Text()}} // each run is an import of its own
	if z.DryRun {
		header.Set("Opsledger-Dry-Run", "true")
	}
	body := &counted{from: file, to: progress, what: "sent"}
	reply, err := z.do(ctx, http.MethodPost, path, query, io.NopCloser(body), header)
	if err := errors.Join(err, body.end()); err != nil {
		return err
	}
	defer reply.Body.Close()
	if err := printWarnings(progress, reply); err != nil {
		return err
	}
	if z.DryRun {
		return printDryRun(out, reply.Body)
	}
	var done struct{ Added, Changed, Removed, Unchanged int }
	if err := json.NewDecoder(reply.Body).Decode(&done); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "added %d, changed %d, removed %d, unchanged %d, position %s\n",
		done.Added, done.Changed, done.Removed, done.Unchanged, reply.Header.Get("Opsledger-Position"))
	return err
}

func printWarnings(out io.Writer, reply *http.Response) error {
	for _, warning := range reply.Header.Values("Opsledger-Warning") {
		if _, err := fmt.Fprintf(out, "warning: %s\n", warning); err != nil {
			return err
		}
	}
	return nil
}

// printDryRun prints what a dry run has found.
func printDryRun(out io.Writer, reply io.Reader) error {
	events, err := printDiff(out, reply)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d events would be appended, nothing was\n", events)
	return err
}

// printDiff prints the difference that a dry run has found, and returns how many events there
// would be.
func printDiff(out io.Writer, reply io.Reader) (events int, err error) {
	var dry struct {
		Events []struct{ Type string }
		Diff   []struct {
			View           string
			Removed, Added []string
			More           bool
		}
	}
	if err := json.NewDecoder(reply).Decode(&dry); err != nil {
		return 0, err
	}
	for _, d := range dry.Diff {
		fmt.Fprintf(out, "view %s\n", d.View)
		for _, line := range d.Removed {
			fmt.Fprintf(out, "- %s\n", line)
		}
		for _, line := range d.Added {
			fmt.Fprintf(out, "+ %s\n", line)
		}
		if d.More {
			fmt.Fprintln(out, "and more")
		}
	}
	return len(dry.Events), nil
}

// counted tells, now and then, how much was read.
type counted struct {
	from io.Reader
	to   io.Writer
	what string
	size int64
	last time.Time
}

// progressEvery is the pause between two lines of progress.
const progressEvery = 2 * time.Second

// Read implements [io.Reader].
func (c *counted) Read(to []byte) (int, error) {
	n, err := c.from.Read(to)
	c.size += int64(n)
	if now := time.Now(); c.last.IsZero() {
		c.last = now
	} else if now.Sub(c.last) > progressEvery {
		c.last = now
		fmt.Fprintf(c.to, "%s %d KiB\n", c.what, c.size>>10)
	}
	return n, err
}

func (c *counted) end() error {
	_, err := fmt.Fprintf(c.to, "%s %d bytes\n", c.what, c.size)
	return err
}
