package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/child"
)

// Import measures the import of one large zone file.
func Import() Case {
	var c importCase
	return Case{
		Name:  "import",
		Usage: "a zone file of many records until named is proved to serve it, and what serve takes for it, next to named-compilezone",
		Description: `One client sends a zone file of addresses for an empty zone; the times are from the request until its reply (checked: all
of the file is), until the import is done (appended), and until the control plane says that named serves it (live).
With --again the same file is then imported with another TTL for each record, in mode replace.
Serve and the agent are two processes here. Of serve the processor time of each stretch is given for each record, and by
how much its resident memory grew above what it was before, at most: until the reply, and in all. Meanwhile another
client adds record after record to another zone, with a pause of 20 ms between two; its times are given.
The baseline: named-compilezone reads the same file and writes it.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "records", Usage: "records of the file, 2000000 at most; above 10000 it is staged", Value: 1_000_000, Destination: &c.records},
			&cli.BoolFlag{Name: "again", Usage: "import the file once more, with another TTL", Destination: &c.again},
		},
		Tiny: []string{"--records", "40", "--again"},
		Run:  c.run,
	}
}

type importCase struct {
	records int
	again   bool
}

// importedZone is the zone that the file is for.
const importedZone = "import.bench.example"

func (c *importCase) run(ctx context.Context, e *Env) error {
	if c.records < 1 || c.records > 2_000_000 {
		return fmt.Errorf("--records must be from 1 to 2000000")
	}
	s, err := openSplitSession(ctx, e)
	if err != nil {
		return err
	}
	zones, position, err := s.createZones(ctx, []string{importedZone, "beside.bench.example"})
	if err != nil {
		return err
	}
	if err := s.settled(ctx, position); err != nil {
		return err
	}
	if err := s.noteNamed(ctx, e); err != nil {
		return err
	}
	file := c.file(60)
	base, err := compileZone(ctx, e, file)
	if err != nil {
		return err
	}
	if err := c.measure(ctx, e, s, zones, "merge", file, base); err != nil || !c.again {
		return err
	}
	return c.measure(ctx, e, s, zones, "replace", c.file(90), base)
}

// measure imports a file into the first zone while another client writes to the second one.
func (c *importCase) measure(ctx context.Context, e *Env, s *session, zones []target, mode string, file []byte, base time.Duration) error {
	e.Progress("import: %d records, %s", c.records, mode)
	beside, stop, err := s.writeBeside(ctx, zones[1], mode)
	if err != nil {
		return err
	}
	took, err := s.bringIn(ctx, zones[0], mode, file)
	if stopped := stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(c.records) }
	return e.Print(Line{
		Params: []Field{{"records", c.records}, {"mode", mode}},
		Result: append([]Field{
			{"checked_s", took.checked.took.Seconds()}, {"appended_s", took.appended.took.Seconds()}, {"live_s", took.live.took.Seconds()},
			{"check_cpu_us_per_record", each(took.checked.cpu)}, {"append_cpu_us_per_record", each(took.appended.cpu - took.checked.cpu)},
			{"serve_check_mib", took.checked.grown}, {"serve_mib", took.live.grown}, {"other_writes", beside.Count()},
		}, beside.Fields()...),
		Baseline: []Field{{"compile_s", base.Seconds()}},
		Ratio:    took.live.took.Seconds() / base.Seconds(),
	})
}

// file is the zone file.
func (c *importCase) file(ttl int) []byte {
	text := fmt.Appendf(nil, "$TTL %d\n", ttl)
	for i := range c.records {
		text = fmt.Appendf(text, "h%d A %s\n", i, address(i))
	}
	return text
}

// importTimes are those of an import until some moments.
type importTimes struct{ checked, appended, live stretch }

// stretch is what went by since the begin: time, processor time of serve, and by how many MiB
// serve had grown at most.
type stretch struct {
	took, cpu time.Duration
	grown     float64
}

// bringIn imports a file into a zone.
func (s *session) bringIn(ctx context.Context, zone target, mode string, file []byte) (took importTimes, err error) {
	grows, err := watchMemory(s.process.Pid())
	if err != nil {
		return took, err
	}
	defer grows.stop()
	began, before := time.Now(), s.cpu()
	since := func() stretch { return stretch{time.Since(began), s.cpu() - before, grows.most()} }
	reply, err := s.conn.do(request{
		method: http.MethodPost, path: fmt.Sprintf("/v1/zones/%d/import?mode=%s", zone.id, mode), token: s.token, contentType: "text/dns", body: file,
	})
	took.checked = since()
	switch {
	case err != nil:
		return took, err
	case reply.status != http.StatusOK && reply.status != http.StatusAccepted:
		return took, fmt.Errorf("import: status %d: %s", reply.status, firstOctets(reply.body, 300))
	}
	position := reply.position
	if reply.status == http.StatusAccepted {
		if position, err = s.imported(ctx, reply.location); err != nil {
			return took, err
		}
	}
	took.appended = since()
	err = s.settled(ctx, position)
	took.live = since()
	return took, err
}

// importPoll is the pause between two looks at an import.
const importPoll = 100 * time.Millisecond

// imported waits for the end of a staged import, and returns its position.
func (s *session) imported(ctx context.Context, path string) (position int64, err error) {
	for {
		reply, err := s.conn.do(request{method: http.MethodGet, path: path, token: s.token})
		if err != nil {
			return 0, err
		}
		var is struct {
			State    string
			Position int64
		}
		if err := json.Unmarshal(reply.body, &is); err != nil || reply.status != http.StatusOK || is.State != "running" && is.State != "done" {
			return 0, fmt.Errorf("%s: status %d: %s", path, reply.status, firstOctets(reply.body, 300))
		}
		if is.State == "done" {
			return is.Position, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(importPoll):
		}
	}
}

// besidePause is what another client waits between two writes.
const besidePause = 20 * time.Millisecond

// writeBeside adds record after record to a zone, by names that begin with a label, until stop is called.
func (s *session) writeBeside(ctx context.Context, zone target, label string) (took *Latencies, stop func() error, err error) {
	conn, err := dialAPI(ctx, s.api)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	took = &Latencies{}
	go func() {
		defer conn.close()
		for i := 0; ctx.Err() == nil; i++ {
			began := time.Now()
			if _, err := post(conn, s.token, "/dns/records", recordBody(zone.id, s.view, fmt.Sprintf("%s%d", label, i), address(i))); err != nil {
				done <- err
				return
			}
			took.Add(time.Since(began))
			select {
			case <-ctx.Done():
			case <-time.After(besidePause):
			}
		}
		done <- nil
	}()
	return took, func() error { cancel(); return <-done }, nil
}

// compileZone is the time in which named-compilezone reads and writes the file.
func compileZone(ctx context.Context, e *Env, file []byte) (time.Duration, error) {
	path, err := child.Find("named-compilezone")
	if err != nil {
		return 0, fmt.Errorf("named-compilezone, which comes with BIND: %w", err)
	}
	in := filepath.Join(e.Dir, "import.zone")
	head := fmt.Appendf(nil, "@ 60 SOA ns hostmaster 1 2 3 4 5\n@ 60 NS ns.%s.\nns.%s. 60 A 192.0.2.1\n", importedZone, importedZone)
	if err := os.WriteFile(in, append(head, file...), 0o600); err != nil {
		return 0, err
	}
	work, err := timed(func() (int, error) {
		text, err := child.Run(ctx, child.Spec{Path: path, Args: []string{"-o", filepath.Join(e.Dir, "compiled.zone"), importedZone, in}})
		if err != nil {
			err = fmt.Errorf("%w: %s", err, firstOctets(text, 300))
		}
		return 1, err
	})
	return work.Took, err
}
