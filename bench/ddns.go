package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"
)

// DDNS measures updates and transfers by DNS.
func DDNS() Case {
	var c ddnsCase
	return Case{
		Name:  "ddns",
		Usage: "signed DNS updates next to the same by REST, AXFR of a large zone and IXFR of a few changes in it",
		Description: `Clients with one kept TCP connection each repeat: a signed update that adds an A record with a new name, wait for the
answer, which comes when the record is in the log, on disk, and in the read models. In turn with it, the baseline, as many
clients create such records by POST /dns/records. Then one zone is filled and transferred whole, next to a SELECT of the same
rows from the same PostgreSQL; and again and again ten records are added, and what has changed since is transferred. named and
its agent serve all of it meanwhile, on the same machine.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "clients", Usage: "numbers of clients, one line each", Value: "1,64", Destination: &c.clients},
			&cli.IntFlag{Name: "zones", Usage: "zones that the records go to in turn", Value: 20, Destination: &c.zones},
			&cli.DurationFlag{Name: "duration", Usage: "of each turn", Value: 3 * time.Second, Destination: &c.duration},
			&cli.IntFlag{Name: "rounds", Usage: "turns", Value: 3, Destination: &c.rounds},
			&cli.IntFlag{Name: "records", Usage: "records of the large zone", Value: 100_000, Destination: &c.records},
			&cli.IntFlag{Name: "transfers", Usage: "transfers of each sort", Value: 10, Destination: &c.transfers},
		},
		Tiny: []string{"--clients", "1,2", "--zones", "2", "--duration", "100ms", "--rounds", "1", "--records", "50", "--transfers", "2"},
		Run:  c.run,
	}
}

type ddnsCase struct {
	clients                           string
	zones, rounds, records, transfers int
	duration                          time.Duration
}

func (c *ddnsCase) run(ctx context.Context, e *Env) error {
	counts, err := numbers("--clients", c.clients)
	if err != nil {
		return err
	}
	if c.records < 1 || c.transfers < 1 {
		return fmt.Errorf("--records and --transfers must be at least 1")
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	key, err := s.tsigKey()
	if err != nil {
		return err
	}
	zones, err := s.loadZones(ctx, "zone", c.zones, 1)
	if err != nil {
		return err
	}
	for _, clients := range counts {
		if err := c.updates(ctx, e, s, key, zones, clients); err != nil {
			return err
		}
	}
	return c.copies(ctx, e, s, key)
}

// updates prints a line about updates of so many clients.
func (c *ddnsCase) updates(ctx context.Context, e *Env, s *session, key tsigKey, zones []target, clients int) error {
	e.Progress("updates of %d clients", clients)
	for _, warm := range []func() (Work, error){
		func() (Work, error) { return s.update(ctx, key, clients, c.duration/3, zones, new(Latencies)) },
		func() (Work, error) { return s.create(ctx, clients, c.duration/3, zones, new(createTimes)) },
	} {
		if _, err := warm(); err != nil {
			return err
		}
	}
	var own Latencies
	var rest createTimes
	updates, posts, err := AB(ctx, c.rounds,
		func(ctx context.Context) (Work, error) { return s.update(ctx, key, clients, c.duration, zones, &own) },
		func(ctx context.Context, _ Work) (Work, error) {
			return s.create(ctx, clients, c.duration, zones, &rest)
		})
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params:   []Field{{"clients", clients}, {"zones", c.zones}},
		Result:   append([]Field{{"updates_per_s", updates.Rate()}}, own.Fields()...),
		Baseline: append([]Field{{"rest_per_s", posts.Rate()}}, rest.took.Fields()...),
		Ratio:    float64(own.Percentile(50)) / float64(max(rest.took.Percentile(50), 1)),
	})
}

// tsigKey is a credential that signs DNS messages.
type tsigKey struct {
	Name   string `json:"key_name"`
	Secret string `json:"secret"`
}

func (s *session) tsigKey() (key tsigKey, err error) {
	reply, err := s.post("/v1/credentials", map[string]any{"name": "bench", "kind": "tsig"})
	if err != nil {
		return key, err
	}
	err = json.Unmarshal(reply.body, &key)
	key.Name += "."
	return key, err
}

// sign packs a message with its signature, and returns its MAC.
func (k tsigKey) sign(m *mdns.Msg) (packed []byte, mac string, err error) {
	m.SetTsig(k.Name, mdns.HmacSHA256, 300, time.Now().Unix())
	return mdns.TsigGenerate(m, k.Secret, "", false)
}

// update has clients add records by DNS for a while.
func (s *session) update(ctx context.Context, key tsigKey, clients int, during time.Duration, zones []target, took *Latencies) (Work, error) {
	run := time.Now().UnixNano()
	return timed(func() (int, error) {
		end := time.Now().Add(during)
		var n atomic.Int64
		g, ctx := errgroup.WithContext(ctx)
		for who := range clients {
			g.Go(func() error {
				c, err := dialDoor(ctx, s.ddns)
				if err != nil {
					return err
				}
				defer c.close()
				for i := 0; time.Now().Before(end) && ctx.Err() == nil; i++ {
					sent := time.Now()
					zone := zones[(who+i)%len(zones)].name
					if err := c.add(key, zone, fmt.Sprintf("dns%d-%d-%d", run, who, i), address(i)); err != nil {
						return err
					}
					took.Add(time.Since(sent))
					n.Add(1)
				}
				return ctx.Err()
			})
		}
		err := g.Wait()
		return int(n.Load()), err
	})
}
