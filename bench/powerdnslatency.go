package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// powerDNSZones is how many zones PowerDNS gets, one HTTP request each.
	powerDNSZones = 20
	// powerDNSChanges is the most that is changed in one line.
	powerDNSChanges = 300
)

// powerDNSTimes are what changes of PowerDNS took: live until it answers with the
// record, posts until the request is answered.
type powerDNSTimes struct {
	live, posts Latencies
	took        time.Duration
}

// latency has clients add n records, each waiting for its own to be answered by
// DNS before the next.
func (p *powerDNS) latency(ctx context.Context, clients, n int) (*powerDNSTimes, error) {
	var times powerDNSTimes
	var next atomic.Int64
	label := fmt.Sprintf("with%d-", clients)
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range min(clients, n) {
		g.Go(func() error {
			asker, err := dialResolver(p.dns)
			if err != nil {
				return err
			}
			defer asker.close()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				sent := time.Now()
				name, err := p.add(ctx, label, i)
				if err != nil {
					return err
				}
				times.posts.Add(time.Since(sent))
				if err := asker.until(ctx, name, address(i)); err != nil {
					return err
				}
				times.live.Add(time.Since(sent))
			}
			return nil
		})
	}
	err := g.Wait()
	times.took = time.Since(began)
	return &times, err
}

// powerDNSLines measures PowerDNS, where it is installed, at each number of
// clients, on the plane's PostgreSQL. It has stopped when they are printed.
func powerDNSLines(ctx context.Context, e *Env, p *plane, counts []int, changes int) error {
	return e.Within(ctx, func(ctx context.Context, e *Env) error {
		other, err := startPowerDNS(ctx, e, p.databaseURL, powerDNSZones)
		if err != nil || other == nil {
			return err
		}
		for _, clients := range counts {
			e.Progress("PowerDNS: %d clients", clients)
			n := min(changes, powerDNSChanges)
			times, err := other.latency(ctx, clients, n)
			if err != nil {
				return err
			}
			posts := []Field{{"post_p50_ms", Milliseconds(times.posts.Percentile(50))}, {"post_p99_ms", Milliseconds(times.posts.Percentile(99))}}
			err = e.Print(Line{
				Params: []Field{{"server", "PowerDNS"}, {"clients", clients}, {"zones", powerDNSZones}},
				Result: append(append(times.live.Fields(), posts...), Field{"records_per_s", PerSecond(n, times.took)}),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
