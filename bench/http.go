package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"
)

// HTTP measures record creations through the REST API.
func HTTP() Case {
	var c httpCase
	return Case{
		Name:  "http",
		Usage: "records created over HTTP, next to bare inserts into the same PostgreSQL",
		Description: `Clients with one kept connection each repeat: POST /dns/records with a new name, wait for the reply. The reply
comes when the record is in the log, on disk, and in the read models (late_replies counts those that said that it is not
there yet). named and its agent serve the records meanwhile, on the same machine.
The baseline: as many connections to the same PostgreSQL insert one row of such a record and commit, in turn with the above;
and where it is installed PowerDNS in the same PostgreSQL, where as many clients PATCH an RRset and wait for its answer by DNS.
With --serves so many serve processes share one PostgreSQL and one NATS, without a name server, and the clients are divided
among them; the numbers take turns, and the baseline is the first of them.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "clients", Usage: "connections", Value: 64, Destination: &c.clients},
			&cli.IntFlag{Name: "zones", Usage: "zones that the records go to in turn", Value: 20, Destination: &c.zones},
			&cli.DurationFlag{Name: "duration", Usage: "of each turn", Value: 5 * time.Second, Destination: &c.duration},
			&cli.IntFlag{Name: "rounds", Usage: "turns", Value: 3, Destination: &c.rounds},
			&cli.StringFlag{Name: "serves", Usage: "processes that share the clients, such as 1,2,4", Destination: &c.serves},
		},
		Tiny: []string{"--clients", "4", "--zones", "2", "--duration", "100ms", "--rounds", "1"},
		Run:  c.run,
	}
}

type httpCase struct {
	clients, zones, rounds int
	duration               time.Duration
	serves                 string
}

func (c *httpCase) run(ctx context.Context, e *Env) error {
	if c.serves != "" {
		return c.runServes(ctx, e)
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	zones, err := s.loadZones(ctx, "zone", c.zones, 1)
	if err != nil {
		return err
	}
	rows, err := openInserts(ctx, s.databaseURL, c.clients)
	if err != nil {
		return err
	}
	defer rows.close()
	// Plans, caches and files get warm.
	if _, err := s.create(ctx, c.clients, c.duration/3, zones, new(createTimes)); err != nil {
		return err
	}
	var times createTimes
	var bare Latencies
	api, base, err := AB(ctx, c.rounds,
		func(ctx context.Context) (Work, error) { return s.create(ctx, c.clients, c.duration, zones, &times) },
		func(ctx context.Context, _ Work) (Work, error) { return rows.run(ctx, c.clients, c.duration, &bare) })
	if err != nil {
		return err
	}
	err = e.Print(Line{
		Params:   []Field{{"clients", c.clients}, {"zones", c.zones}},
		Result:   append([]Field{{"records_per_s", api.Rate()}, {"late_replies", times.late.Load()}}, times.took.Fields()...),
		Baseline: []Field{{"inserts_per_s", base.Rate()}, {"p50_ms", Milliseconds(bare.Percentile(50))}, {"p99_ms", Milliseconds(bare.Percentile(99))}},
		Ratio:    api.Rate() / base.Rate(),
	})
	if err != nil {
		return err
	}
	return powerDNSLines(ctx, e, s.plane, []int{c.clients}, powerDNSChanges)
}

// createTimes are what record creations took.
type createTimes struct {
	took Latencies
	// late counts the replies that came before the read models had the record.
	late atomic.Int64
}

// create has clients create records for a while.
func (s *session) create(ctx context.Context, clients int, during time.Duration, zones []target, times *createTimes) (Work, error) {
	run := time.Now().UnixNano()
	return timed(func() (int, error) {
		end := time.Now().Add(during)
		var n atomic.Int64
		err := s.crew(ctx, clients, clients, func(ctx context.Context, c *client, who int) error {
			for i := 0; time.Now().Before(end) && ctx.Err() == nil; i++ {
				host := fmt.Sprintf("run%d-%d-%d", run, who, i)
				sent := time.Now()
				reply, err := c.post("/dns/records", recordBody(zones[(who+i)%len(zones)].id, s.view, host, address(i)))
				if err != nil {
					return err
				}
				times.took.Add(time.Since(sent))
				n.Add(1)
				if reply.pending {
					times.late.Add(1)
				}
			}
			return ctx.Err()
		})
		return int(n.Load()), err
	})
}

// inserts is the least that a record costs in PostgreSQL: one row, one commit.
type inserts struct{ pool *pgxpool.Pool }

func openInserts(ctx context.Context, url string, clients int) (*inserts, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(clients)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	_, err = pool.Exec(ctx, `CREATE SCHEMA bench; CREATE TABLE bench.records (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, zone_id bigint, host text, type text, value text)`)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &inserts{pool: pool}, nil
}

func (r *inserts) close() { r.pool.Close() }

func (r *inserts) run(ctx context.Context, clients int, during time.Duration, took *Latencies) (Work, error) {
	return timed(func() (int, error) {
		end := time.Now().Add(during)
		g, ctx := errgroup.WithContext(ctx)
		var n atomic.Int64
		for who := range clients {
			g.Go(func() error {
				conn, err := r.pool.Acquire(ctx)
				if err != nil {
					return err
				}
				defer conn.Release()
				for i := 0; time.Now().Before(end); i++ {
					sent := time.Now()
					_, err := conn.Exec(ctx, "INSERT INTO bench.records (zone_id, host, type, value) VALUES ($1, $2, $3, $4)",
						who, fmt.Sprintf("host%d-%d", who, i), "A", address(i))
					if err != nil {
						return err
					}
					took.Add(time.Since(sent))
					n.Add(1)
				}
				return nil
			})
		}
		err := g.Wait()
		return int(n.Load()), err
	})
}
