package bind

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/opsledger/opsledger/internal/child"
)

// A named outlives its engine where [Config.Outlives] says so: an agent that is stopped, upgraded or killed
// costs named's clients no answer. The next engine in the directory goes on with it.
//
// Invariants:
//  1. A named is taken over only if its command line names this directory's configuration, which is for the
//     ports that the engine uses, and if it answers to the engine's control key. Else it is ended.
//  2. Whether it runs with the configuration of now, and what it serves, is asked as at any time.

// adoptPatience is how long a named that was left running may take to answer to its control channel. It may
// just have been started.
const adoptPatience = 10 * time.Second

// adopt goes on with a named that an earlier engine has left running, and says whether there is one.
func (p *process) adopt(ctx context.Context, e *Engine) bool {
	pid := e.orphan()
	if pid == 0 || !e.haveConf() {
		return false
	}
	left, err := child.Adopt(pid, func() bool { return e.orphan() == pid })
	if err != nil {
		e.log.Warn("cannot go on with the named that runs", "pid", pid, "error", err)
		return false
	}
	p.child = left
	if err := p.awaitAnswer(ctx, e, e.adoptPatience); err != nil {
		if p.child != nil {
			p.child.Leave()
		}
		p.child = nil
		e.log.Warn("the named that runs is not taken over", "pid", pid, "error", err)
		return false
	}
	e.log.Info("goes on with the named that runs", "pid", pid)
	e.noteUpgrade()
	return true
}

// ErrNoNamed says that no named runs that an engine in the directory has started.
var ErrNoNamed = errors.New("no named runs here")

// StopNamed ends the named that an engine in the directory has started. If the engine runs, it starts named
// again, from the program that is installed now.
func StopNamed(dir string) (pid int, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return 0, err
	}
	pid = orphanOf(layout{dir: dir})
	if pid == 0 {
		return 0, ErrNoNamed
	}
	named, err := child.Adopt(pid, func() bool { return orphanOf(layout{dir: dir}) == pid })
	if errors.Is(err, child.ErrGone) {
		return 0, ErrNoNamed
	}
	if err != nil {
		return 0, fmt.Errorf("stop named: %w", err)
	}
	return pid, named.Stop(stopTimeout)
}
