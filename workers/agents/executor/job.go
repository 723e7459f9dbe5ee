package executor

import (
	"sync"
	"time"

	"github.com/opsledger/opsledger/internal/asuser"
)

// job is the work on one attempt.
type job struct {
	e    *Executor
	a    *attempt
	act  *action
	logs *attemptLog

	mu      sync.Mutex
	percent int
	result  string
}

// note writes an entry about the attempt and waits for the disk.
func (j *job) note(en entry) error {
	end, err := j.jot(en)
	if err == nil {
		err = j.e.journal.sync(end)
	}
	if err != nil {
		j.e.fail(err)
	}
	return err
}

// jot writes an entry without waiting: it survives the agent, but perhaps not the machine.
func (j *job) jot(en entry) (int64, error) {
	en.Task, en.Attempt = j.a.Task, j.a.Attempt
	return j.e.journal.add(en)
}

// say adds a line of the agent's own to the log.
func (j *job) say(text string) { j.logs.add(agentStream, safe([]byte(text))) }

// setPercent reports progress that is one: it never falls and keeps 100 for the end.
func (j *job) setPercent(percent int) {
	j.mu.Lock()
	percent = min(percent, 99)
	grown := percent > j.percent
	if grown {
		j.percent = percent
	}
	j.mu.Unlock()
	if grown {
		j.report(Progress)
	}
}

func (j *job) percentNow() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.percent
}

func (j *job) setResult(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.result = text
}

func (j *job) report(state State) {
	r := Report{Task: j.a.Task, Attempt: j.a.Attempt, State: state, Percent: j.percentNow()}
	if j.a.begun != nil {
		r.Began = j.a.begun.Time
	}
	j.e.reports.put(r)
}

// as calls do with an actor for the action's user.
func (j *job) as(do func(*asuser.Actor) outcome) outcome {
	actor, err := asuser.Start(j.act.user)
	if err != nil {
		return failed(err)
	}
	defer actor.Stop()
	return do(actor)
}

// steps turns a count into a percentage between two others.
func (j *job) steps(from, to int) func(done, of int) {
	last := time.Time{}
	return func(done, of int) {
		if of > 0 && (done == of || time.Since(last) > 10*time.Millisecond) {
			last = time.Now()
			j.setPercent(from + (to-from)*done/of)
		}
	}
}
