package executor

import (
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// Report tells how far an attempt is. For a slow reader only an attempt's newest
// report is kept; an end is reported until it is acknowledged.
type Report struct {
	Task    string `json:"task"`
	Attempt int64  `json:"attempt"`
	// State is queued once the journal has the attempt, then running, then an end.
	State ops.AttemptState `json:"state"`
	// Interrupted says that the agent ended before the attempt did, which has failed
	// then and does not run again.
	Interrupted bool `json:"interrupted,omitempty"`
	// Percent never falls within an attempt. It is above 0 once a program or action
	// has reported progress, and 100 only with success.
	Percent int `json:"percent"`
	// Message says in one line what happened, for people.
	Message string `json:"message,omitempty"`
	// Result is what a program gave as its result.
	Result string `json:"result,omitempty"`
	// Code is a program's exit code, nil if it has none; Signal is what ended it instead.
	Code   *int   `json:"code,omitempty"`
	Signal string `json:"signal,omitempty"`
	// Changes are the files that were changed, with their digests before and after.
	Changes []files.Change `json:"changes,omitempty"`
	// Lines is how many log lines the attempt had, if it has ended; -1 if that is not
	// known.
	Lines int64 `json:"lines"`
	// Began and Ended are by the host's clock.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
}

// upgrade turns the state of a report in an older journal into today's.
func (r *Report) upgrade() {
	switch r.State {
	case "ok":
		r.State = ops.Succeeded
	case "interrupted":
		r.State, r.Interrupted = ops.Failed, true
	}
}
