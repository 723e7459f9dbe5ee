package bind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endOrphan ends a named of this directory that outlived its engine. Such a named
// is known by the engine's control key, or by a command line that names the
// engine's configuration.
func endOrphan(ctx context.Context, e *Engine) error {
	pid := e.orphan()
	if _, err := e.control(ctx, "halt"); err == nil {
		e.log.Info("ended a named that was left over", "pid", pid)
	} else if pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("bind: end named (pid %d) that was left over: %w", pid, err)
		}
	}
	e.rndc.Close()
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for e.orphan() != 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("bind: named (pid %d) that was left over does not end", pid)
		case <-tick.C:
		}
	}
	return nil
}

// orphan is the pid of a running named whose command line names the engine's
// configuration, 0 for none.
func (e *Engine) orphan() int { return orphanOf(e.layout) }

// LeftOver says whether a named runs that an engine in this directory has started, be it
// one that lives or one that was killed.
func LeftOver(dir string) bool {
	dir, err := filepath.Abs(dir)
	return err == nil && orphanOf(layout{dir: dir}) != 0
}

func orphanOf(l layout) int {
	text, err := readNamed(l.pid())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0
	}
	args, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || !bytes.Contains(args, []byte("\x00"+l.conf()+"\x00")) {
		return 0
	}
	return pid
}
