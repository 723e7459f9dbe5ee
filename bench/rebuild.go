package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
)

// Rebuild measures how fast the DNS read models are computed anew.
func Rebuild() Case {
	var c rebuildCase
	return Case{
		Name:  "rebuild",
		Usage: "all DNS read models computed from the log, next to COPY of the rows that come out",
		Description: `The log holds record creations of many zones. What is timed is what opsledger rebuild dns does, from the first event
to the new tables in their place: servers, views, zones, links, records, operation log, ANALYZE included. The baseline
copies the rows of the result (COPY of records and operation log, which are nearly all) into empty tables with the
same indexes, from memory; its rate is in events, too.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "events", Usage: "length of the log", Value: 200_000, Destination: &c.events},
			&cli.IntFlag{Name: "rounds", Usage: "turns of each", Value: 2, Destination: &c.rounds},
			&cli.IntFlag{Name: "zones", Usage: "zones that the records are in", Value: 1000, Destination: &c.zones},
		},
		Tiny: []string{"--events", "800", "--rounds", "1", "--zones", "3"},
		Run:  c.run,
	}
}

type rebuildCase struct{ events, rounds, zones int }

func (c *rebuildCase) run(ctx context.Context, e *Env) error {
	s, err := newEstate(ctx, e, c.zones)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, e, c.events); err != nil {
		return err
	}
	names := oplog.NewUsernames(s.store)
	models := []projections.Model{accessmodel.New(), dnsmodel.New(names, time.UTC)}
	// Both contexts' tables must exist; this first rebuild is the warm-up.
	if err := projections.Prepare(ctx, s.pool, s.store, models...); err != nil {
		return err
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return err
	}
	events := int(head.Position)
	rebuilt, copied, err := AB(ctx, c.rounds,
		func(ctx context.Context) (Work, error) {
			return timed(func() (int, error) {
				return events, projections.Rebuild(ctx, s.pool, s.store, models[1], nil)
			})
		},
		func(ctx context.Context, _ Work) (Work, error) { return s.copyModels(ctx, events) })
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params:   []Field{{"events", events}, {"zones", c.zones}},
		Result:   []Field{{"events_per_s", rebuilt.Rate()}},
		Baseline: []Field{{"events_per_s", copied.Rate()}},
		Ratio:    rebuilt.Rate() / copied.Rate(),
	})
}

// copied are the tables that grow with the log.
var copied = [...]string{"records", "oplogs"}

// copyModels copies the rows of the read models that stand for so many events.
func (s *estate) copyModels(ctx context.Context, events int) (Work, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return Work{}, err
	}
	defer conn.Release()
	w := Work{N: events}
	for _, table := range copied {
		var rows bytes.Buffer
		if _, err := conn.Conn().PgConn().CopyTo(ctx, &rows, "COPY dns."+table+" TO STDOUT (FORMAT binary)"); err != nil {
			return w, err
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS bare; DROP TABLE IF EXISTS bare.%[1]s; CREATE TABLE bare.%[1]s (LIKE dns.%[1]s INCLUDING ALL)", table)); err != nil {
			return w, err
		}
		start := time.Now()
		if _, err := conn.Conn().PgConn().CopyFrom(ctx, io.Reader(&rows), "COPY bare."+table+" FROM STDIN (FORMAT binary)"); err != nil {
			return w, err
		}
		w.Took += time.Since(start)
	}
	return w, nil
}
