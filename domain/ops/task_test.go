package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

func taskInput(creator, ip string) ops.TaskInput {
	description := "new page"
	return ops.TaskInput{
		IP: &ip, Creator: &creator, Action: &order.Action, Target: &order.Target,
		Version: &order.Version, Content: &order.Content, Description: &description,
	}
}

func create(creator, ip string) domain.Command {
	return domaintest.Must(ops.NewCreateTask(task, taskInput(creator, ip)))
}

func accept(mode ops.Mode) domain.Command {
	return domaintest.Must(ops.NewAcceptAttempt(task, "operator", mode, time.Hour, nil))
}

func TestTasks(t *testing.T) {
	t.Parallel()
	plan := created().(ops.TaskCreated)
	plan.ID = domaintest.FirstID
	byAdmin := domaintest.Must(ops.NewAcceptAttempt(task, "OPERATOR", ops.ModeUpdate, time.Hour, nil))
	remove := domaintest.Must(ops.NewDeleteTask(task, nil))
	check(t, []rule{
		{name: "create", as: operator, given: given(), when: create("operator", "10.0.0.1"), then: []domain.Event{plan}},
		{name: "for another, by an admin", as: admin, given: given(), when: create("operator", "10.0.0.1"), then: []domain.Event{plan}},
		{name: "for another", as: operator, given: given(), when: create("nobody", "10.0.0.1"), code: domain.CodeRefused, text: "creator must be the caller"},
		{name: "for nobody", as: admin, given: given(), when: create("nix", "10.0.0.1"), code: domain.CodeRefused, text: "creator: user nix does not exist"},
		{name: "without the right", as: nobody, given: given(), when: create("nobody", "10.0.0.1"), code: domain.CodeForbidden, text: "addtask"},
		{name: "unknown machine", as: operator, given: given(), when: create("operator", "10.0.0.5"), code: domain.CodeRefused, text: "ip 10.0.0.5"},
		{name: "deleted machine", as: operator, given: given(ops.MachineDeleted{ID: 7, Machine: web}), when: create("operator", "10.0.0.1"), code: domain.CodeRefused, text: "ip 10.0.0.1"},
		{name: "accept", as: operator, given: given(created()), when: accept(ops.ModeUpdate), then: []domain.Event{accepted()}},
		{name: "accept by an admin", as: admin, given: given(created()), when: byAdmin, then: []domain.Event{accepted()}},
		{name: "accept without the right", as: nobody, given: given(created()), when: accept(ops.ModeUpdate), code: domain.CodeForbidden, text: "update"},
		{name: "accept what is not there", as: operator, given: given(), when: accept(ops.ModeUpdate), code: domain.CodeRefused, text: "does not exist"},
		{name: "delete", as: operator, given: given(created()), when: remove, then: []domain.Event{ops.TaskDeleted{Task: task, Machine: 7}}},
		{name: "delete while queued", as: operator, given: given(created(), accepted()), when: remove, code: domain.CodeRefused, text: "queued"},
		{name: "delete twice", as: operator, given: given(created(), ops.TaskDeleted{Task: task, Machine: 7}), when: remove, code: domain.CodeRefused, text: "does not exist"},
	})
}

// What may be done to a task in each state.
func TestStates(t *testing.T) {
	t.Parallel()
	done := []domain.Event{created(), accepted(), started(8), finished(8, ops.Succeeded)}
	revert := func(more ...domain.Event) []domain.Event { return append(append([]domain.Event{}, done...), more...) }
	for _, c := range []struct {
		state                  ops.State
		after                  []domain.Event
		update, revert, cancel string // what a refusal says, empty if allowed
		status, reverted       int
	}{
		{ops.StateCreated, []domain.Event{created()}, "", "has not been executed", "nothing to cancel", 0, 0},
		{ops.StateQueued, []domain.Event{created(), accepted()}, "queued", "queued", "", 0, 0},
		{ops.StateRunning, []domain.Event{created(), accepted(), started(8)}, "running", "running", "", 1, 0},
		{ops.StateSucceeded, done, "task has been executed", "", "nothing", 1, 0},
		{ops.StateFailed, []domain.Event{created(), accepted(), finished(8, ops.Failed)}, "", "has not been executed", "nothing", 2, 0},
		{ops.StateCancelled, []domain.Event{created(), accepted(), presumed(8, ops.Cancelled)}, "", "has not", "nothing", 3, 0},
		{ops.StateExpired, []domain.Event{created(), accepted(), presumed(8, ops.Expired)}, "", "has not", "nothing", 2, 0},
		{ops.StateUnknown, []domain.Event{created(), accepted(), started(8), presumed(8, ops.Unknown)}, "unknown", "unknown", "", 4, 0},
		{ops.StateRevertQueued, revert(reverting()), "revert_queued", "revert_queued", "", 1, 1},
		{ops.StateReverting, revert(reverting(), started(11)), "reverting", "reverting", "", 1, 1},
		{ops.StateReverted, revert(reverting(), started(11), finished(11, ops.Succeeded)), "has been executed", "reverted", "nothing", 1, 1},
		{ops.StateRevertFailed, revert(reverting(), started(11), finished(11, ops.Failed)), "has been executed", "", "nothing", 1, 2},
		{ops.StateRevertUnknown, revert(reverting(), started(11), presumed(11, ops.Unknown)), "has been executed", "revert_unknown", "", 4, 1},
		{ops.StateSucceeded, revert(reverting(), presumed(11, ops.Cancelled)), "has been executed", "", "nothing", 1, 0},
		{ops.StateRevertFailed, revert(reverting(), started(11), finished(11, ops.Cancelled)), "has been executed", "", "nothing", 1, 2},
	} {
		t.Run(string(c.state), func(t *testing.T) {
			t.Parallel()
			for _, try := range []struct {
				when domain.Command
				text string
			}{
				{accept(ops.ModeUpdate), c.update}, {accept(ops.ModeRevert), c.revert},
				{domaintest.Must(ops.NewCancelAttempt(task)), c.cancel},
			} {
				outcome := domaintest.Given(given(c.after...)...).As(operator).When(try.when)
				if try.text != "" {
					outcome.ThenError(t, domain.CodeRefused, try.text)
				} else if outcome.Err != nil || len(outcome.Events) == 0 {
					t.Errorf("%T: %v, %v", try.when, outcome.Events, outcome.Err)
				}
			}
			if c.state.Status() != c.status || c.state.Revert() != c.reverted {
				t.Errorf("status %d, revert %d", c.state.Status(), c.state.Revert())
			}
		})
	}
}

func TestRevertTakesBackTheAttemptThatSucceeded(t *testing.T) {
	t.Parallel()
	domaintest.Given(given(
		created(), accepted(), finished(8, ops.Failed), accepted(), started(10), finished(10, ops.Succeeded),
	)...).As(operator).When(accept(ops.ModeRevert)).Then(t, func() domain.Event {
		e := reverting().(ops.AttemptAccepted)
		e.Of = 10
		return e
	}())
}

func TestCancel(t *testing.T) {
	t.Parallel()
	cancel := domaintest.Must(ops.NewCancelAttempt(task))
	asked := ops.CancelRequested{Task: task, Machine: 7, Attempt: 8}
	check(t, []rule{
		{name: "before the host begins", as: operator, given: given(created(), accepted()), when: cancel, then: []domain.Event{asked, presumed(8, ops.Cancelled)}},
		{name: "while it runs", as: operator, given: given(created(), accepted(), started(8)), when: cancel, then: []domain.Event{asked}},
		{name: "again while it runs", as: operator, given: given(created(), accepted(), started(8), asked), when: cancel},
		{name: "after the host went silent", as: operator, given: given(created(), accepted(), started(8), asked, presumed(8, ops.Unknown)), when: cancel, then: []domain.Event{presumed(8, ops.Cancelled)}},
	})
}

// Of two commands that accept the same task, the second must read again.
func TestAttemptRaces(t *testing.T) {
	t.Parallel()
	accepting := domaintest.Given(given(created())...).As(operator).When(accept(ops.ModeUpdate))
	deleting := domaintest.Given(given(created())...).As(operator).When(domaintest.Must(ops.NewDeleteTask(task, nil)))
	for name, race := range map[string]domaintest.Outcome{"accept": accepting, "delete": deleting} {
		if !race.Conflicts(accepted()) || !race.Conflicts(ops.TaskDeleted{Task: task, Machine: 7}) {
			t.Errorf("%s is not guarded", name)
		}
		if race.Conflicts(ops.AttemptProgressed{Task: task, Machine: 7, Attempt: 8, Percent: 5}) {
			t.Errorf("%s conflicts with progress", name)
		}
	}
}

func TestTaskForms(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*ops.TaskInput){
		"ip":          func(in *ops.TaskInput) { in.IP = new("web01") },
		"creator":     func(in *ops.TaskInput) { in.Creator = nil },
		"action":      func(in *ops.TaskInput) { in.Action = new("../sh") },
		"target":      func(in *ops.TaskInput) { in.Target = new("") },
		"version":     func(in *ops.TaskInput) { in.Version = new("1\n2") },
		"content":     func(in *ops.TaskInput) { in.Content = new("a\x00") },
		"description": func(in *ops.TaskInput) { in.Description = new(strings.Repeat("x", 5000)) },
	} {
		in := taskInput("operator", "10.0.0.1")
		spoil(&in)
		_, err := ops.NewCreateTask(task, in)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, field)
	}
	for _, action := range []string{"-rf", ".", "a/b", "a b", "", strings.Repeat("a", 65)} {
		in := taskInput("operator", "10.0.0.1")
		in.Action = &action
		if _, err := ops.NewCreateTask(task, in); err == nil {
			t.Errorf("action %q", action)
		}
	}
	for _, name := range []string{"", "12", strings.ToUpper(task), task + "0", strings.Repeat("g", 32)} {
		if _, err := ops.NewDeleteTask(name, nil); err == nil {
			t.Errorf("task_id %q", name)
		}
	}
}
