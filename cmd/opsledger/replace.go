package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/urfave/cli/v3"
)

// replace is what records are to become.
type replace struct {
	client
	Value, TTL, Type, Host, View string
	SetValue, SetTTL             string
	Zones                        []string
	Yes                          bool
}

func replaceCommand() *cli.Command {
	var r replace
	return &cli.Command{
		Name: "replace", Usage: "change the value or the TTL of all records that have one", Category: "Zones",
		Description: "Finds the records that have all of what is given, and prints what would go (-) and come (+). With --yes it then changes " +
			"them, as one change: all or nothing.",
		UsageText: "opsledger replace --value 192.0.2.1 --type A --set-value 192.0.2.9 --token $TOKEN\n" +
			"opsledger replace --ttl 3600 --set-ttl 300 --zone '**.example.com' --yes",
		Flags: append(append(group("Records to find",
			textFlag("value", "`value` as it is, however it is written", "", &r.Value),
			textFlag("ttl", "`seconds`", "", &r.TTL),
			textFlag("type", "`type`, such as A", "", &r.Type),
			textFlag("host", "`host` in its zone, @ for the apex", "", &r.Host),
			textFlag("view", "`name` of a view", "", &r.View),
			&cli.StringSliceFlag{Name: "zone", Usage: "`pattern` of zones' names, * for one label, ** for any; may be repeated (default: all zones)",
				Destination: &r.Zones, Sources: fromEnv("zone")},
		), group("What they get",
			textFlag("set-value", "`value`", "", &r.SetValue),
			textFlag("set-ttl", "`seconds`", "", &r.SetTTL),
			&cli.BoolFlag{Name: "yes", Usage: "change them, and do not only say what would be done", Destination: &r.Yes},
		)...), r.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := r.complete(); err != nil {
				return err
			}
			return r.run(ctx, cmd.Root().Writer, cmd.Root().ErrWriter)
		},
	}
}

// body is the request.
func (r *replace) body() ([]byte, error) {
	given := func(texts map[string]string) map[string]string {
		for name, text := range texts {
			if text == "" {
				delete(texts, name)
			}
		}
		return texts
	}
	body := map[string]any{
		"find": given(map[string]string{"value": r.Value, "ttl": r.TTL, "type": r.Type, "host": r.Host, "view": r.View}),
		"set":  given(map[string]string{"value": r.SetValue, "ttl": r.SetTTL}),
	}
	if len(r.Zones) > 0 {
		body["zones"] = r.Zones
	}
	return json.Marshal(body)
}

// run shows what would be done, and does it if that is wanted.
func (r *replace) run(ctx context.Context, out, progress io.Writer) error {
	body, err := r.body()
	if err != nil {
		return err
	}
	err = r.send(ctx, body, http.Header{"Opsledger-Dry-Run": {"true"}}, progress, func(reply *http.Response) error {
		var dry dryRun
		if err := json.NewDecoder(reply.Body).Decode(&dry); err != nil {
			return err
		}
		if !r.Yes {
			return dry.print(out)
		}
		dry.printDiff(out)
		return nil
	})
	if err != nil {
		return err
	}
	if !r.Yes {
		_, err := fmt.Fprintln(out, "give --yes to change them")
		return err
	}
	key := http.Header{"Idempotency-Key": {rand.Text()}} // each run is a change of its own
	return r.send(ctx, body, key, io.Discard, func(reply *http.Response) error {
		var done struct{ Changed, Zones int }
		if err := json.NewDecoder(reply.Body).Decode(&done); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "changed %d records of %d zones, position %s\n", done.Changed, done.Zones, reply.Header.Get("Opsledger-Position"))
		return err
	})
}

// send sends the request, prints what it warns of, and reads the reply.
func (r *replace) send(ctx context.Context, body []byte, header http.Header, progress io.Writer, read func(*http.Response) error) error {
	header.Set("Content-Type", "application/json")
	reply, err := r.do(ctx, http.MethodPost, "/v1/records/replace", nil, bytes.NewReader(body), header)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	printWarnings(progress, warningsOf(reply))
	return read(reply)
}
