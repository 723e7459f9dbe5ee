package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/urfave/cli/v3"
)

// Live measures the time from a request to named's answer.
func Live() Case {
	var c liveCase
	return Case{
		Name:  "live",
		Usage: "time from POST to named's answer with many zones loaded, next to a bare signed update of the same named",
		Description: `All zones are created through /v1/batch before there is a name server, which then joins: ready is from its start until it
serves, live until it serves a record that was created then, proved until all is proved to be served. With --while-serving
they are created while it serves.
Each client repeats: POST /dns/records with a new name, and when that is answered ask named until it answers with the
record. What is timed (live) is from before the POST to that answer, and (post) the POST's reply. New zones are added
one after the other, and then both together: every eighth change is a new zone. Meanwhile a watcher asks named for another
record every millisecond: pause is the longest time without an answer, machine_pause what a socket of this process's own
showed in the same time, disk_pause the longest sync of a small file beside named's.
The baseline: a signed update of one record, sent straight to the same named, and the question after it, by one client; and
where it is installed PowerDNS with few zones in the same PostgreSQL: from before a PATCH of an RRset to its answer.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "zones", Usage: "zones loaded", Value: 1000, Destination: &c.zones},
			&cli.IntFlag{Name: "zone-records", Usage: "records in each of them", Value: 1, Destination: &c.records},
			&cli.StringFlag{Name: "clients", Usage: "clients at the same time, one line each", Value: "1,16", Destination: &c.clients},
			&cli.IntFlag{Name: "changes", Usage: "records added in each line", Value: 1000, Destination: &c.changes},
			&cli.IntFlag{Name: "new-zones", Usage: "zones added while all are loaded", Value: 200, Destination: &c.fresh},
			&cli.BoolFlag{Name: "while-serving", Usage: "create the zones while the name server serves, not before it joins", Destination: &c.whileServing},
			&cli.BoolFlag{Name: "restart", Usage: "restart everything when the zones are loaded, and say what that takes", Destination: &c.restart},
			&cli.IntFlag{Name: "big-zone", Usage: "records in one big zone that is then changed; 0 for none", Value: 0, Destination: &c.big},
		},
		Tiny: []string{"--zones", "4", "--clients", "1,2", "--changes", "4", "--new-zones", "2", "--big-zone", "20"},
		Run:  c.run,
	}
}

type liveCase struct {
	clients                             string
	zones, records, changes, fresh, big int
	whileServing, restart               bool
}

// liveRun is one run of the case.
type liveRun struct {
	*liveCase
	*session
	env     *Env
	targets []target
	watcher *watcher
	// base is what bare updates took.
	base *Latencies
}

func (c *liveCase) run(ctx context.Context, e *Env) error {
	counts, err := numbers("--clients", c.clients)
	if err != nil {
		return err
	}
	if c.zones < 1 || c.records < 1 {
		return fmt.Errorf("--zones and --zone-records must be at least 1")
	}
	r := &liveRun{liveCase: c, env: e}
	if err := r.serve(ctx); err != nil {
		return err
	}
	if r.watcher, err = watch(r.dns, "host0."+r.targets[0].name+".", r.dir); err != nil {
		return err
	}
	defer r.watcher.stop()
	if err := r.bare(ctx); err != nil {
		return err
	}
	if err := powerDNSLines(ctx, e, r.plane, counts, c.changes); err != nil {
		return err
	}
	if err := r.lines(ctx, counts); err != nil {
		return err
	}
	if c.big > 0 {
		if err := r.bigZone(ctx); err != nil {
			return err
		}
	}
	return r.memoryLine("all")
}

// bare measures the baseline.
func (r *liveRun) bare(ctx context.Context) (err error) {
	r.base, err = r.bareUpdates(ctx, r.changes)
	return err
}

// bareUpdates measures signed updates of named, on a zone of their own, which goes afterwards.
func (s *session) bareUpdates(ctx context.Context, n int) (*Latencies, error) {
	zones, err := s.loadZones(ctx, "bare", 1, 0)
	if err != nil {
		return nil, err
	}
	d, err := openDirect(ctx, s.plane, s.viewID, zones[0].name)
	if err != nil {
		return nil, err
	}
	defer d.close()
	asker, err := dialResolver(s.dns)
	if err != nil {
		return nil, err
	}
	defer asker.close()
	took, err := directLatency(ctx, d, asker, n)
	if err != nil {
		return nil, err
	}
	return took, s.remove(fmt.Sprintf("/dns/zones/%d", zones[0].id))
}

func (s *session) remove(path string) error {
	reply, err := s.conn.do(request{method: http.MethodDelete, path: path, token: s.token})
	if err == nil && reply.status != http.StatusOK {
		err = fmt.Errorf("DELETE %s: status %d: %s", path, reply.status, firstOctets(reply.body, 300))
	}
	return err
}

// lines measures changes of records, then of zones, then both at the same time.
func (r *liveRun) lines(ctx context.Context, counts []int) error {
	any := func(i int) target { return r.targets[i%len(r.targets)] }
	for _, n := range counts {
		if err := r.line(ctx, "record", n, r.changes, r.newRecord(fmt.Sprintf("record%d-", n), any)); err != nil {
			return err
		}
	}
	if err := r.line(ctx, "new zone", 1, r.fresh, r.newZone("fresh")); err != nil {
		return err
	}
	both := mixed(r.newRecord("both", any), r.newZone("both"))
	return r.line(ctx, "both", slices.Max(counts), r.changes, both)
}

// line measures so many changes.
func (r *liveRun) line(ctx context.Context, what string, clients, n int, do change) error {
	r.env.Progress("live: %s, %d clients", what, clients)
	r.watcher.lap()
	times, err := liveLatency(ctx, r.session, clients, n, do)
	if err != nil {
		return err
	}
	return r.print(what, clients, &times.live, &times.posts)
}

// bigZone fills one zone, and changes it as the small ones.
func (r *liveRun) bigZone(ctx context.Context) error {
	r.env.Progress("live: filling a zone with %d records", r.big)
	if err := r.memoryLine("zones"); err != nil {
		return err
	}
	zones, err := r.loadZones(ctx, "big", 1, r.big)
	if err != nil {
		return err
	}
	inBig := r.newRecord("big", func(int) target { return zones[0] })
	return r.line(ctx, fmt.Sprintf("record in zone of %d", r.big), 1, r.changes, inBig)
}

func (r *liveRun) print(what string, clients int, live, posts *Latencies) error {
	seen := r.watcher.lap()
	return r.env.Print(Line{
		Params: []Field{{"change", what}, {"clients", clients}, {"zones", r.zones}},
		Result: append(live.Fields(), Field{"post_p50_ms", Milliseconds(posts.Percentile(50))},
			Field{"pause_ms", Milliseconds(seen.longest)}, Field{"machine_pause_ms", Milliseconds(seen.machine)}, Field{"disk_pause_ms", Milliseconds(seen.disk)}),
		Baseline: []Field{{"p50_ms", Milliseconds(r.base.Percentile(50))}, {"p99_ms", Milliseconds(r.base.Percentile(99))}},
		Ratio:    float64(live.Percentile(50)) / float64(max(r.base.Percentile(50), 1)),
	})
}

func (r *liveRun) memoryLine(what string) error {
	serve, named, err := r.memory()
	if err != nil {
		return err
	}
	return r.env.Print(Line{
		Params: []Field{{"memory_with", what}},
		Result: []Field{{"serve_and_agent_mib", serve}, {"named_mib", named}},
	})
}
