package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/backoff"
)

// events is which events are asked for, and how they are printed.
type events struct {
	client
	Type, Resource, Context, Actor, Since, Until, After string
	Limit                                               int
	Follow, JSON                                        bool
}

func eventsCommand() *cli.Command {
	var e events
	return &cli.Command{
		Name: "events", Usage: "show what has happened, and follow what happens", Category: "Time",
		Description: "Prints the newest events of the log that you may see, the oldest of them first, a line each: position, time, type, what it " +
			"is on, and who did it. With --follow it prints each new one as it comes, and goes on where it was when the connection breaks.",
		UsageText: "opsledger events --resource zone:1\nopsledger events --follow --type RecordAdded,RecordDeleted --json",
		Flags: append(group("Events",
			textFlag("type", "`types` that are wanted, comma separated", "", &e.Type),
			textFlag("resource", "events on one resource, such as zone:1 (with its records), record:7, user:3, task:<id>", "", &e.Resource),
			textFlag("context", "access, dns or ops", "", &e.Context),
			textFlag("actor", "events that a `user` has made", "", &e.Actor),
			textFlag("since", "events of this `time` or later (RFC 3339)", "", &e.Since),
			textFlag("until", "events before this `time`; not with --follow", "", &e.Until),
			textFlag("after", "events behind this `position`", "", &e.After),
			&cli.IntFlag{Name: "limit", Usage: "how many of the newest events are printed; not with --follow", Value: 100, Destination: &e.Limit},
			&cli.BoolFlag{Name: "follow", Usage: "print new events as they come", Destination: &e.Follow},
			&cli.BoolFlag{Name: "json", Usage: "print events as the API has them, one a line", Destination: &e.JSON},
		), e.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := e.complete(); err != nil {
				return err
			}
			if e.Follow {
				return e.follow(ctx, cmd.Root().Writer)
			}
			return e.list(ctx, cmd.Root().Writer)
		},
	}
}

func (e *events) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"type": e.Type, "resource": e.Resource, "context": e.Context, "actor": e.Actor, "since": e.Since, "until": e.Until, "after": e.After,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// list prints the newest events.
func (e *events) list(ctx context.Context, out io.Writer) error {
	if e.Limit < 1 {
		return errors.New("--limit: must be at least 1")
	}
	query, all := e.query(), []json.RawMessage{}
	for len(all) < e.Limit {
		const most = 1000
		query.Set("limit", strconv.Itoa(min(e.Limit-len(all), most)))
		var page struct {
			Events []json.RawMessage
			Next   *string
		}
		if err := e.ask(ctx, "/v1/events", query, &page); err != nil {
			return err
		}
		all = append(all, page.Events...)
		if page.Next == nil {
			break
		}
		query.Set("cursor", *page.Next)
	}
	slices.Reverse(all)
	for _, event := range all {
		if err := e.print(event, out); err != nil {
			return err
		}
	}
	return nil
}

// follow prints new events until ctx ends. A refusal ends it, too, unless it is one for now.
func (e *events) follow(ctx context.Context, out io.Writer) error {
	pause := backoff.Growing{Least: 100 * time.Millisecond, Most: 5 * time.Second}
	for last := ""; ; {
		before := last
		err := e.stream(ctx, &last, out)
		var refused *refusal
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &refused) && !strings.HasPrefix(refused.Status, "5") && !strings.HasPrefix(refused.Status, "429"):
			return err
		case last != before:
			pause.Reset()
		}
		if !pause.Wait(ctx, nil) {
			return nil
		}
	}
}

// stream prints the events of one connection. last is the id that came last, with an event or
// alone.
func (e *events) stream(ctx context.Context, last *string, out io.Writer) error {
	header := http.Header{"Accept": {"text/event-stream"}}
	if *last != "" {
		header.Set("Last-Event-ID", *last)
	}
	reply, err := e.do(ctx, http.MethodGet, "/v1/events", e.query(), nil, header)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	lines := bufio.NewReader(reply.Body)
	for name, id, data := "", "", ""; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case field == "event":
			name = value
		case field == "id":
			id = value
		case field == "data":
			data = value
		case line == "\n":
			if data != "" && name != "behind" { // which is no event of the log
				if err := e.print(json.RawMessage(data), out); err != nil {
					return err
				}
			}
			*last = cmp.Or(id, *last)
			name, id, data = "", "", ""
		}
	}
}

// print writes an event in one line.
func (e *events) print(event json.RawMessage, out io.Writer) error {
	if e.JSON {
		_, err := fmt.Fprintf(out, "%s\n", event)
		return err
	}
	var said struct {
		Position   int64
		Time, Type string
		Actor      struct{ Username *string }
		Resource   *struct {
			Kind string
			ID   any
			Name *string
		}
	}
	decoder := json.NewDecoder(strings.NewReader(string(event)))
	decoder.UseNumber()
	if err := decoder.Decode(&said); err != nil {
		return err
	}
	on := ""
	if r := said.Resource; r != nil {
		if on = r.Kind; r.ID != nil {
			on += fmt.Sprint(":", r.ID)
		}
		if r.Name != nil {
			on += " " + *r.Name
		}
	}
	by := ""
	if said.Actor.Username != nil {
		by = *said.Actor.Username
	}
	_, err := fmt.Fprintf(out, "%d\t%s\t%s\t%s\tby %s\n", said.Position, said.Time, said.Type, printableLine(on), printableLine(cmp.Or(by, "?")))
	return err
}
