package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/urfave/cli/v3"
)

// Fleet measures name servers of a size that operators have.
func Fleet() Case {
	var c fleetCase
	return Case{
		Name:  "fleet",
		Usage: "changes that are live on all of several name servers with many zones in two views, next to a bare signed update",
		Description: `All zones, each in two views, and their records are created before there is a name server. Then one joins: insync is
from its agent's start until everything is proved to be served, in_all_ns_sets until it is in the NS set of each zone as
well. Clients add records, and then records and every eighth time a zone, each waiting until named answers with it. Then the other name servers join together, and the clients wait for the answers of all.
live is from before the POST to the last answer, pause the longest time that any named answered nothing, machine_pause what a
socket of this process's own showed meanwhile, cpu_ms what an agent and its named computed for each change. Last one agent, with
what it has on its disk, is started again: insync is from its start until a change made then is proved on all.
The baseline: a signed update of one record, sent straight to the first named, and the question after it, by one client.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "servers", Usage: "name servers", Value: 3, Destination: &c.servers},
			&cli.IntFlag{Name: "zones", Usage: "zones, each in two views", Value: 10_000, Destination: &c.zones},
			&cli.IntFlag{Name: "records", Usage: "records in all zones and views together", Value: 500_000, Destination: &c.records},
			&cli.IntFlag{Name: "clients", Usage: "clients at the same time", Value: 16, Destination: &c.clients},
			&cli.IntFlag{Name: "changes", Usage: "changes in each line", Value: 2000, Destination: &c.changes},
		},
		Tiny: []string{"--servers", "2", "--zones", "4", "--records", "16", "--clients", "2", "--changes", "8"},
		Run:  c.run,
	}
}

type fleetCase struct{ servers, zones, records, clients, changes int }

// fleetRun is one run of the case.
type fleetRun struct {
	*fleetCase
	*session
	env     *Env
	second  string // the other view's name
	targets []target
	joined  []*nameServer
	watches []*watcher
	// base is what bare updates took.
	base *Latencies
}

func (c *fleetCase) run(ctx context.Context, e *Env) error {
	if c.servers < 1 || c.zones < 1 || c.records < 2*c.zones {
		return fmt.Errorf("--servers and --zones must be at least 1, and --records at least two for each zone")
	}
	r := &fleetRun{fleetCase: c, env: e}
	defer func() {
		for _, w := range r.watches {
			w.stop()
		}
	}()
	for _, part := range []func(context.Context) error{r.create, r.joinFirst, r.bare, r.alone, r.joinOthers, r.together, r.restart} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return r.holdings()
}

// create creates everything in a plane without name servers.
func (r *fleetRun) create(ctx context.Context) error {
	dir, err := planeFolder(r.env)
	if err != nil {
		return err
	}
	p, err := launch(ctx, r.env, dir, "serve")
	if err != nil {
		return err
	}
	if r.session, err = p.openSession(ctx, r.env); err != nil {
		return err
	}
	r.second = "other"
	reply, err := r.post("/dns/views", map[string]any{"name": r.second, "acl": "127.0.0.2"})
	if err != nil {
		return err
	}
	second, err := idOf(reply.location)
	if err != nil {
		return err
	}
	r.env.Progress("fleet: creating %d zones with %d records", r.zones, r.records)
	began := time.Now()
	locations, _, err := r.load(ctx, r.zones, func(i int) operation {
		body := zoneBody(fleetZone(i), r.viewID)
		body["view_ids"] = []int64{r.viewID, second}
		return operation{http.MethodPost, "/dns/zones", body}
	})
	if err != nil {
		return err
	}
	for i, location := range locations {
		id, err := idOf(location)
		if err != nil {
			return err
		}
		r.targets = append(r.targets, target{id: id, name: fleetZone(i)})
	}
	views := []string{r.view, r.second}
	_, _, err = r.load(ctx, r.records, func(i int) operation {
		zone, n := r.targets[i%r.zones], i/r.zones
		return operation{http.MethodPost, "/dns/records", recordBody(zone.id, views[n%2], fmt.Sprintf("host%d", n/2), address(i))}
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	return r.env.Print(Line{
		Params: []Field{{"zones", r.zones}, {"views", 2}, {"records", r.records}, {"event", "created"}},
		Result: []Field{{"took_s", took.Seconds()}, {"records_per_s", PerSecond(r.records, took)}},
	})
}

func fleetZone(i int) string { return fmt.Sprintf("zone%d.bench.example", i) }

func (r *fleetRun) joinFirst(ctx context.Context) error { return r.join(ctx, 1) }

func (r *fleetRun) joinOthers(ctx context.Context) error { return r.join(ctx, r.servers-1) }

// join adds so many name servers and waits until all of them have everything.
func (r *fleetRun) join(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	r.env.Progress("fleet: %d name servers join", n)
	fresh := make([]*nameServer, n)
	for i := range fresh {
		var err error
		if fresh[i], err = r.enrollNameServer(ctx, r.env, len(r.joined)+i+1); err != nil {
			return err
		}
	}
	// Only a change made after they were enrolled is one that they have to prove.
	reply, err := r.post("/dns/records", recordBody(r.targets[0].id, r.view, fmt.Sprintf("join%d", len(r.joined)), address(1)))
	if err != nil {
		return err
	}
	began := time.Now()
	for _, s := range fresh {
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	if err := r.settled(ctx, reply.position); err != nil {
		return err
	}
	took := time.Since(began)
	for _, s := range fresh {
		w, err := watch(s.dns, "host0."+r.targets[0].name+".", s.dir)
		if err != nil {
			return err
		}
		r.joined, r.watches = append(r.joined, s), append(r.watches, w)
	}
	r.plane.dns, r.plane.agentDir = r.joined[0].dns, r.joined[0].dir
	if err := r.listed(ctx); err != nil {
		return err
	}
	return r.env.Print(Line{
		Params: []Field{{"servers", len(r.joined)}, {"event", "joined"}, {"at_once", n}},
		Result: []Field{{"insync_s", took.Seconds()}, {"in_all_ns_sets_s", time.Since(began).Seconds()}},
	})
}

// listed waits until all name servers are in the NS set of each zone on all of them: each one that has served
// everything for the first time changes all zones.
func (r *fleetRun) listed(ctx context.Context) error {
	for ctx.Err() == nil {
		reply, err := r.conn.do(request{method: http.MethodGet, path: "/v1/events?type=ServerProved&order=desc&limit=100", token: r.token})
		if err != nil {
			return err
		}
		var page struct {
			Events []struct {
				Position int64 `json:"position"`
			} `json:"events"`
		}
		if err := json.Unmarshal(reply.body, &page); err != nil || reply.status != http.StatusOK {
			return fmt.Errorf("events: status %d: %s", reply.status, firstOctets(reply.body, 300))
		}
		if len(page.Events) >= len(r.joined) {
			return r.settled(ctx, page.Events[0].Position)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return ctx.Err()
}

// bare measures the baseline on a zone of its own, which goes afterwards.
func (r *fleetRun) bare(ctx context.Context) (err error) {
	r.base, err = r.bareUpdates(ctx, min(r.changes, 500))
	return err
}

func (r *fleetRun) alone(ctx context.Context) error {
	if err := r.line(ctx, "record", r.newRecord("one", r.anyZone)); err != nil {
		return err
	}
	return r.line(ctx, "both", mixed(r.newRecord("mixed", r.anyZone), r.newZone("mixed")))
}

func (r *fleetRun) together(ctx context.Context) error {
	if len(r.joined) == 1 {
		return nil
	}
	return r.line(ctx, "record", r.newRecord("all", r.anyZone))
}

func (r *fleetRun) anyZone(i int) target { return r.targets[i%len(r.targets)] }

// line has the clients make changes that are live on all name servers.
func (r *fleetRun) line(ctx context.Context, what string, do change) error {
	r.env.Progress("fleet: %s, %d clients, %d name servers", what, r.clients, len(r.joined))
	before, err := r.used()
	if err != nil {
		return err
	}
	r.lap()
	var addresses []string
	for _, s := range r.joined {
		addresses = append(addresses, s.dns)
	}
	times, err := liveLatencyOn(ctx, r.session, addresses, r.clients, r.changes, do)
	if err != nil {
		return err
	}
	seen := r.lap()
	after, err := r.used()
	if err != nil {
		return err
	}
	return r.env.Print(Line{
		Params: []Field{{"servers", len(r.joined)}, {"change", what}, {"clients", r.clients}},
		Result: append(times.live.Fields(), Field{"post_p50_ms", Milliseconds(times.posts.Percentile(50))},
			Field{"post_p99_ms", Milliseconds(times.posts.Percentile(99))}, Field{"pause_ms", Milliseconds(seen.longest)},
			Field{"machine_pause_ms", Milliseconds(seen.machine)},
			Field{"cpu_ms", Milliseconds(after-before) / float64(r.changes*len(r.joined))}),
		Baseline: []Field{{"p50_ms", Milliseconds(r.base.Percentile(50))}, {"p99_ms", Milliseconds(r.base.Percentile(99))}},
		Ratio:    float64(times.live.Percentile(50)) / float64(max(r.base.Percentile(50), 1)),
	})
}

// lap is the longest that any name server was seen to pause since the last one.
func (r *fleetRun) lap() (seen pause) {
	for _, w := range r.watches {
		p := w.lap()
		seen.longest, seen.machine = max(seen.longest, p.longest), max(seen.machine, p.machine)
	}
	return seen
}

// used is what all agents and nameds have computed.
func (r *fleetRun) used() (sum time.Duration, err error) {
	for _, s := range r.joined {
		u, err := s.use()
		if err != nil {
			return 0, err
		}
		sum += u.cpu
	}
	return sum, nil
}

// restart stops the last agent, and takes the time from its start until all is proved again.
func (r *fleetRun) restart(ctx context.Context) error {
	r.env.Progress("fleet: an agent is started again")
	last := r.joined[len(r.joined)-1]
	if err := last.stop(); err != nil {
		return err
	}
	began := time.Now()
	if err := last.start(ctx); err != nil {
		return err
	}
	reply, err := r.post("/dns/records", recordBody(r.targets[0].id, r.view, "restarted", address(1)))
	if err != nil {
		return err
	}
	if err := r.settled(ctx, reply.position); err != nil {
		return err
	}
	return r.env.Print(Line{
		Params: []Field{{"servers", len(r.joined)}, {"event", "agent started again"}},
		Result: []Field{{"insync_s", time.Since(began).Seconds()}},
	})
}

// holdings says what memory the first name server takes.
func (r *fleetRun) holdings() error {
	u, err := r.joined[0].use()
	if err != nil {
		return err
	}
	serve, err := residentMiB(r.process.Pid())
	if err != nil {
		return err
	}
	return r.env.Print(Line{
		Params: []Field{{"memory_with_records", r.records}},
		Result: []Field{{"serve_mib", serve}, {"agent_mib", u.agentMiB}, {"agent_kib_per_record", u.agentMiB * 1024 / float64(r.records)}, {"named_mib", u.namedMiB}},
	})
}
