package host

import (
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

// describe turns an executor's report into a message to the control plane.
func describe(r executor.Report) protocol.AttemptReport {
	said := protocol.AttemptReport{
		Task: r.Task, Attempt: domain.Position(r.Attempt), Begun: !r.Began.IsZero() || r.State == ops.Running,
	}
	switch {
	case r.State.Ended():
		said.End = &ops.End{Outcome: r.State, Result: shorten(result(r)), Lines: max(r.Lines, 0)}
	case r.Percent > 0:
		percent := r.Percent
		said.Percent = &percent
	}
	return said
}

// result is the result that a program gave, after the executor's own message if the
// attempt did not succeed.
func result(r executor.Report) string {
	text := r.Message
	if r.Interrupted {
		text = "interrupted: " + text
	}
	switch {
	case r.Result == "":
		return text
	case r.State == ops.Succeeded || text == "":
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
