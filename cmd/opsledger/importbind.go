package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/bindio/movein"
	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain/access"
)

// bindImport is what import bind is about.
type bindImport struct {
	client
	Root, Only, Mode string
	DryRun           bool
}

func importBindCommand() *cli.Command {
	var i bindImport
	return &cli.Command{
		Name: "bind", Usage: "bring in the views, zones and options of a BIND", ArgsUsage: "<named.conf>",
		Description: "Reads named.conf, what it includes, and the files of its zones, and makes views, zones and the BIND configuration " +
			"here what they say. Serials go on above those of the files. What is not taken, or means something else here, is printed " +
			"by file and line, and the exit code is 1 then. It may be run again: what is there already is left alone, and a run " +
			"that was ended goes on. The BIND may run meanwhile.",
		UsageText: "opsledger import bind /etc/bind/named.conf --dry-run\n" +
			"opsledger import bind /etc/bind/named.conf --root /srv/copy-of-ns1 --mode replace\n" +
			"opsledger import bind /etc/bind/named.conf --only '**.example.com'",
		Flags: append(group("BIND",
			textFlag("root", "`folder` that the files are below, as in a chroot; nothing beside it is read", "", &i.Root),
			textFlag("only", "`pattern` of the zones to take, without options and changes of views: * is one label, ** any number", "", &i.Only),
			modeFlag(&i.Mode),
			dryRunFlag(&i.DryRun),
		), i.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return errors.New("give one file: opsledger import bind <named.conf>")
			}
			return i.run(ctx, cmd.Args().First(), cmd.Root().Writer, cmd.Root().ErrWriter)
		},
	}
}

// only says which zones are meant, nil for all.
func (i *bindImport) only() (func(zone string) bool, error) {
	if i.Only == "" {
		return nil, nil
	}
	pattern, err := regexp.Compile(access.PatternRegexp(strings.ToLower(strings.TrimSuffix(i.Only, "."))))
	if err != nil {
		return nil, fmt.Errorf("--only: %q is no pattern of names", i.Only)
	}
	return func(zone string) bool { return pattern.MatchString(zone + ".") }, nil
}

func (i *bindImport) run(ctx context.Context, conf string, out, progress io.Writer) (err error) {
	defer func() { err = showing(err) }()
	out, progress = shownWriter{out}, shownWriter{progress}
	if i.Mode != "merge" && i.Mode != "replace" {
		return fmt.Errorf("--mode: %q is neither merge nor replace", i.Mode)
	}
	only, err := i.only()
	if err := cmp.Or(err, i.complete()); err != nil {
		return err
	}
	files, err := namedconf.OpenFiles(i.Root)
	if err != nil {
		return named("--root", err)
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	name, err := files.Named(conf)
	if err != nil {
		return err
	}
	plan, err := movein.Read(movein.Asked{Files: files, Conf: name, Only: only, Say: wording.English.Say})
	if err != nil {
		return err
	}
	in := intake{
		bindImport: i, plan: plan, out: out, progress: newTicker(progress),
		contents: movein.Contents{Files: files, Say: wording.English.Say},
	}
	return in.run(ctx)
}
