package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v3"
)

// version is the number and date the time (RFC 3339) of what was built; the linker sets
// both, see Makefile.
var version, date = "unknown", ""

// built is what `opsledger version` says.
type built struct {
	Version string `json:"version"`
	// Date is when the sources were committed, RFC 3339; empty if nobody knows.
	Date string `json:"date"`
	Go   string `json:"go"`
	// Platform is operating system and processor.
	Platform string `json:"platform"`
}

func thisBuild() built {
	b := built{version, date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok && b.Date == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.time" {
				b.Date = setting.Value
			}
		}
	}
	if at, err := time.Parse(time.RFC3339, b.Date); err == nil {
		b.Date = at.UTC().Format(time.RFC3339)
	}
	return b
}

func (b built) String() string {
	at := b.Date
	if at == "" {
		at = "date unknown"
	}
	return fmt.Sprintf("%s (%s, %s, %s)", b.Version, at, b.Go, b.Platform)
}

func versionCommand() *cli.Command {
	var asJSON bool
	return &cli.Command{
		Name:      "version",
		Usage:     "print number and date of this build, and its Go version",
		Category:  "This program",
		UsageText: "opsledger version\nopsledger version --json",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print it for machines", Destination: &asJSON}},
		Action: func(_ context.Context, cmd *cli.Command) error {
			if asJSON {
				return json.NewEncoder(cmd.Root().Writer).Encode(thisBuild())
			}
			_, err := fmt.Fprintf(cmd.Root().Writer, "opsledger %s\n", thisBuild())
			return err
		},
	}
}
