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

// attempt is what is known of one attempt: the content of its journal entries, and
// how to end it.
type attempt struct {
	Assignment
	begun        *start
	processes    *processes
	intent       *intent
	ended        *Report
	acknowledged bool

	// cancel is set while the attempt runs; cause is why it must end or not begin.
	cancel context.CancelCauseFunc
	cause  error
	// holds says that admit gave it its target, its task and a place.
	holds bool
}

// start is the journal's entry that an attempt begins, written before anything of it
// happens.
type start struct {
	// Run is a random word that only the attempt's processes have in their environment.
	Run string `json:"run"`
	// Boot is the id of the machine's boot. Processes of an earlier boot are gone.
	Boot string    `json:"boot"`
	Time time.Time `json:"time"`
}

func newStart() *start {
	word := make([]byte, 16)
	_, _ = rand.Read(word) // never fails
	return &start{Run: hex.EncodeToString(word), Boot: bootID(), Time: time.Now()}
}

// bootID is the id of the machine's boot, always empty if the system does not tell.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// processes identifies the processes of an attempt.
type processes struct {
	Leader     supervise.Identity `json:"leader"`
	Supervisor supervise.Identity `json:"supervisor"`
}

// intent is the change that an attempt is about to make, in enough detail to find
// out after a crash whether it was made, and to undo it later.
type intent struct {
	Target string `json:"target"`
	// Plan is set for an update, Scripts and XID for an update_db.
	Plan    *files.Plan `json:"plan,omitempty"`
	Scripts []script    `json:"scripts,omitempty"`
	XID     string      `json:"xid,omitempty"`
}

// eachDigest calls fn for the digest of each content that the attempt may still need.
func (d *intent) eachDigest(fn func(string)) {
	if d == nil {
		return
	}
	if d.Plan != nil {
		for _, c := range d.Plan.Changes {
			for _, s := range []files.State{c.Before, c.After} {
				fn(s.Digest)
				fn(s.Attributes)
			}
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

// replay takes over one journal entry.
func (a *attempt) replay(e entry) {
	switch {
	case e.Accepted != nil:
		a.Assignment = *e.Accepted
	case e.Begun != nil:
		a.begun = e.Begun
	case e.Processes != nil:
		a.processes = e.Processes
	case e.Intent != nil:
		a.intent = e.Intent
	case e.Ended != nil:
		a.ended = e.Ended
		a.ended.upgrade()
	case e.Acknowledged != nil:
		a.acknowledged = true
	}
}

// entries are the journal entries from which the attempt can be replayed.
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
	if a.processes != nil && a.ended == nil {
		with(func(e *entry) { e.Processes = a.processes })
	}
	if a.intent != nil {
		with(func(e *entry) { e.Intent = a.intent })
	}
	if a.ended != nil {
		with(func(e *entry) { e.Ended = a.ended })
	}
	if a.acknowledged {
		with(func(e *entry) { e.Acknowledged = &struct{}{} })
	}
	return all
}

// keys name what no two attempts may work on at the same time: target and task.
func (a *attempt) keys() [2]string {
	return [2]string{"target " + a.Action + " " + a.Target, "task " + a.Task}
}
