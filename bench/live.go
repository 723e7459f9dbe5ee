package bench

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// Live measures the time from a request to named's answer.
func Live() Case {
	var c liveCase
	return Case{
		Name:  "live",
		Usage: "time from POST to named's answer with many zones loaded, next to a bare signed update of the same named",
		Description: `Each client repeats: POST /dns/records with a new name, and when that is answered ask named until it answers with the
record. What is timed (live) is from before the POST to that answer, and (post) the POST's reply. New zones are added
one after the other. While it runs, a watcher asks named for another record every millisecond: pause is the longest time
without an answer, machine_pause what a socket of this process's own showed in the same time.
The baseline: a signed update of one record, sent straight to the same named, and the question after it, by one client.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "zones", Usage: "zones loaded", Value: 1000, Destination: &c.zones},
			&cli.IntFlag{Name: "zone-records", Usage: "records in each of them", Value: 1, Destination: &c.records},
			&cli.StringFlag{Name: "clients", Usage: "clients at the same time, one line each", Value: "1,16", Destination: &c.clients},
			&cli.IntFlag{Name: "changes", Usage: "records added in each line", Value: 1000, Destination: &c.changes},
			&cli.IntFlag{Name: "new-zones", Usage: "zones added while all are loaded", Value: 200, Destination: &c.fresh},
			&cli.IntFlag{Name: "big-zone", Usage: "records in one big zone that is then changed; 0 for none", Value: 0, Destination: &c.big},
		},
		Tiny: []string{"--zones", "4", "--clients", "1,2", "--changes", "4", "--new-zones", "2", "--big-zone", "20"},
		Run:  c.run,
	}
}

type liveCase struct {
	clients                             string
	zones, records, changes, fresh, big int
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
	var counts []int
	for _, text := range strings.Split(c.clients, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("--clients: %q is no number of clients", text)
		}
		counts = append(counts, n)
	}
	if c.zones < 1 || c.records < 1 {
		return fmt.Errorf("--zones and --zone-records must be at least 1")
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	r := &liveRun{liveCase: c, session: s, env: e}
	if err := r.loadAll(ctx); err != nil {
		return err
	}
	if r.watcher, err = watch(s.dns, "host0."+r.targets[0].name+"."); err != nil {
		return err
	}
	defer r.watcher.stop()
	if err := r.bare(ctx); err != nil {
		return err
	}
	for _, n := range counts {
		if err := r.line(ctx, "record", n, func(i int) target { return r.targets[i%len(r.targets)] }); err != nil {
			return err
		}
	}
	if err := r.newZones(ctx); err != nil {
		return err
	}
	if c.big > 0 {
		if err := r.bigZone(ctx); err != nil {
			return err
		}
	}
	return r.memoryLine("all")
}

// loadAll loads the zones and prints what that took.
func (r *liveRun) loadAll(ctx context.Context) (err error) {
	r.env.Progress("live: loading %d zones", r.zones)
	began := time.Now()
	if r.targets, err = r.loadZones(ctx, "zone", r.zones, r.records); err != nil {
		return err
	}
	took := time.Since(began)
	return r.env.Print(Line{
		Params: []Field{{"load", fmt.Sprintf("%d zones of %d records", r.zones, r.records)}},
		Result: []Field{{"load_s", took.Seconds()}, {"zones_per_s", PerSecond(r.zones, took)}},
	})
}

// bare measures the baseline on a zone of its own, which goes afterwards.
func (r *liveRun) bare(ctx context.Context) error {
	zones, err := r.loadZones(ctx, "bare", 1, 0)
	if err != nil {
		return err
	}
	d, err := openDirect(ctx, r.plane, r.viewID, zones[0].name)
	if err != nil {
		return err
	}
	defer d.close()
	asker, err := dialResolver(r.dns)
	if err != nil {
		return err
	}
	defer asker.close()
	if r.base, err = directLatency(ctx, d, asker, r.changes); err != nil {
		return err
	}
	return r.remove(fmt.Sprintf("/dns/zones/%d", zones[0].id))
}

func (r *liveRun) remove(path string) error {
	reply, err := r.conn.do(request{method: http.MethodDelete, path: path, token: r.token})
	if err == nil && reply.status != http.StatusOK {
		err = fmt.Errorf("DELETE %s: status %d: %s", path, reply.status, firstOctets(reply.body, 300))
	}
	return err
}

// line measures changes of records.
func (r *liveRun) line(ctx context.Context, what string, clients int, zone func(i int) target) error {
	r.env.Progress("live: %s, %d clients", what, clients)
	label := strings.ReplaceAll(what, " ", "-") + strconv.Itoa(clients) + "-"
	r.watcher.lap()
	times, err := liveLatency(ctx, r.session, clients, r.changes, label, zone)
	if err != nil {
		return err
	}
	return r.print(what, clients, &times.live, &times.posts)
}

func (r *liveRun) newZones(ctx context.Context) error {
	r.env.Progress("live: %d new zones", r.fresh)
	r.watcher.lap()
	times, err := newZoneLatency(ctx, r.session, r.fresh)
	if err != nil {
		return err
	}
	return r.print("new zone", 1, &times.live, &times.posts)
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
	return r.line(ctx, fmt.Sprintf("record in zone of %d", r.big), 1, func(int) target { return zones[0] })
}

func (r *liveRun) print(what string, clients int, live, posts *Latencies) error {
	seen := r.watcher.lap()
	return r.env.Print(Line{
		Params: []Field{{"change", what}, {"clients", clients}, {"zones", r.zones}},
		Result: append(live.Fields(), Field{"post_p50_ms", Milliseconds(posts.Percentile(50))},
			Field{"pause_ms", Milliseconds(seen.longest)}, Field{"machine_pause_ms", Milliseconds(seen.machine)}),
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
