package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v3"
)

// Bulk measures how fast many records are live that come in batches.
func Bulk() Case {
	var c bulkCase
	return Case{
		Name:  "bulk",
		Usage: "records created through /v1/batch until named is proved to serve all, next to bare updates of 200 records",
		Description: `Clients send batches of record creations, whose text they have ready; the time is from the first request until
every batch is answered (accepted) and until the control plane says that named serves all of it, which the agent has
read back (live). The control plane's processor time, the agent's included, is given for each record.
The baseline: the same number of records in signed updates of 200 each, one after the other on one connection, straight
to the same named, after the above.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "records", Usage: "records created", Value: 100_000, Destination: &c.records},
			&cli.IntFlag{Name: "batch", Usage: "operations in each batch, 10000 at most", Value: 5_000, Destination: &c.batch},
			&cli.IntFlag{Name: "clients", Usage: "clients at the same time", Value: 2, Destination: &c.clients},
			&cli.IntFlag{Name: "zones", Usage: "zones that the records are spread over", Value: 10, Destination: &c.zones},
		},
		Tiny: []string{"--records", "40", "--batch", "10", "--zones", "2"},
		Run:  c.run,
	}
}

type bulkCase struct{ records, batch, clients, zones int }

func (c *bulkCase) run(ctx context.Context, e *Env) error {
	if c.records < 1 || c.batch < 1 || c.batch > 10_000 || c.zones < 1 {
		return fmt.Errorf("--records and --zones must be at least 1, --batch from 1 to 10000")
	}
	s, err := openSession(ctx, e)
	if err != nil {
		return err
	}
	zones, err := s.loadZones(ctx, "bulk", c.zones, 0)
	if err != nil {
		return err
	}
	bare, err := s.loadZones(ctx, "bare", 1, 0)
	if err != nil {
		return err
	}
	e.Progress("bulk: %d records in batches of %d", c.records, c.batch)
	took, err := c.create(ctx, s, zones)
	if err != nil {
		return err
	}
	e.Progress("bulk: the baseline")
	base, err := c.bare(ctx, s, bare[0].name)
	if err != nil {
		return err
	}
	serve, named, err := s.memory()
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params: []Field{{"records", c.records}, {"batch", c.batch}, {"clients", c.clients}, {"zones", c.zones}},
		Result: []Field{
			{"live_records_per_s", PerSecond(c.records, took.live)}, {"accepted_records_per_s", PerSecond(c.records, took.accepted)},
			{"live_s", took.live.Seconds()}, {"serve_cpu_us_per_record", float64(took.cpu.Microseconds()) / float64(c.records)},
			{"serve_and_agent_mib", serve}, {"named_mib", named},
		},
		Baseline: []Field{{"records_per_s", base.Rate()}},
		Ratio:    PerSecond(c.records, took.live) / base.Rate(),
	})
}

// bulkTimes are what the records took until they were accepted, until they were
// live, and of processor time of the control plane.
type bulkTimes struct{ accepted, live, cpu time.Duration }

// create has the zones filled.
func (c *bulkCase) create(ctx context.Context, s *session, zones []target) (took bulkTimes, err error) {
	batches, err := c.batches(s, zones)
	if err != nil {
		return took, err
	}
	began, before := time.Now(), s.cpu()
	position, err := c.send(ctx, s, batches)
	if err != nil {
		return took, err
	}
	took.accepted = time.Since(began)
	if err := s.settled(ctx, position); err != nil {
		return took, err
	}
	took.live, took.cpu = time.Since(began), s.cpu()-before
	return took, nil
}

// batches returns the requests' bodies.
func (c *bulkCase) batches(s *session, zones []target) ([][]byte, error) {
	var bodies [][]byte
	for first := 0; first < c.records; first += c.batch {
		zone := zones[len(bodies)%len(zones)]
		operations := make([]operation, 0, c.batch)
		for i := first; i < min(c.records, first+c.batch); i++ {
			body := recordBody(zone.id, s.view, fmt.Sprintf("host%d", i), address(i))
			operations = append(operations, operation{http.MethodPost, "/dns/records", body})
		}
		body, err := json.Marshal(map[string]any{"operations": operations})
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// send creates the records and returns the position of the last.
func (c *bulkCase) send(ctx context.Context, s *session, batches [][]byte) (int64, error) {
	var last atomic.Int64
	err := s.crew(ctx, c.clients, len(batches), func(_ context.Context, w *client, b int) error {
		reply, err := w.conn.do(request{method: http.MethodPost, path: "/v1/batch", token: w.token, contentType: jsonType, body: batches[b]})
		if err == nil && reply.status != http.StatusOK {
			err = fmt.Errorf("batch %d: status %d: %s", b, reply.status, firstOctets(reply.body, 300))
		}
		raise(&last, reply.position)
		return err
	})
	return last.Load(), err
}

// raise sets to the higher of both.
func raise(to *atomic.Int64, value int64) {
	for old := to.Load(); value > old && !to.CompareAndSwap(old, value); old = to.Load() {
	}
}

// bareMessage is how many records a bare update carries.
const bareMessage = 200

func (c *bulkCase) bare(ctx context.Context, s *session, zone string) (Work, error) {
	d, err := openDirect(ctx, s.plane, s.viewID, zone)
	if err != nil {
		return Work{}, err
	}
	defer d.close()
	return timed(func() (int, error) {
		for first := 0; first < c.records; first += bareMessage {
			if err := d.add(ctx, first, min(bareMessage, c.records-first)); err != nil {
				return first, err
			}
		}
		return c.records, nil
	})
}
