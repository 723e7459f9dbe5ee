package bench

import (
	"context"
	"fmt"
	"time"

	mdns "github.com/miekg/dns"
)

// liveTimes are what the changes of one run took.
type liveTimes struct {
	// live is the time from before the request is sent until named answers with
	// the record, posts that until the request is answered.
	live, posts Latencies
}

// liveLatency has clients add n records, each waiting for its own to be live
// before the next. named is asked from the moment that the request is answered.
func liveLatency(ctx context.Context, s *session, clients, n int, label string, zone func(i int) target) (*liveTimes, error) {
	resolvers := make(chan *resolver, clients)
	for range clients {
		r, err := dialResolver(s.dns)
		if err != nil {
			return nil, err
		}
		defer r.close()
		resolvers <- r
	}
	var times liveTimes
	err := s.crew(ctx, clients, n, func(ctx context.Context, w *client, i int) error {
		r := <-resolvers
		defer func() { resolvers <- r }()
		at, host := zone(i), fmt.Sprintf("%s%d", label, i)
		began := time.Now()
		if _, err := w.post("/dns/records", recordBody(at.id, s.view, host, address(i))); err != nil {
			return err
		}
		posted := time.Since(began)
		if err := r.until(ctx, host+"."+at.name+".", address(i)); err != nil {
			return err
		}
		times.live.Add(time.Since(began))
		times.posts.Add(posted)
		return nil
	})
	return &times, err
}

// newZoneLatency adds zones one after the other and takes the time until named
// answers for its SOA.
func newZoneLatency(ctx context.Context, s *session, n int) (*liveTimes, error) {
	r, err := dialResolver(s.dns)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var times liveTimes
	for i := range n {
		name := fmt.Sprintf("fresh%d.bench.example", i)
		began := time.Now()
		if _, err := s.post("/dns/zones", zoneBody(name, s.viewID)); err != nil {
			return nil, err
		}
		times.posts.Add(time.Since(began))
		if err := r.untilZone(ctx, name+"."); err != nil {
			return nil, err
		}
		times.live.Add(time.Since(began))
	}
	return &times, nil
}

// untilZone asks until named answers for the zone.
func (r *resolver) untilZone(ctx context.Context, zone string) error {
	return r.poll(ctx, zone, mdns.TypeSOA, func(m *mdns.Msg) bool {
		return m.Authoritative && m.Rcode == mdns.RcodeSuccess && len(m.Answer) == 1
	})
}
