package executor

import (
	"io"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
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

// persist writes an entry about the attempt to the journal and waits for the disk.
func (j *job) persist(en entry) error {
	end, err := j.appendEntry(en)
	if err == nil {
		err = j.e.journal.sync(end)
	}
	if err != nil {
		j.e.fail(err)
	}
	return err
}

// appendEntry writes an entry without waiting for the disk: the entry survives the
// agent's end, but perhaps not the machine's.
func (j *job) appendEntry(en entry) (int64, error) {
	en.Task, en.Attempt = j.a.Task, j.a.Attempt
	return j.e.journal.add(en)
}

// say adds a text of the agent's own to the attempt's output, with the limits of a program's
// lines.
func (j *job) say(text string) {
	s := &splitter{line: func(line string) { j.logs.add(agentStream, line) }}
	_, _ = io.WriteString(s, text) // never fails
	s.flush()
}

// setPercent reports progress: the percentage never falls, and 100 is left for the
// end.
func (j *job) setPercent(percent int) {
	j.mu.Lock()
	percent = min(percent, 99)
	grown := percent > j.percent
	if grown {
		j.percent = percent
	}
	j.mu.Unlock()
	if grown {
		j.report(ops.Running)
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

func (j *job) report(state ops.AttemptState) {
	r := Report{Task: j.a.Task, Attempt: j.a.Attempt, State: state, Percent: j.percentNow()}
	if j.a.begun != nil {
		r.Began = j.a.begun.Time
	}
	j.e.reports.put(r)
}

// as calls do with an actor that works with the rights of the action's user.
func (j *job) as(do func(*asuser.Actor) outcome) outcome {
	actor, err := asuser.Start(j.act.user)
	if err != nil {
		return failed(err)
	}
	defer actor.Stop()
	return do(actor)
}

// steps returns a function that reports a count as a percentage between two bounds.
func (j *job) steps(from, to int) func(done, of int) {
	last := time.Time{}
	return func(done, of int) {
		if of > 0 && (done == of || time.Since(last) > 10*time.Millisecond) {
			last = time.Now()
			j.setPercent(from + (to-from)*done/of)
		}
	}
}
