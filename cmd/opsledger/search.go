package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/urfave/cli/v3"
)

// search is what is looked for.
type search struct {
	client
	Kind string
}

func searchCommand() *cli.Command {
	var s search
	return &cli.Command{
		Name: "search", Usage: "find zones, records and other resources by a part of their names", ArgsUsage: "<text>", Category: "Zones",
		Description: "Prints what has the text in its name, or a record in its value, a line each: records by their full names. It prints " +
			"all that there is of what you may see.",
		UsageText: "opsledger search www.example.com --token $TOKEN\nopsledger search 192.0.2.1 --kind record",
		Flags: append(group("Search",
			textFlag("kind", "kinds that are wanted, comma separated: zone, view, server, machine, user, record", "", &s.Kind),
		), s.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return errors.New("give one text: opsledger search <text>")
			}
			if err := s.complete(); err != nil {
				return err
			}
			return s.print(ctx, cmd.Args().First(), cmd.Root().Writer)
		},
	}
}

// found is a page of what was found.
type found struct {
	Zones, Views, Machines []struct{ Name string }
	Servers                []struct{ Host, IP string }
	Users                  []struct{ Username string }
	Records                []struct {
		Name, Zone, Value string
		TTL               uint32
		Type              string `json:"record_type"`
		View              string `json:"view_name"`
	}
	Next *string
}

// print asks for page after page.
func (s *search) print(ctx context.Context, text string, out io.Writer) error {
	query := url.Values{"q": {text}}
	if s.Kind != "" {
		query.Set("kind", s.Kind)
	}
	for {
		var page found
		if err := s.ask(ctx, "/v1/search", query, &page); err != nil {
			return err
		}
		page.print(out)
		if page.Next == nil {
			return nil
		}
		query.Set("cursor", *page.Next)
	}
}

func (f *found) print(out io.Writer) {
	for _, z := range f.Zones {
		fmt.Fprintf(out, "zone\t%s\n", z.Name)
	}
	for _, v := range f.Views {
		fmt.Fprintf(out, "view\t%s\n", v.Name)
	}
	for _, s := range f.Servers {
		fmt.Fprintf(out, "server\t%s\t%s\n", s.Host, s.IP)
	}
	for _, m := range f.Machines {
		fmt.Fprintf(out, "machine\t%s\n", m.Name)
	}
	for _, u := range f.Users {
		fmt.Fprintf(out, "user\t%s\n", u.Username)
	}
	for _, r := range f.Records {
		fmt.Fprintf(out, "record\t%s\t%d\t%s\t%s\tview %s, zone %s\n", r.Name, r.TTL, r.Type, r.Value, r.View, r.Zone)
	}
}
