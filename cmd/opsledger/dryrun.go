package main

import (
	"fmt"
	"io"
	"net/http"
)

// dryRun is what a dry run says.
type dryRun struct {
	Events []struct{ Type string }
	Diff   []struct {
		View           string
		Removed, Added []string
		More           bool
	}
}

// print prints what a dry run has found.
func (d *dryRun) print(out io.Writer) error {
	d.printDiff(out)
	_, err := fmt.Fprintf(out, "%d events would be appended, nothing was\n", len(d.Events))
	return err
}

func (d *dryRun) printDiff(out io.Writer) {
	out = shownWriter{out}
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
}

// warningsOf are what a reply warns of.
func warningsOf(reply *http.Response) []string { return reply.Header.Values("Opsledger-Warning") }

func printWarnings(progress io.Writer, warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintf(progress, "warning: %s\n", printableLine(warning))
	}
}
