package bench

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// spareFiles is how many files a process needs beside its hosts' connections.
	spareFiles = 512
	// settling is for what the start of the hosts left to do.
	settling = 5 * time.Second
)

// runIdle measures what hosts cost that have nothing to do.
func (c *tasksCase) runIdle(ctx context.Context, e *Env, s *starting) error {
	n, err := hostsAllowed(c.idle)
	if err != nil {
		return err
	}
	if n < c.idle {
		e.Progress("idle: this process may open files for %d hosts only (ulimit -n)", n)
	}
	f, err := openFleet(ctx, e, s.plane, pretence{name: "idle", block: 1, machines: map[int64]string{}})
	if err != nil {
		return err
	}
	before, err := f.watchUsage(ctx, min(settling, c.watch), c.watch)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := f.start(ctx, e, n); err != nil {
		return err
	}
	ready := time.Since(began)
	after, err := f.watchUsage(ctx, min(settling, c.watch), c.watch)
	if err != nil {
		return err
	}
	online, err := f.online(s.session)
	if err != nil {
		return err
	}
	return e.Print(Line{
		Params: []Field{{"part", "idle"}, {"hosts", n}},
		Result: append(after.fields(), Field{"kib_per_host", (after.memory - before.memory) * 1024 / float64(n)},
			Field{"online", online}, Field{"ready_s", ready.Seconds()}),
		Baseline: before.fields(),
	})
}

// hostsAllowed is how many of n hosts this process may have connections for. The
// control plane, which it starts, has the same limit.
func hostsAllowed(n int) (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	n = min(n, int(min(limit.Cur, 1<<20))-spareFiles)
	if n < 1 {
		return 0, errors.New("this process may open too few files (ulimit -n)")
	}
	return n, nil
}

// usage is what the control plane takes while nothing is asked of it.
type usage struct {
	memory float64 // MiB
	// cpu is in percent of one processor.
	cpu   float64
	files int
}

func (u usage) fields() []Field {
	return []Field{{"serve_mib", u.memory}, {"serve_cpu_percent", u.cpu}, {"open_files", u.files}}
}

// watchUsage lets the plane settle and then watches it for a while.
func (p *plane) watchUsage(ctx context.Context, settle, during time.Duration) (u usage, err error) {
	if !backoff.Sleep(ctx, settle) {
		return u, ctx.Err()
	}
	began, used := time.Now(), p.cpu()
	if !backoff.Sleep(ctx, during) {
		return u, ctx.Err()
	}
	u.cpu = 100 * (p.cpu() - used).Seconds() / time.Since(began).Seconds()
	if u.memory, err = residentMiB(p.process.Pid()); err != nil {
		return u, err
	}
	u.files, err = descriptors(p.process.Pid())
	return u, err
}

// online is how many of the fleet's hosts the control plane takes to be alive.
func (f *fleet) online(s *session) (n int, err error) {
	const page = 1000
	for start := 0; ; start += page {
		rows, err := listOf[struct {
			ID     int64 `json:"id"`
			Online bool  `json:"online"`
		}](s, fmt.Sprintf("/api/machine?start=%d&count=%d", start, page))
		if err != nil {
			return 0, err
		}
		for _, row := range rows.Info.Data {
			if row.Online && f.pretend.runs(row.ID) {
				n++
			}
		}
		if len(rows.Info.Data) < page {
			return n, nil
		}
	}
}
