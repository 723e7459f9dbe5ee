package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/urfave/cli/v3"
)

// Revert measures what was changed in a large zone, and its undoing.
func Revert() Case {
	var c revertCase
	return Case{
		Name:  "revert",
		Usage: "the difference of a large zone over many changes, and the undoing of some, next to the same changes made anew",
		Description: `A zone is filled, and then its records are changed by one request and one change of the log each. The zone is compared
with itself before these changes, with both of its contents as the baseline: pages of 1000 of its records, now. Then the last
changes are undone by one request, which is done again as often as rounds say, each undoing the one before. The baseline is a
batch that changes as many records as the revert does.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "records", Usage: "records of the zone", Value: 100_000, Destination: &c.records},
			&cli.IntFlag{Name: "changes", Usage: "changes that the zone is compared over", Value: 10_000, Destination: &c.changes},
			&cli.IntFlag{Name: "undone", Usage: "of them those that are undone, 1000 at most", Value: 1000, Destination: &c.undone},
			&cli.IntFlag{Name: "rounds", Usage: "comparisons, and reverts", Value: 20, Destination: &c.rounds},
		},
		Tiny: []string{"--records", "30", "--changes", "10", "--undone", "5", "--rounds", "2"},
		Run:  c.run,
	}
}

type revertCase struct{ records, changes, undone, rounds int }

func (c *revertCase) run(ctx context.Context, e *Env) error {
	if c.rounds < 1 || c.undone < 1 || c.undone > min(c.changes, loadBatch) || c.changes+c.undone > c.records {
		return fmt.Errorf("--rounds must be at least 1, --undone from 1 to %d and no more than --changes, --records at least both", loadBatch)
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	zones, err := s.loadZones(ctx, "revert", 1, 0)
	if err != nil {
		return err
	}
	record := func(i, round int) map[string]any {
		return recordBody(zones[0].id, s.view, fmt.Sprint("host", i), address(round*c.records+i))
	}
	e.Progress("revert: filling the zone")
	locations, filled, err := s.load(ctx, c.records, func(i int) operation {
		return operation{http.MethodPost, "/dns/records", record(i, 0)}
	})
	if err != nil {
		return err
	}
	e.Progress("revert: changing its records")
	order := rand.Perm(c.records)
	positions := make([]int64, c.changes)
	err = s.crew(ctx, 16, c.changes, func(_ context.Context, w *client, i int) error {
		of := order[i]
		reply, err := send(w.conn, http.MethodPut, w.token, locations[of], record(of, 1))
		positions[i] = reply.position
		return err
	})
	if err != nil {
		return err
	}
	last := slices.Max(positions)
	if err := s.settled(ctx, last); err != nil {
		return err
	}
	if err := c.compare(e, s, zones[0].id, filled, last); err != nil {
		return err
	}
	return c.undo(ctx, e, s, positions[c.changes-c.undone:], func(i, round int) operation {
		of := order[c.changes+i] // which no revert is on
		return operation{http.MethodPut, locations[of], record(of, 2+round)}
	})
}

// compare compares the zone with itself before the changes.
func (c *revertCase) compare(e *Env, s *session, zone, from, to int64) error {
	var both []string
	for page := range (c.records + 999) / 1000 {
		path := fmt.Sprintf("/dns/records?zone_id=%d&pageSize=1000&currentPage=%d", zone, page+1)
		both = append(both, path, path)
	}
	own, base := new(Latencies), new(Latencies)
	for range c.rounds {
		if err := readTimed(s, own, `"before"`, fmt.Sprintf("/v1/zones/%d/diff?from=%d&to=%d", zone, from, to)); err != nil {
			return err
		}
	}
	for range max(c.rounds/10, 1) {
		if err := readTimed(s, base, `"record_type"`, both...); err != nil {
			return err
		}
	}
	return e.Print(Line{
		Params: []Field{{"diff", c.records}, {"changes", c.changes}}, Result: own.Fields(), Baseline: base.Fields(),
		Ratio: float64(own.Percentile(50)) / float64(max(base.Percentile(50), 1)),
	})
}

// undo undoes changes, then that, and so on, in turn with batches that change as many other records.
func (c *revertCase) undo(ctx context.Context, e *Env, s *session, positions []int64, other func(i, round int) operation) error {
	own, base := new(Latencies), new(Latencies)
	for round := range c.rounds {
		sent := time.Now()
		reply, err := s.post("/v1/reverts", map[string]any{"positions": positions})
		if err != nil {
			return err
		}
		own.Add(time.Since(sent))
		positions = []int64{reply.position}
		operations := make([]operation, c.undone)
		for i := range operations {
			operations[i] = other(i, round)
		}
		sent = time.Now()
		if _, _, err := postBatch(s.conn, s.token, operations); err != nil {
			return err
		}
		base.Add(time.Since(sent))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.Print(Line{
		Params: []Field{{"revert", c.undone}, {"records", c.records}}, Result: own.Fields(), Baseline: base.Fields(),
		Ratio: float64(own.Percentile(50)) / float64(max(base.Percentile(50), 1)),
	})
}
