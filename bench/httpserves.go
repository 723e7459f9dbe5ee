package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/internal/embeddednats"
)

// severalServes are `serve` processes that have one PostgreSQL and one NATS in common. The
// first one runs all the time, the others for a turn.
type severalServes struct {
	*httpCase
	*session
	flags []string
	zones []target
}

// servesTurns is what the turns with so many processes came to.
type servesTurns struct {
	n     int
	work  Work
	cpu   time.Duration
	times createTimes
}

// runServes measures the same clients with each number of processes in turn.
func (c *httpCase) runServes(ctx context.Context, e *Env) error {
	counts, err := numbers("--serves", c.serves)
	if err != nil {
		return err
	}
	s, err := c.openServes(ctx, e)
	if err != nil {
		return err
	}
	turns := make([]servesTurns, len(counts))
	for round := range c.rounds {
		for i, n := range counts {
			e.Progress("round %d: %d serve", round+1, n)
			turns[i].n = n
			if err := e.Within(ctx, func(ctx context.Context, e *Env) error { return s.turn(ctx, e, &turns[i]) }); err != nil {
				return err
			}
		}
	}
	for i := range turns {
		if err := e.Print(c.servesLine(&turns[i], &turns[0])); err != nil {
			return err
		}
	}
	return nil
}

func (c *httpCase) servesLine(t, base *servesTurns) Line {
	l := Line{
		Params: []Field{{"serves", t.n}, {"clients", c.clients}, {"zones", c.zones}},
		Result: append([]Field{{"records_per_s", t.work.Rate()}, {"late_replies", t.times.late.Load()},
			{"serve_cpu_ms_per_record", Milliseconds(t.cpu) / float64(max(t.work.N, 1))}}, t.times.took.Fields()...),
	}
	if t != base {
		l.Baseline, l.Ratio = []Field{{"serves", base.n}, {"records_per_s", base.work.Rate()}}, t.work.Rate()/base.work.Rate()
	}
	return l
}

// openServes starts PostgreSQL, NATS and the first serve on empty folders.
func (c *httpCase) openServes(ctx context.Context, e *Env) (*severalServes, error) {
	url, err := e.startServer(ctx)
	if err != nil {
		return nil, err
	}
	bus, err := embeddednats.Start(embeddednats.Config{Listen: "127.0.0.1:0", Dir: e.Dir + "/nats"})
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { bus.Stop(); return nil })
	s := &severalServes{httpCase: c, flags: []string{
		"serve", "--database-url", url, "--key-file", e.Dir + "/vault.key",
		"--nats-url", strings.Replace(bus.URL(), "//", "//anybody@", 1), // the server has users of its own
	}}
	first, err := s.launch(ctx, e)
	if err != nil {
		return nil, err
	}
	if s.session, err = first.openSession(ctx, e); err != nil {
		return nil, err
	}
	s.zones, err = s.loadZones(ctx, "zone", c.zones, 1)
	return s, err
}

func (s *severalServes) launch(ctx context.Context, e *Env) (*plane, error) {
	dir, err := planeFolder(e)
	if err != nil {
		return nil, err
	}
	return launch(ctx, e, dir, s.flags...)
}

// turn has the clients create records through as many processes as the turn says.
func (s *severalServes) turn(ctx context.Context, e *Env, t *servesTurns) error {
	planes := []*plane{s.plane}
	s.apis = []string{s.api}
	for range t.n - 1 {
		p, err := s.launch(ctx, e)
		if err != nil {
			return err
		}
		planes, s.apis = append(planes, p), append(s.apis, p.api)
	}
	if err := s.rest(ctx, planes); err != nil {
		return err
	}
	// Plans, caches and files get warm.
	if _, err := s.create(ctx, s.clients, s.duration/3, s.zones, new(createTimes)); err != nil {
		return fmt.Errorf("with %d serve: %w", t.n, err)
	}
	before := cpuOf(planes)
	did, err := s.create(ctx, s.clients, s.duration, s.zones, &t.times)
	t.work, t.cpu = t.work.plus(did), t.cpu+cpuOf(planes)-before
	return err
}

// The processes count as started when they compute next to nothing, or after a while in any case.
const (
	restFor   = 300 * time.Millisecond
	restBelow = 30 * time.Millisecond
	restLimit = 10 * time.Second
)

// rest waits until what the processes do at their start is over.
func (s *severalServes) rest(ctx context.Context, planes []*plane) error {
	for began, used := time.Now(), cpuOf(planes); time.Since(began) < restLimit; {
		if !backoff.Sleep(ctx, restFor) {
			return ctx.Err()
		}
		now := cpuOf(planes)
		if now-used < restBelow {
			break
		}
		used = now
	}
	return nil
}

func cpuOf(planes []*plane) (sum time.Duration) {
	for _, p := range planes {
		sum += p.cpu()
	}
	return sum
}
