package bench

import (
	"context"
	"fmt"
	"time"

	mdns "github.com/miekg/dns"
)

// liveTimes are what the changes of one run took.
type liveTimes struct {
	// live is the time from before the request is sent until named answers as the
	// change says, posts that until the request is answered.
	live, posts Latencies
}

// change makes the i-th change over the client's connection and returns when it
// is live, which the resolvers tell, with the time at which it was answered.
type change func(ctx context.Context, w *client, r resolvers, i int) (posted time.Time, err error)

// liveLatency has clients make n changes, each waiting for its own to be live
// before the next. named is asked from the moment that the request is answered.
func liveLatency(ctx context.Context, s *session, clients, n int, do change) (*liveTimes, error) {
	return liveLatencyOn(ctx, s, []string{s.dns}, clients, n, do)
}

// liveLatencyOn is liveLatency for changes that are live when each of the nameds answers.
func liveLatencyOn(ctx context.Context, s *session, nameds []string, clients, n int, do change) (*liveTimes, error) {
	idle := make(chan resolvers, clients)
	for range clients {
		var all resolvers
		for _, named := range nameds {
			r, err := dialResolver(named)
			if err != nil {
				return nil, err
			}
			defer r.close()
			all = append(all, r)
		}
		idle <- all
	}
	var times liveTimes
	err := s.crew(ctx, clients, n, func(ctx context.Context, w *client, i int) error {
		r := <-idle
		defer func() { idle <- r }()
		began := time.Now()
		posted, err := do(ctx, w, r, i)
		if err != nil {
			return err
		}
		times.live.Add(time.Since(began))
		times.posts.Add(posted.Sub(began))
		return nil
	})
	return &times, err
}

// newRecord adds a record with a name of its own to a zone.
func (s *session) newRecord(label string, zone func(i int) target) change {
	return func(ctx context.Context, w *client, r resolvers, i int) (posted time.Time, err error) {
		at, host := zone(i), fmt.Sprintf("%s%d", label, i)
		if _, err := w.post("/dns/records", recordBody(at.id, s.view, host, address(i))); err != nil {
			return posted, err
		}
		posted = time.Now()
		return posted, r.until(ctx, host+"."+at.name+".", address(i))
	}
}

// newZone adds a zone, which is live when named answers for its SOA.
func (s *session) newZone(label string) change {
	return func(ctx context.Context, w *client, r resolvers, i int) (posted time.Time, err error) {
		name := fmt.Sprintf("%s%d.bench.example", label, i)
		if _, err := w.post("/dns/zones", zoneBody(name, s.viewID)); err != nil {
			return posted, err
		}
		posted = time.Now()
		return posted, r.poll(ctx, name+".", mdns.TypeSOA, func(m *mdns.Msg) bool {
			return m.Authoritative && m.Rcode == mdns.RcodeSuccess && len(m.Answer) == 1
		})
	}
}

// zoneEvery is how many of mixed changes are for each new zone.
const zoneEvery = 8

// mixed adds zones between records.
func mixed(records, zones change) change {
	return func(ctx context.Context, w *client, r resolvers, i int) (time.Time, error) {
		if i%zoneEvery == 0 {
			return zones(ctx, w, r, i)
		}
		return records(ctx, w, r, i)
	}
}
