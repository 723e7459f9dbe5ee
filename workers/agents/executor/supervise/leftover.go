package supervise

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Trace is what is known of a program that a dead process had started.
type Trace struct {
	// Assignment, NAME=value, was in the environment of that program alone.
	Assignment string
	// Leader and Supervisor are zero when the starter did not live to note them.
	Leader, Supervisor Mark
}

// looks is how often in a row nothing must have been found after the first time.
const looks = 2

// EndLeftOver ends what is left of the program and returns how many processes
// that were. Its supervisor, if alive, is doing so already.
//
// A process is ended if it carries the assignment, or if it is in the group of
// the very leader that was noted: never for its id alone.
func EndLeftOver(ctx context.Context, t Trace) (int, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ended := map[Mark]bool{}
	// A process that is just starting another program has no environment for a
	// moment, so one look is not enough.
	for quiet := 0; ; quiet++ {
		left := t.left()
		for _, p := range left {
			ended[Mark{p.pid, p.start}] = true
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // gone, or counted again next time
		}
		if len(left) > 0 || t.Supervisor.alive() {
			quiet = 0
		}
		if quiet == looks {
			return len(ended), nil
		}
		select {
		case <-ctx.Done():
			return len(ended), fmt.Errorf("%d processes could not be ended: %w", len(left), ctx.Err())
		case <-tick.C:
		}
	}
}

// left lists what still runs. A group's number is not given to others while it
// has members, so the members of a group whose leader is proved are ours.
func (t Trace) left() []process {
	all := processes()
	led := t.Leader.alive()
	var found []process
	for _, p := range all {
		if p.zombie || p.pid == os.Getpid() {
			continue
		}
		if led && p.group == t.Leader.PID || t.Assignment != "" && carries(p.pid, t.Assignment) {
			found = append(found, p)
		}
	}
	return found
}
