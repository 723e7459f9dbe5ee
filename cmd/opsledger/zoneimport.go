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
	Added, Changed, Removed int
	// Unchanged is nil for a large import, of which the API does not say it.
	Unchanged *int
	Position  string   `json:"-"`
	Warnings  []string `json:"-"`
	dryRun
}

// importZone sends a master file, and returns what became of it. All imports of the command line
// pass here; the end of a large one is waited for.
func (c *client) importZone(ctx context.Context, i zoneImport, file io.Reader, tell *ticker) (done zoneImported, err error) {
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
	done.Warnings = warningsOf(reply)
	if reply.StatusCode == http.StatusAccepted {
		return done, c.follow(ctx, reply.Header.Get("Location"), tell, &done)
	}
	done.Position = reply.Header.Get("Opsledger-Position")
	return done, json.NewDecoder(reply.Body).Decode(&done)
}

// print says what was done, or what a dry run has found.
func (d *zoneImported) print(out io.Writer, dry bool) error {
	if dry {
		return d.dryRun.print(out)
	}
	unchanged := ""
	if d.Unchanged != nil {
		unchanged = fmt.Sprintf("unchanged %d, ", *d.Unchanged)
	}
	_, err := fmt.Fprintf(out, "added %d, changed %d, removed %d, %sposition %s\n", d.Added, d.Changed, d.Removed, unchanged, d.Position)
	return err
}
