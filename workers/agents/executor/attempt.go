package executor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/opsledger/opsledger/workers/agents/executor/files"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// attempt is what is known of one attempt: its journal entries, and how to end it.
type attempt struct {
	Assignment
	begun   *begun
	running *running
	doing   *doing
	ended   *Report
	settled bool

	// cancel is set while it runs; cause is why it must not begin.
	cancel context.CancelCauseFunc
	cause  error
	// holds says that it has its target, its task and a place among those that work.
	holds bool
}

// begun is written before anything of the attempt happens.
type begun struct {
	// Run is an unguessable word in the environment of the attempt's processes alone.
	Run string `json:"run"`
	// Boot is the machine's start: processes of an earlier one are gone.
	Boot string    `json:"boot"`
	Time time.Time `json:"time"`
}

func newBegun() *begun {
	word := make([]byte, 16)
	_, _ = rand.Read(word) // never fails
	return &begun{Run: hex.EncodeToString(word), Boot: bootID(), Time: time.Now()}
}

// bootID is empty where the system does not tell, as for every start then.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// running names the processes of an attempt.
type running struct {
	Leader     supervise.Mark `json:"leader"`
	Supervisor supervise.Mark `json:"supervisor"`
}

// doing is what is about to happen, in enough detail to find out after a crash
// whether it did, and to take it back later.
type doing struct {
	Target string `json:"target"`
	// Plan is of an update; Scripts and XID of an update_db.
	Plan    *files.Plan `json:"plan,omitempty"`
	Scripts []script    `json:"scripts,omitempty"`
	XID     string      `json:"xid,omitempty"`
}

// digests calls fn for each content that the attempt needs kept.
func (d *doing) digests(fn func(string)) {
	if d == nil {
		return
	}
	if d.Plan != nil {
		for _, c := range d.Plan.Changes {
			fn(c.Before.Digest)
			fn(c.After.Digest)
		}
	}
	for _, s := range d.Scripts {
		fn(s.Up)
		fn(s.Down)
	}
}

// Why an attempt is ended early.
var (
	errCancelled  = errors.New("cancelled")
	errSuperseded = errors.New("superseded by a newer attempt")
	errStopped    = errors.New("the agent was stopped")
	errOutput     = errors.New("it wrote more than its output limit")
	errTimeout    = errors.New("timed out")
	errExpired    = errors.New("its deadline passed")
)

// apply takes one journal entry in.
func (a *attempt) apply(e entry) {
	switch {
	case e.Accepted != nil:
		a.Assignment = *e.Accepted
	case e.Begun != nil:
		a.begun = e.Begun
	case e.Running != nil:
		a.running = e.Running
	case e.Doing != nil:
		a.doing = e.Doing
	case e.Ended != nil:
		a.ended = e.Ended
	case e.Settled != nil:
		a.settled = true
	}
}

// entries are what the journal must hold of the attempt.
func (a *attempt) entries() []entry {
	base := entry{Task: a.Task, Attempt: a.Attempt}
	var all []entry
	with := func(set func(*entry)) {
		e := base
		set(&e)
		all = append(all, e)
	}
	with(func(e *entry) { e.Accepted = &a.Assignment })
	if a.begun != nil {
		with(func(e *entry) { e.Begun = a.begun })
	}
	if a.running != nil && a.ended == nil {
		with(func(e *entry) { e.Running = a.running })
	}
	if a.doing != nil {
		with(func(e *entry) { e.Doing = a.doing })
	}
	if a.ended != nil {
		with(func(e *entry) { e.Ended = a.ended })
	}
	if a.settled {
		with(func(e *entry) { e.Settled = &struct{}{} })
	}
	return all
}

// keys are what the attempt must have for itself: its target and its task.
func (a *attempt) keys() [2]string {
	return [2]string{"target " + a.Action + " " + a.Target, "task " + a.Task}
}
