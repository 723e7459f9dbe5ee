package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"
)

// Grow measures whether an append stays as fast when the log gets long.
func Grow() Case {
	var c growCase
	return Case{
		Name:  "grow",
		Usage: "latency of an append in a log of 10 thousand events and in one of many, by the same writer",
		Description: `One writer appends record creations as in the case append. The log is then filled, past the store but in its form,
to ten times as much, and so on, and the writer goes on. The first length is the baseline of the others; the fill is
followed by VACUUM and a checkpoint, so that what is timed is the log's length and not the fill's aftermath.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "events", Usage: "length of the log in the end, such as 5000000", Value: 500_000, Destination: &c.events},
			&cli.IntFlag{Name: "start", Usage: "length of the log at first", Value: 10_000, Destination: &c.start},
			&cli.DurationFlag{Name: "duration", Usage: "of each measurement", Value: 5 * time.Second, Destination: &c.duration},
			&cli.IntFlag{Name: "writers", Usage: "concurrent writers", Value: 1, Destination: &c.writers},
			&cli.IntFlag{Name: "zones", Usage: "zones that records are added to", Value: 1000, Destination: &c.zones},
		},
		Tiny: []string{"--start", "100", "--events", "300", "--duration", "20ms", "--zones", "3"},
		Run:  c.run,
	}
}

type growCase struct {
	events, start, writers, zones int
	duration                      time.Duration
}

func (c *growCase) run(ctx context.Context, e *Env) error {
	s, err := newEstate(ctx, e, c.zones)
	if err != nil {
		return err
	}
	var first *Latencies
	for length := min(c.start, c.events); ; length = min(10*length, c.events) {
		took, err := c.measure(ctx, e, s, length)
		if err != nil {
			return err
		}
		line := Line{
			Params: []Field{{"events", length}, {"writers", c.writers}},
			Result: append(took.Fields(), Field{"appends", took.Count()}),
		}
		if first == nil {
			first = took
		}
		line.Baseline = []Field{{"p50_ms", Milliseconds(first.Percentile(50))}, {"p99_ms", Milliseconds(first.Percentile(99))}}
		line.Ratio = float64(took.Percentile(50)) / float64(max(first.Percentile(50), 1))
		if err := e.Print(line); err != nil || length == c.events {
			return err
		}
	}
}

// measure brings the log to the length and times appends.
func (c *growCase) measure(ctx context.Context, e *Env, s *estate, length int) (*Latencies, error) {
	head, err := s.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.fill(ctx, e, max(0, length-int(head.Position))); err != nil {
		return nil, err
	}
	if _, err := s.pool.Exec(ctx, "CHECKPOINT"); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	var warm, took Latencies
	if _, err := s.append(ctx, c.writers, c.duration/5, &warm); err != nil {
		return nil, err
	}
	_, err = s.append(ctx, c.writers, c.duration, &took)
	return &took, err
}
