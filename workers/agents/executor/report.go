package executor

import (
	"time"

	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// State is how far an attempt is.
type State string

// The states; those from OK on are ends.
const (
	// Queued: the attempt is in the journal and waits for its turn.
	Queued   State = "queued"
	Started  State = "started"
	Progress State = "progress"

	OK        State = "ok"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	// Expired: its deadline passed before it began. It never ran.
	Expired State = "expired"
	// Interrupted: the agent ended before it did. It will not run again.
	Interrupted State = "interrupted"
)

// Final says whether the state is an end.
func (s State) Final() bool {
	switch s {
	case OK, Failed, Cancelled, Expired, Interrupted:
		return true
	}
	return false
}

// Report tells how far an attempt is. Between started and the end only the newest
// is kept for a slow reader; an end is told until it is settled.
type Report struct {
	Task    string `json:"task"`
	Attempt int64  `json:"attempt"`
	State   State  `json:"state"`
	// Percent never falls within an attempt; 100 comes with OK and not before.
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
	// Lines is how many log lines there are, with an end; -1 if that is not known.
	Lines int64 `json:"lines"`
	// Began and Ended are by the host's clock.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
}
