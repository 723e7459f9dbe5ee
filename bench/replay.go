package bench

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// Replay measures how fast the log is read.
func Replay() Case {
	var c replayCase
	return Case{
		Name:  "replay",
		Usage: "events read from the log and decoded, next to a bare SELECT of their rows",
		Description: `The log holds record creations of many zones. What is timed is Store.Scan over all of it, as a rebuild reads it,
with every event decoded into its Go type. The baseline is one SELECT of the same rows by position on one connection,
which drops each row undecoded.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "events", Usage: "length of the log", Value: 500_000, Destination: &c.events},
			&cli.IntFlag{Name: "rounds", Usage: "turns of each", Value: 3, Destination: &c.rounds},
		},
		Tiny: []string{"--events", "500", "--rounds", "1"},
		Run:  c.run,
	}
}

type replayCase struct{ events, rounds int }

func (c *replayCase) run(ctx context.Context, e *Env) error {
	s, err := newEstate(ctx, e, 100)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, e, c.events); err != nil {
		return err
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return err
	}
	store, bare, err := AB(ctx, c.rounds,
		func(ctx context.Context) (Work, error) {
			return timed(func() (int, error) { return s.replay(ctx, head.Position) })
		},
		func(ctx context.Context, _ Work) (Work, error) {
			return timed(func() (int, error) { return s.selectRows(ctx) })
		})
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params:   []Field{{"events", int64(head.Position)}},
		Result:   []Field{{"events_per_s", store.Rate()}},
		Baseline: []Field{{"rows_per_s", bare.Rate()}},
		Ratio:    store.Rate() / bare.Rate(),
	})
}

// replay reads and decodes the log up to the position.
func (s *estate) replay(ctx context.Context, upTo domain.Position) (n int, err error) {
	err = s.store.Scan(ctx, 0, upTo, func(events []protocol.Envelope) error {
		for _, e := range events {
			if _, err := e.Decode(s.store.Codec()); err != nil {
				return err
			}
		}
		n += len(events)
		return nil
	})
	if err == nil && n != int(upTo) {
		err = fmt.Errorf("%d events were read of %d", n, upTo)
	}
	return n, err
}

// selectRows reads the rows of the log and does nothing with them.
func (s *estate) selectRows(ctx context.Context) (n int, err error) {
	const all = `SELECT position, prev, id, type, context, schema, key, tags, data, actor, command_id, causation, correlation, recorded_at
		FROM log.events ORDER BY position`
	rows, err := s.pool.Query(ctx, all)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		rows.RawValues()
		n++
	}
	rows.Close()
	return n, rows.Err()
}
