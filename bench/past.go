package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// pastPage is how many records a page has.
const pastPage = 10

// Past measures lists as of positions of the past.
func Past() Case {
	var c pastCase
	return Case{
		Name:  "past",
		Usage: "pages of a zone's records as of any position next to the same pages now, its history and its difference",
		Description: `One zone has all of its records changed again and again, each round as one change, so that it has many former ones for
each that it has. With --events the log is filled up first, by records of other zones, which no name server serves. Then pages of ten are read over HTTP, in turn now, which is the baseline, and as of a position that is
drawn from all since the zone was filled. Then the zone is compared with itself before the last ten rounds, next to both of its
contents, which is the baseline, and pages of 100 of its history are read, next to the same events of /v1/events.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "records", Usage: "records of the zone, 1000 at most", Value: 1000, Destination: &c.records},
			&cli.IntFlag{Name: "changes", Usage: "how often each of them is changed", Value: 300, Destination: &c.changes},
			&cli.IntFlag{Name: "events", Usage: "length of the log, such as 5000000; 0 for that of the changes alone", Destination: &c.events},
			&cli.IntFlag{Name: "pages", Usage: "pages that are read, of each sort", Value: 2000, Destination: &c.pages},
		},
		Tiny: []string{"--records", "20", "--changes", "3", "--pages", "5", "--events", "200"},
		Run:  c.run,
	}
}

type pastCase struct{ records, changes, pages, events int }

// filler is how many records another zone has.
const filler = 50_000

// fill brings the log to its length, but for what is changed later.
func (c *pastCase) fill(ctx context.Context, e *Env, s *session) error {
	missing := c.events - c.records*(c.changes+1)
	for n := 0; missing > 0; n++ {
		e.Progress("past: %d events are to be filled in", missing)
		body := zoneBody(fmt.Sprintf("fill%d.bench.example", n), s.viewID)
		body["zone_group"], body["view_ids"] = 0, []int64{}
		zone, err := s.post("/dns/zones", body)
		if err != nil {
			return err
		}
		id, err := idOf(zone.location)
		if err != nil {
			return err
		}
		part := min(missing, filler)
		if _, _, err := s.load(ctx, part, func(i int) operation {
			return operation{http.MethodPost, "/dns/records", recordBody(id, "default", fmt.Sprint("host", i), address(i))}
		}); err != nil {
			return err
		}
		missing -= part
	}
	return nil
}

func (c *pastCase) run(ctx context.Context, e *Env) error {
	if c.records < pastPage || c.records > loadBatch || c.changes < 1 || c.pages < 1 {
		return fmt.Errorf("--records must be from %d to %d, --changes and --pages at least 1", pastPage, loadBatch)
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	if err := c.fill(ctx, e, s); err != nil {
		return err
	}
	zones, err := s.loadZones(ctx, "past", 1, 0)
	if err != nil {
		return err
	}
	record := func(i, round int) map[string]any {
		return recordBody(zones[0].id, s.view, fmt.Sprint("host", i), address(round*c.records+i))
	}
	locations, filled, err := s.load(ctx, c.records, func(i int) operation {
		return operation{http.MethodPost, "/dns/records", record(i, 0)}
	})
	if err != nil {
		return err
	}
	last := filled
	for round := range c.changes {
		e.Progress("past: round %d of %d", round+1, c.changes)
		_, last, err = s.load(ctx, c.records, func(i int) operation {
			return operation{http.MethodPut, locations[i], record(i, round+1)}
		})
		if err != nil {
			return err
		}
	}
	if err := s.settled(ctx, last); err != nil {
		return err
	}
	if err := c.read(e, s, zones[0].id, filled, last); err != nil {
		return err
	}
	return c.look(e, s, zones[0].id, last)
}

// look compares the zone with itself, and reads what happened to it.
func (c *pastCase) look(e *Env, s *session, zone, last int64) error {
	from := last - int64(min(c.changes, 10)*c.records)
	lists := fmt.Sprintf("/dns/records?zone_id=%d&pageSize=1000&as_of=", zone)
	for _, compared := range []struct {
		what, path string
		baseline   []string
		has        string
	}{
		{"diff", fmt.Sprintf("/v1/zones/%d/diff?from=%d&to=%d", zone, from, last), []string{fmt.Sprint(lists, from), fmt.Sprint(lists, last)}, `"before"`},
		{"history", fmt.Sprintf("/v1/zones/%d/history?limit=100", zone), []string{fmt.Sprintf("/v1/events?resource=zone:%d&limit=100", zone)}, `"after"`},
	} {
		own, base := new(Latencies), new(Latencies)
		for range max(c.pages/40, 1) {
			if err := readTimed(s, base, "", compared.baseline...); err != nil {
				return err
			}
			if err := readTimed(s, own, compared.has, compared.path); err != nil {
				return err
			}
		}
		err := e.Print(Line{
			Params: []Field{{compared.what, c.records}, {"changes", last - from}}, Result: own.Fields(), Baseline: base.Fields(),
			Ratio: float64(own.Percentile(50)) / float64(max(base.Percentile(50), 1)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readTimed reads paths one after the other, and notes how long all of them took. Each reply has a text.
func readTimed(s *session, took *Latencies, has string, paths ...string) error {
	sent := time.Now()
	for _, path := range paths {
		reply, err := s.conn.do(request{method: http.MethodGet, token: s.token, path: path})
		if err != nil {
			return err
		}
		if !strings.Contains(string(reply.body), has) {
			return fmt.Errorf("%s: no %s in %s", path, has, firstOctets(reply.body, 300))
		}
	}
	took.Add(time.Since(sent))
	return nil
}

// read reads the pages.
func (c *pastCase) read(e *Env, s *session, zone, filled, last int64) error {
	now, then := new(Latencies), new(Latencies)
	page := func(took *Latencies, more string) error {
		path := fmt.Sprintf("/dns/records?zone_id=%d&currentPage=%d%s", zone, 1+rand.IntN(c.records/pastPage), more)
		sent := time.Now()
		reply, err := s.conn.do(request{method: http.MethodGet, token: s.token, path: path})
		if err != nil {
			return err
		}
		took.Add(time.Since(sent))
		if strings.Count(string(reply.body), `"record_type"`) != pastPage || !strings.Contains(string(reply.body), fmt.Sprintf(`"total":%d,`, c.records)) {
			return fmt.Errorf("%s: not %d records of %d: %s", path, pastPage, c.records, firstOctets(reply.body, 300))
		}
		return nil
	}
	for i := range c.pages {
		if i == c.pages/10 { // plans and caches are warm
			now, then = new(Latencies), new(Latencies)
		}
		if err := page(now, ""); err != nil {
			return err
		}
		if err := page(then, fmt.Sprint("&as_of=", filled+rand.Int64N(last-filled+1))); err != nil {
			return err
		}
	}
	return e.Print(Line{
		Params:   []Field{{"records", c.records}, {"former", c.records * c.changes}},
		Result:   then.Fields(),
		Baseline: now.Fields(),
		Ratio:    float64(then.Percentile(50)) / float64(max(now.Percentile(50), 1)),
	})
}
