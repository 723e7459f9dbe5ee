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
	"time"

	"github.com/opsledger/opsledger/internal/child"
)

// haltPatience is how long a named that was left running may take to answer the command that ends it. One that
// is frozen never answers, and serves nobody.
const haltPatience = 3 * time.Second

// endOrphan ends a named of this directory that outlived its engine. Such a named
// is known by the engine's control key, or by a command line that names the
// engine's configuration. It returns once the named, and with it each of its sockets, is gone.
func endOrphan(ctx context.Context, e *Engine) error {
	var left *child.Process
	pid := e.orphan()
	if pid != 0 {
		var err error
		left, err = child.Adopt(pid, func() bool { return e.orphan() == pid })
		if err != nil && !errors.Is(err, child.ErrGone) {
			return fmt.Errorf("bind: end named (pid %d) that was left over: %w", pid, err)
		}
	}
	asking, end := context.WithTimeout(ctx, haltPatience)
	defer end()
	_, refused := e.control(asking, "halt")
	e.rndc.Close()
	if refused == nil {
		e.log.Info("ended a named that was left over", "pid", pid)
	}
	if left == nil {
		return nil
	}
	if refused != nil {
		left.Kill()
		return nil
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-left.Done():
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		left.Kill()
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
