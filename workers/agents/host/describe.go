package host

import (
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// describe says a report in the control plane's words.
func describe(r executor.Report) protocol.AttemptReport {
	said := protocol.AttemptReport{
		Task: r.Task, Attempt: domain.Position(r.Attempt), Begun: !r.Began.IsZero() || r.State == executor.Started,
	}
	switch {
	case r.State.Final():
		said.End = &ops.End{Outcome: outcome(r.State), Result: shorten(result(r)), Lines: max(r.Lines, 0)}
	case r.State == executor.Progress:
		percent := r.Percent
		said.Percent = &percent
	}
	return said
}

// outcome of an attempt that was interrupted is failed: it is not tried again.
func outcome(s executor.State) ops.Outcome {
	switch s {
	case executor.OK:
		return ops.OutcomeSucceeded
	case executor.Cancelled:
		return ops.OutcomeCancelled
	case executor.Expired:
		return ops.OutcomeExpired
	}
	return ops.OutcomeFailed
}

// result is what a program gave as its result, and what there is to say besides.
func result(r executor.Report) string {
	text := r.Message
	if r.State == executor.Interrupted {
		text = "interrupted: " + text
	}
	switch {
	case r.Result == "":
		return text
	case r.State == executor.OK || text == "":
		return r.Result
	}
	return text + "; " + r.Result
}

// shorten cuts a text to ops.MaxResult bytes, at a character.
func shorten(text string) string {
	if len(text) <= ops.MaxResult {
		return text
	}
	end := ops.MaxResult
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
