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
	"syscall"
	"time"
)

// leftoverGrace is how long a postmaster of a dead owner may take to shut down in order.
const leftoverGrace = 20 * time.Second

// endLeftover stops a postmaster that outlived its owner. The caller holds the
// folder's lock, so nobody alive needs it.
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
	f, err := os.Open(filepath.Join(data, "postmaster.pid"))
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

// servesFolder says whether the process works in the data folder, as every
// postmaster does. A pid alone proves nothing, the kernel reuses them.
func servesFolder(pid int, data string) bool {
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
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
