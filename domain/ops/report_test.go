package ops_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

func report(attempt domain.Position, percent int, end *ops.End) ops.RecordReport {
	r := ops.RecordReport{Machine: 7, Task: task, Attempt: attempt, Begun: true, End: end}
	if percent >= 0 {
		r.Percent = &percent
	}
	return r
}

func TestReports(t *testing.T) {
	t.Parallel()
	ok, failed := &ops.End{Outcome: ops.Succeeded}, &ops.End{Outcome: ops.Failed}
	half := ops.AttemptProgressed{Task: task, Machine: 7, Attempt: 8, Percent: 50}
	foreign := report(8, -1, ok)
	foreign.Machine = 8
	refused := report(8, -1, failed)
	refused.Begun = false
	check(t, []rule{
		{name: "started", given: given(created(), accepted()), when: report(8, -1, nil), then: []domain.Event{started(8)}},
		{name: "started twice", given: given(created(), accepted(), started(8)), when: report(8, -1, nil)},
		{name: "first heard at half", given: given(created(), accepted()), when: report(8, 50, nil), then: []domain.Event{started(8), half}},
		{name: "the same half", given: given(created(), accepted(), started(8), half), when: report(8, 50, nil)},
		{name: "less than half", given: given(created(), accepted(), started(8), half), when: report(8, 49, nil)},
		{name: "nothing yet", given: given(created(), accepted(), started(8)), when: report(8, 0, nil)},
		{name: "less than nothing", given: given(created(), accepted(), started(8)), when: report(8, -7, nil)},
		{name: "too much", given: given(created(), accepted(), started(8)), when: report(8, 900, nil), then: []domain.Event{ops.AttemptProgressed{Task: task, Machine: 7, Attempt: 8, Percent: 100}}},
		{name: "ended", given: given(created(), accepted(), started(8)), when: report(8, -1, ok), then: []domain.Event{finished(8, ops.Succeeded)}},
		{name: "ended, all at once", given: given(created(), accepted()), when: report(8, -1, ok), then: []domain.Event{started(8), finished(8, ops.Succeeded)}},
		{name: "never begun", given: given(created(), accepted()), when: refused, then: []domain.Event{finished(8, ops.Failed)}},
		{name: "ended twice", given: given(created(), accepted(), finished(8, ops.Succeeded)), when: report(8, -1, failed)},
		{name: "of an attempt before", given: given(created(), accepted(), finished(8, ops.Failed), accepted()), when: report(8, -1, ok)},
		{name: "of an attempt to come", given: given(created(), accepted()), when: report(9, -1, ok)},
		{name: "from another machine", given: given(created(), accepted()), when: foreign},
		{name: "of a deleted task", given: given(created(), accepted(), presumed(8, ops.Unknown), ops.TaskDeleted{Task: task, Machine: 7}), when: report(8, -1, ok)},
		{name: "of no task", given: given(), when: report(8, -1, ok)},
		{name: "late end settles unknown", given: given(created(), accepted(), started(8), presumed(8, ops.Unknown)), when: report(8, -1, failed), then: []domain.Event{finished(8, ops.Failed)}},
		{name: "late end settles expired", given: given(created(), accepted(), presumed(8, ops.Expired)), when: report(8, -1, ok), then: []domain.Event{started(8), finished(8, ops.Succeeded)}},
		{name: "heard again", given: given(created(), accepted(), started(8), presumed(8, ops.Unknown)), when: report(8, 50, nil), then: []domain.Event{started(8), half}},
		{name: "presumed, then accepted again", given: given(created(), accepted(), presumed(8, ops.Expired), accepted()), when: report(8, -1, ok)},
		{name: "what a host cannot know", given: given(created(), accepted()), when: report(8, -1, &ops.End{Outcome: ops.Unknown}), code: domain.CodeInvalid, text: "outcome"},
		{name: "from a user", as: admin, given: given(created(), accepted()), when: report(8, -1, ok), code: domain.CodeForbidden},
	})
}

// Percents come into the log slowly, and each only once however many reports of it are
// decided at the same time.
func TestProgressIsBounded(t *testing.T) {
	t.Parallel()
	half := ops.AttemptProgressed{Task: task, Machine: 7, Attempt: 8, Percent: 50}
	more := ops.AttemptProgressed{Task: task, Machine: 7, Attempt: 8, Percent: 51}
	running := domaintest.Given(given(created(), accepted(), started(8))...)
	running.At(domaintest.Now.Add(-99*time.Millisecond), half).When(report(8, 51, nil)).Then(t)
	running.At(domaintest.Now.Add(-100*time.Millisecond), half).When(report(8, 51, nil)).Then(t, more)
	running.At(domaintest.Now, half).When(report(8, 51, &ops.End{Outcome: ops.Succeeded})).Then(t, finished(8, ops.Succeeded))
	next := ops.AttemptProgressed{Task: task, Machine: 7, Attempt: 12, Percent: 1}
	running.At(domaintest.Now, half, finished(8, ops.Failed), accepted()).When(ops.RecordReport{
		Machine: 7, Task: task, Attempt: 12, Percent: &next.Percent,
	}).Then(t, next)
	running.When(report(8, 50, nil)).CheckRace(t, half, true)
}

func TestPresume(t *testing.T) {
	t.Parallel()
	silent := ops.PresumeEnd{Task: task, Attempt: 8, Silent: true}
	late := ops.PresumeEnd{Task: task, Attempt: 8}
	overdue := accepted().(ops.AttemptAccepted)
	overdue.Deadline = domaintest.Now
	check(t, []rule{
		{name: "silent while running", given: given(created(), accepted(), started(8)), when: silent, then: []domain.Event{presumed(8, ops.Unknown)}},
		{name: "silent while queued", given: given(created(), accepted()), when: silent},
		{name: "silent after the end", given: given(created(), accepted(), started(8), finished(8, ops.Failed)), when: silent},
		{name: "overdue", given: given(created(), overdue), when: late, then: []domain.Event{presumed(8, ops.Expired)}},
		{name: "overdue but running", given: given(created(), overdue, started(8)), when: late},
		{name: "not yet", given: given(created(), accepted()), when: late},
		{name: "another attempt", given: given(created(), accepted(), finished(8, ops.Failed), overdue), when: late},
		{name: "by a user", as: admin, given: given(created(), overdue), when: late, code: domain.CodeForbidden},
	})
	expiring := domaintest.Given(given(created(), overdue)...).When(late)
	if !expiring.Conflicts(started(8)) || !expiring.Conflicts(finished(8, ops.Succeeded)) {
		t.Error("an attempt can expire while its host begins or ends it")
	}
}

func TestResultsAreShortened(t *testing.T) {
	t.Parallel()
	end := &ops.End{Outcome: ops.Failed, Result: "a\x00\xff" + strings.Repeat("语", ops.MaxResult)}
	outcome := domaintest.Given(given(created(), accepted(), started(8))...).When(report(8, -1, end))
	result := outcome.Events[0].(ops.AttemptFinished).Result
	if len(result) > ops.MaxResult || len(result) < ops.MaxResult-3 || !utf8.ValidString(result) || !strings.HasPrefix(result, "a\ufffd语") {
		t.Errorf("a result of %d bytes, valid %v: %.9q", len(result), utf8.ValidString(result), result)
	}
}
