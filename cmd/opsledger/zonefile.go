package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// zoneFile is what the commands on one zone are about.
type zoneFile struct {
	client
	Zone, View, Mode, Out string
	DryRun                bool
}

func exportZoneCommand() *cli.Command {
	var z zoneFile
	return &cli.Command{
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
	}
}

func (z *zoneFile) export(ctx context.Context, out, progress io.Writer) error {
	if err := z.complete(); err != nil {
		return err
	}
	id, err := z.zone(ctx, z.Zone)
	if err != nil {
		return err
	}
	reply, err := z.exported(ctx, id, z.View)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	body := &counted{from: reply.Body, what: "received", ticker: newTicker(progress)}
	if z.Out == "" {
		_, err = io.Copy(out, body)
		return errors.Join(err, body.end())
	}
	return errors.Join(writeWhole(z.Out, body), body.end())
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, from io.Reader) error {
	return writeWholeBy(path, func(to io.Writer) error {
		_, err := io.Copy(to, from)
		return err
	})
}

// writeWholeBy is writeWhole of what a function writes.
func writeWholeBy(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return named("--out", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // it is of no use
		}
	}()
	if err = errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return wholefile.SyncFolder(filepath.Dir(path))
}

// exported asks for a zone in a view, or in its only one, as a master file.
func (c *client) exported(ctx context.Context, zone int64, view string) (*http.Response, error) {
	query := url.Values{}
	if view != "" {
		query.Set("view", view)
	}
	return c.do(ctx, http.MethodGet, fmt.Sprintf("/v1/zones/%d/export", zone), query, nil, nil)
}

// counted tells, now and then, how much was read.
type counted struct {
	from io.Reader
	what string
	size int64
	*ticker
}

// Read implements [io.Reader].
func (c *counted) Read(to []byte) (int, error) {
	n, err := c.from.Read(to)
	c.size += int64(n)
	c.tell("%s %d KiB", c.what, c.size>>10)
	return n, err
}

func (c *counted) end() error {
	_, err := fmt.Fprintf(c.to, "%s %d bytes\n", c.what, c.size)
	return err
}
