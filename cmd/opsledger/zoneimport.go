package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// zoneImport is one import of a master file into a zone in a view.
type zoneImport struct {
	Zone       int64
	View, Mode string
	DryRun     bool
}

// zoneImported is what an import did, or would do.
type zoneImported struct {
	Added, Changed, Removed, Unchanged int
	Position                           string
	Warnings                           []string `json:"-"`
	// Events and Diff are what a dry run says.
	Events []struct{ Type string }
	Diff   []struct {
		View           string
		Removed, Added []string
		More           bool
	}
}

// importZone sends a master file, and returns what became of it. All imports of the command line
// pass here.
func (c *client) importZone(ctx context.Context, i zoneImport, file io.Reader) (done zoneImported, err error) {
	query := url.Values{"mode": {i.Mode}}
	if i.View != "" {
		query.Set("view", i.View)
	}
	header := http.Header{"Content-Type": {"text/dns"}, "Idempotency-Key": {rand.Text()}} // each run is an import of its own
	if i.DryRun {
		header.Set("Opsledger-Dry-Run", "true")
	}
	reply, err := c.do(ctx, http.MethodPost, fmt.Sprintf("/v1/zones/%d/import", i.Zone), query, io.NopCloser(file), header)
	if err != nil {
		return done, err
	}
	defer reply.Body.Close()
	done.Warnings = reply.Header.Values("Opsledger-Warning")
	done.Position = reply.Header.Get("Opsledger-Position")
	return done, json.NewDecoder(reply.Body).Decode(&done)
}

// print says what was done, or what a dry run has found.
func (d *zoneImported) print(out io.Writer, dry bool) error {
	if dry {
		return d.printDiff(out)
	}
	_, err := fmt.Fprintf(out, "added %d, changed %d, removed %d, unchanged %d, position %s\n",
		d.Added, d.Changed, d.Removed, d.Unchanged, d.Position)
	return err
}

func (d *zoneImported) printDiff(out io.Writer) error {
	for _, d := range d.Diff {
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
	_, err := fmt.Fprintf(out, "%d events would be appended, nothing was\n", len(d.Events))
	return err
}
