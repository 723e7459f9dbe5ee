package supervise

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Orphans describes the processes of a program whose starter has died.
type Orphans struct {
	// Variable, NAME=value, was in the environment of that program alone.
	Variable string
	// Leader and Supervisor are zero if the starter died before it could note them.
	Leader, Supervisor Identity
}

// looks is how many looks in a row, after the first, must have found nothing.
const looks = 2

// EndOrphans ends the processes of the program that still run, and returns how many
// there were. The program's supervisor, if alive, is ending them as well.
//
// A process is ended if it has the variable in its environment, or if it is in the
// group of the very leader that was noted, but never because of its id alone.
func EndOrphans(ctx context.Context, o Orphans) (int, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ended := map[Identity]bool{}
	// A process that is just starting another program has no environment for a
	// moment, so one look is not enough.
	for quiet := 0; ; quiet++ {
		left := o.alive()
		for _, p := range left {
			ended[Identity{p.pid, p.start}] = true
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // it is gone then, or found again by the next look
		}
		if len(left) > 0 || o.Supervisor.alive() {
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

// alive lists the processes that still run. The system does not reuse a group's number
// while the group has members, so that all members of the noted leader's group belong
// to the program.
func (o Orphans) alive() []process {
	all := processes()
	led := o.Leader.alive()
	var found []process
	for _, p := range all {
		if p.zombie || p.pid == os.Getpid() {
			continue
		}
		if led && p.group == o.Leader.PID || o.Variable != "" && carries(p.pid, o.Variable) {
			found = append(found, p)
		}
	}
	return found
}
