package privatepg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// leftoverGrace is how long a postmaster of a dead owner may take to shut down in order.
const leftoverGrace = 20 * time.Second

// orphanGrace is how long backends may take to notice that their postmaster is gone.
const orphanGrace = 5 * time.Second

const pidFile = "postmaster.pid"

// clearAway ends the processes that still work in the data folder and removes the
// lock files of those that are dead. Postgres would believe that a postmaster
// runs as long as any process has the number in the lock file: the process may be
// one that is just ending, or, after a restart of the machine or container, a
// stranger. The caller holds the folder's lock and has no postmaster running.
func clearAway(ctx context.Context, data, socket, port string) error {
	if err := endLeftover(ctx, data); err != nil {
		return err
	}
	if err := endOrphans(ctx, data); err != nil {
		return err
	}
	for _, path := range []string{
		filepath.Join(data, pidFile), filepath.Join(socket, socketName(port)), filepath.Join(socket, socketName(port)+".lock"),
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// endOrphans waits for the backends of a postmaster that was killed, which end by
// themselves as soon as they notice, and kills those that do not.
func endOrphans(ctx context.Context, data string) error {
	deadline := time.Now().Add(orphanGrace)
	for {
		orphans, err := workersIn(data)
		if err != nil || len(orphans) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			for _, pid := range orphans {
				_ = syscall.Kill(pid, syscall.SIGKILL) // the next look tells whether it helped
			}
		}
		if time.Now().After(deadline.Add(orphanGrace)) {
			return fmt.Errorf("processes %v of a PostgreSQL left over in %s do not end", orphans, data)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// workersIn lists the processes that work in the data folder.
func workersIn(data string) ([]int, error) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, entry := range all {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && servesFolder(pid, data) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// endLeftover stops a postmaster that outlived its owner. The caller holds the
// folder's lock, so no living process needs that postmaster.
func endLeftover(ctx context.Context, data string) error {
	pid, err := postmasterPid(data)
	if err != nil || pid == 0 {
		return err
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, leftoverGrace}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if !servesFolder(pid, data) {
			return nil
		}
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the PostgreSQL left over in %s: %w", data, err)
		}
		if waitGone(ctx, pid, data, step.wait) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return fmt.Errorf("the PostgreSQL left over in %s (pid %d) does not end", data, pid)
}

// postmasterPid reads the first line of postmaster.pid; 0 means there is none.
func postmasterPid(data string) (int, error) {
	f, err := os.Open(filepath.Join(data, pidFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan()
	pid, err := strconv.Atoi(lines.Text())
	if err != nil || pid <= 1 {
		return 0, nil // torn by a crash: no postmaster can be named by it
	}
	return pid, nil
}

// servesFolder says whether the process is a postgres that works in the data
// folder, as every postmaster and backend does. Neither sign is enough alone: the
// kernel reuses process ids, and somebody's shell may be in the folder.
func servesFolder(pid int, data string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	name, err := os.ReadFile(filepath.Join(proc, "comm"))
	if err != nil || strings.TrimSpace(string(name)) != "postgres" {
		return false
	}
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil {
		return false
	}
	a, errA := os.Stat(cwd)
	b, errB := os.Stat(data)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// waitGone polls, since the process is not a child of ours that we could wait for.
func waitGone(ctx context.Context, pid int, data string, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		if !servesFolder(pid, data) {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return !servesFolder(pid, data)
}
