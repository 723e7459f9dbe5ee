package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/urfave/cli/v3"
)

// Events measures how soon events are with those who follow them.
func Events() Case {
	var c eventsCase
	return Case{
		Name:  "events",
		Usage: "time from an event to all of many readers of /v1/events, and events per second of one that catches up",
		Description: `Readers follow /v1/events as streams, each on a connection of its own, eight of each service user. Records are added at
a rate. What is timed (all) is for each event from its time in the log to its arrival at the last reader, and (each) to
its arrival at each. Then more records are added in batches, and one more reader reads the log from its beginning:
caught_up is how many events it gets a second. The readers run in this process, on the same machine.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "readers", Usage: "streams", Value: 1000, Destination: &c.readers},
			&cli.IntFlag{Name: "rate", Usage: "events a second", Value: 20, Destination: &c.rate},
			&cli.IntFlag{Name: "events", Usage: "events that are timed", Value: 400, Destination: &c.events},
			&cli.IntFlag{Name: "log", Usage: "events that one reader catches up with", Value: 200_000, Destination: &c.log},
		},
		Tiny: []string{"--readers", "3", "--rate", "200", "--events", "5", "--log", "20"},
		Run:  c.run,
	}
}

type eventsCase struct{ readers, rate, events, log int }

// streamsOfUser is how many streams one user may have.
const streamsOfUser = 8

func (c *eventsCase) run(ctx context.Context, e *Env) error {
	if c.readers < 1 || c.rate < 1 || c.events < 1 || c.log < 1 {
		return errors.New("--readers, --rate, --events and --log must be at least 1")
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	reply, err := s.post("/dns/zones", zoneBody("events.example", s.viewID))
	if err != nil {
		return err
	}
	zone, err := idOf(reply.location)
	if err != nil {
		return err
	}
	if err := c.follow(ctx, e, s, zone); err != nil {
		return err
	}
	return c.catchUp(ctx, e, s, zone)
}

// tokens makes service users who see all zones, and a credential for each.
func (c *eventsCase) tokens(s *session) (tokens []string, err error) {
	for i := range (c.readers + streamsOfUser - 1) / streamsOfUser {
		reply, err := s.post("/v1/users", map[string]any{"username": fmt.Sprint("reader", i), "kind": "service", "role_ids": []int{7}})
		if err != nil {
			return nil, err
		}
		var user struct{ ID int64 }
		if err := json.Unmarshal(reply.body, &user); err != nil {
			return nil, err
		}
		if reply, err = s.post("/v1/credentials", map[string]any{"name": "reader", "kind": "token", "user_id": user.ID}); err != nil {
			return nil, err
		}
		var made struct{ Secret string }
		if err := json.Unmarshal(reply.body, &made); err != nil {
			return nil, err
		}
		tokens = append(tokens, made.Secret)
	}
	return tokens, nil
}

// arrivals are those of the events that are timed.
type arrivals struct {
	mu    sync.Mutex
	each  *Latencies
	first int64
	// count and last are by event.
	count []int
	last  []time.Duration
}

func (a *arrivals) note(position int64, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := position - a.first
	if i < 0 || i >= int64(len(a.count)) {
		return
	}
	a.each.Add(took)
	a.count[i]++
	a.last[i] = max(a.last[i], took)
}

func (c *eventsCase) follow(ctx context.Context, e *Env, s *session, zone int64) error {
	tokens, err := c.tokens(s)
	if err != nil {
		return err
	}
	began, err := s.post("/dns/records", recordBody(zone, s.view, "first", "192.0.2.1"))
	if err != nil {
		return err
	}
	a := &arrivals{each: &Latencies{}, first: began.position + 1, count: make([]int, c.events), last: make([]time.Duration, c.events)}
	until := began.position + int64(c.events)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var reading sync.WaitGroup
	failed := make(chan error, c.readers)
	e.Progress("opening %d streams", c.readers)
	for i := range c.readers {
		stream, err := openEvents(ctx, s.api, tokens[i/streamsOfUser], began.position)
		if err != nil {
			return err
		}
		reading.Go(func() {
			defer stream.close()
			failed <- stream.read(until, func(position int64, at time.Time) { a.note(position, time.Since(at)) })
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(c.rate))
	defer tick.Stop()
	for i := range c.events {
		<-tick.C
		if _, err := s.post("/dns/records", recordBody(zone, s.view, fmt.Sprint("timed", i), "192.0.2.1")); err != nil {
			return err
		}
	}
	for range c.readers {
		if err := <-failed; err != nil {
			return err
		}
	}
	reading.Wait()
	all := &Latencies{}
	for i, n := range a.count {
		if n != c.readers {
			return fmt.Errorf("event %d came to %d of %d readers", a.first+int64(i), n, c.readers)
		}
		all.Add(a.last[i])
	}
	return e.Print(Line{
		Params: []Field{{"readers", c.readers}, {"rate", c.rate}, {"events", c.events}},
		Result: []Field{
			{"all_p50_ms", Milliseconds(all.Percentile(50))}, {"all_p99_ms", Milliseconds(all.Percentile(99))},
			{"all_max_ms", Milliseconds(all.Percentile(100))},
			{"each_p50_ms", Milliseconds(a.each.Percentile(50))}, {"each_p99_ms", Milliseconds(a.each.Percentile(99))},
		},
	})
}

func (c *eventsCase) catchUp(ctx context.Context, e *Env, s *session, zone int64) error {
	const most = 10_000
	var last int64
	for n := 0; n < c.log; {
		var operations []map[string]any
		for range min(most, c.log-n) {
			record := recordBody(zone, s.view, fmt.Sprint("log", n), "192.0.2.1")
			operations = append(operations, map[string]any{"method": http.MethodPost, "path": "/dns/records", "body": record})
			n++
		}
		reply, err := s.post("/v1/batch", map[string]any{"operations": operations})
		if err != nil {
			return err
		}
		last = reply.position
		e.Progress("%d events", n)
	}
	began := time.Now()
	stream, err := openEvents(ctx, s.api, s.token, 0)
	if err != nil {
		return err
	}
	defer stream.close()
	if err := stream.read(last, func(int64, time.Time) {}); err != nil {
		return err
	}
	took := time.Since(began)
	return e.Print(Line{
		Params: []Field{{"log", last}},
		Result: []Field{{"caught_up_per_s", int64(float64(last) / took.Seconds())}, {"took_ms", Milliseconds(took)}},
	})
}

// eventStream is one reader of /v1/events.
type eventStream struct {
	reply *http.Response
	lines *bufio.Reader
	after int64
}

func openEvents(ctx context.Context, api, token string, after int64) (*eventStream, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/v1/events?after=%d", api, after), http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", token)
	r.Header.Set("Accept", "text/event-stream")
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		_ = reply.Body.Close()
		return nil, fmt.Errorf("GET /v1/events: status %d", reply.StatusCode)
	}
	return &eventStream{reply: reply, lines: bufio.NewReaderSize(reply.Body, 8<<10), after: after}, nil
}

func (s *eventStream) close() { _ = s.reply.Body.Close() }

// read calls f with the events up to a position, each as it comes, with its time in the log.
func (s *eventStream) read(until int64, f func(position int64, at time.Time)) error {
	for {
		line, err := s.lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return errors.New("an event is too long for the case")
		}
		if err != nil {
			return err
		}
		data, found := bytes.CutPrefix(line, []byte("data: "))
		if !found {
			continue
		}
		var position int64
		if _, err := fmt.Sscanf(string(data[:min(len(data), 40)]), `{"position":%d,`, &position); err != nil {
			return fmt.Errorf("%s: %w", data, err)
		}
		if position <= s.after {
			return fmt.Errorf("event %d came behind %d", position, s.after)
		}
		s.after = position
		_, rest, _ := bytes.Cut(data, []byte(`"time":"`))
		text, _, _ := bytes.Cut(rest, []byte(`"`))
		at, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil {
			return err
		}
		f(position, at)
		if position >= until {
			return nil
		}
	}
}
