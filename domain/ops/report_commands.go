package ops

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// progressEvery is the least time between two events about one attempt's percent. Hosts
// keep a longer one.
const progressEvery = 100 * time.Millisecond

// RecordReport takes a host's report about an attempt. A report that says nothing
// new, or is about an attempt that is over or another machine's, leads to no event,
// so that a report may come twice, late and out of order.
//
// Invariants:
//  1. The percents of an attempt's events rise, so that there are at most 100 of them,
//     whatever a host reports and however many of its reports are decided at once.
//  2. Between two of these events there is at least progressEvery.
type RecordReport struct {
	Machine int64
	Task    string
	Attempt domain.Position
	// Begun says that the host has begun the attempt, or had begun it before its end.
	Begun bool
	// Percent is how far the attempt is, nil if the report does not say.
	Percent *int
	// End is set with the last report.
	End *End
}

// End is how an attempt ended, as its host reports it.
type End struct {
	Outcome AttemptState
	// Result is shortened to MaxResult bytes of valid UTF-8.
	Result string
	Lines  int64
}

// Decide implements [domain.Command]. Only the system records reports; it knows
// the machine from the subject that a report came on.
func (c RecordReport) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if env.Actor != domain.System {
		return nil, domain.Forbidden("reports come from hosts alone")
	}
	if c.End != nil && !c.End.Outcome.Ended() {
		return nil, domain.Invalid("outcome", "a host cannot say %q", c.End.Outcome)
	}
	task := newReportFold(c.Task)
	if err := h.Load(task); err != nil {
		return nil, err
	}
	if task.Machine != c.Machine || !task.awaits(c.Attempt) {
		return nil, nil
	}
	return c.news(task, env.Now), nil
}

// news are the events that the report adds. If the host was given up as silent, a
// report that the attempt goes on makes it running again.
func (c RecordReport) news(task *reportFold, now time.Time) []domain.Event {
	var events []domain.Event
	if c.Begun && (!task.Attempt.Begun || task.Attempt.Presumed && c.End == nil) {
		events = append(events, AttemptStarted{Task: c.Task, Machine: c.Machine, Attempt: c.Attempt})
	}
	if percent, ok := c.progress(task, now); ok {
		events = append(events, AttemptProgressed{Task: c.Task, Machine: c.Machine, Attempt: c.Attempt, Percent: percent})
	}
	if c.End != nil {
		events = append(events, AttemptFinished{
			Task: c.Task, Machine: c.Machine, Attempt: c.Attempt,
			Outcome: c.End.Outcome, Result: shorten(c.End.Result), Lines: c.End.Lines,
		})
	}
	return events
}

// progress says whether the report has a percent that is to be known.
func (c RecordReport) progress(task *reportFold, now time.Time) (percent int, ok bool) {
	if c.Percent == nil || c.End != nil {
		return 0, false
	}
	percent = min(*c.Percent, 100)
	return percent, percent > task.Attempt.Percent && now.Sub(task.progressed) >= progressEvery
}

// shorten cuts a text to MaxResult bytes at a character, and makes it valid UTF-8.
func shorten(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\ufffd")
	if len(text) <= MaxResult {
		return text
	}
	end := MaxResult
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// PresumeEnd gives up waiting for a host: a begun attempt becomes unknown when its
// host is silent, and an attempt that was not begun by its deadline expires.
type PresumeEnd struct {
	Task    string
	Attempt domain.Position
	// Silent says that the host has sent no heartbeat for long.
	Silent bool
}

// Decide implements [domain.Command].
func (c PresumeEnd) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if env.Actor != domain.System {
		return nil, domain.Forbidden("only the control plane gives a host up")
	}
	task := newTaskFold(c.Task)
	if err := h.Load(task); err != nil {
		return nil, err
	}
	if !task.Exists || task.Attempt.Number != c.Attempt || !task.State.Open() {
		return nil, nil
	}
	outcome := Unknown
	switch {
	case task.Attempt.Begun && c.Silent:
	case !task.Attempt.Begun && !env.Now.Before(task.Attempt.Deadline):
		outcome = Expired
	default:
		return nil, nil
	}
	return []domain.Event{AttemptPresumed{Task: c.Task, Machine: task.Machine, Attempt: c.Attempt, Outcome: outcome}}, nil
}
