package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/bindio/moveout"
)

// bindExport is what export bind is about.
type bindExport struct {
	client
	Out, Keys string
	DryRun    bool
}

func exportBindCommand() *cli.Command {
	var e bindExport
	return &cli.Command{
		Name: "bind", Usage: "write a folder that a plain named starts with",
		Description: "Writes a new folder with named.conf and a master file for each zone in each view. A named that starts with it, as " +
			"named -c <folder>/named.conf, answers as the name servers here do, if you may see all zones. Each zone is as it is when it is read. The API tells no " +
			"secrets: a key gets a fresh one, unless --keys has it. Keys are in keys.conf, which its owner alone may read.",
		UsageText: "opsledger export bind --out /var/cache/bind/opsledger --token $TOKEN\n" +
			"opsledger export bind --out ./tree --keys keys.conf --dry-run",
		Flags: append(group("BIND",
			textFlag("out", "`folder` to write, which does not exist", "", &e.Out),
			textFlag("keys", "`file` with key statements whose secrets are to stand in the folder", "", &e.Keys),
			&cli.BoolFlag{Name: "dry-run", Usage: "print the names of the files, and write nothing", Destination: &e.DryRun, Sources: fromEnv("dry-run")},
		), e.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() || e.Out == "" {
				return errors.New("give the folder: opsledger export bind --out <folder>")
			}
			return e.run(ctx, cmd.Root().Writer, cmd.Root().ErrWriter)
		},
	}
}

func (e *bindExport) run(ctx context.Context, out, progress io.Writer) (err error) {
	defer func() { err = showing(err) }()
	out, progress = shownWriter{out}, shownWriter{progress}
	if err := e.complete(); err != nil {
		return err
	}
	conf, sources, err := e.configuration(ctx)
	if err != nil {
		return err
	}
	for _, key := range conf.Main.Fresh {
		fmt.Fprintf(progress, "warning: key %s: its secret is not told, keys.conf has a fresh one\n", key)
	}
	if e.DryRun {
		return printFiles(out, conf, e.Out)
	}
	folder, err := moveout.NewFolder(e.Out)
	if err != nil {
		return named("--out", err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	tell := newTicker(progress)
	for i, v := range conf.Views {
		for _, z := range v.Zones {
			if err := e.writeZone(ctx, folder, v, z, sources[i][z.Name]); err != nil {
				return fmt.Errorf("zone %s in view %s: %w", z.Name, v.Name, err)
			}
			tell.tell("wrote %s in view %s", z.Name, v.Name)
		}
	}
	if err := folder.Finish(conf); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s has %d views and %d zones\n", e.Out, len(conf.Views), conf.Zones())
	return err
}

func printFiles(out io.Writer, conf moveout.Configuration, folder string) error {
	for _, name := range conf.Files() {
		if _, err := fmt.Fprintf(out, "%s/%s\n", strings.TrimSuffix(folder, "/"), name); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d views and %d zones would be written, nothing was\n", len(conf.Views), conf.Zones())
	return err
}

func (e *bindExport) writeZone(ctx context.Context, folder *moveout.Folder, v moveout.View, z moveout.Zone, id int64) error {
	if !z.HasFile() {
		return nil
	}
	reply, err := e.exported(ctx, id, v.Name)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return folder.WriteZone(v, z, reply.Body)
}

// configuration reads all but the zones' records. sources are the ids of the zones by name, for
// each view.
func (e *bindExport) configuration(ctx context.Context) (conf moveout.Configuration, sources []map[string]int64, err error) {
	text, err := e.mainConfiguration(ctx)
	if err != nil {
		return conf, nil, err
	}
	held, err := e.heldKeys()
	if err != nil {
		return conf, nil, named("--keys", err)
	}
	if conf.Main, err = moveout.NewMain(text, held); err != nil {
		return conf, nil, err
	}
	views, err := e.views(ctx)
	if err != nil {
		return conf, nil, err
	}
	at := map[int64]int{}
	for i, v := range views {
		view, err := moveout.NewView(v.Name, v.ACL)
		if err != nil {
			return conf, nil, err
		}
		at[v.ID] = i
		conf.Views, sources = append(conf.Views, view), append(sources, map[string]int64{})
	}
	zones, err := e.zones(ctx, nil)
	if err != nil {
		return conf, nil, err
	}
	for _, z := range zones {
		zone, err := moveout.NewZone(z.Name, z.Type, z.Forwarders)
		if err != nil {
			return conf, nil, err
		}
		for _, view := range z.ViewIDs {
			i, has := at[view]
			if !has {
				return conf, nil, errListChanged
			}
			conf.Views[i].Zones = append(conf.Views[i].Zones, zone)
			sources[i][zone.Name] = z.ID
		}
	}
	return conf, sources, nil
}

func (e *bindExport) heldKeys() (string, error) {
	if e.Keys == "" {
		return "", nil
	}
	text, err := os.ReadFile(e.Keys)
	return string(text), err
}
