package system

import (
	"fmt"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/test/deployment"
)

// A report counts once, for the attempt that it names, while that is open, and
// only from the machine that the task is for. What does not count is taken all
// the same, so that nobody repeats it for ever, and says nothing.
func TestReportsCountOnce(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve", "--nats-listen", "127.0.0.1:0")
	log := s.OpenLog()
	wantHistory := func(what, task string, want ...string) {
		t.Helper()
		if got := log.Types(ops.TagTask(task)); !slices.Equal(got, want) {
			t.Errorf("%s: the log has %v, want %v", what, got, want)
		}
	}
	own, other := newSpeaker(t, s, "web01", "10.0.0.1"), newSpeaker(t, s, "web02", "10.0.0.2")
	task := s.NewTask("10.0.0.1", "say", "target", "1", "content")
	first := domain.Position(s.Execute(task, "update"))
	failed := &ops.End{Outcome: ops.Failed, Result: "no"}

	begun := protocol.AttemptReport{Task: task, Attempt: first, Begun: true}
	fifty := 50
	half := protocol.AttemptReport{Task: task, Attempt: first, Begun: true, Percent: &fifty}
	ended := protocol.AttemptReport{Task: task, Attempt: first, Begun: true, End: failed}
	for _, report := range []protocol.AttemptReport{begun, begun, half, half, begun, ended, ended} {
		own.told(report)
	}
	said := []string{"TaskCreated", "AttemptAccepted", "AttemptStarted", "AttemptProgressed", "AttemptFinished"}
	wantHistory("each twice", task, said...)

	second := domain.Position(s.Execute(task, "update"))
	said = append(said, "AttemptAccepted")
	own.told(ended, protocol.AttemptReport{Task: task, Attempt: second + 1000, Begun: true})
	own.told(half)
	other.told(protocol.AttemptReport{Task: task, Attempt: second, Begun: true, End: failed})
	wantHistory("late, of no attempt, and of another machine", task, said...)
	if got := s.Task(task); got.State != "queued" {
		t.Errorf("%+v", got)
	}

	// What else stolen credentials cannot do is tested in package busauth.
	other.cannotReportAs(own, protocol.AttemptReport{Task: task, Attempt: second, Begun: true, End: failed})
	wantHistory("on another machine's subject", task, said...)

	// Both at the same time, from two connections of one host: one end.
	ends := make(chan error, 4) // more of one host are not heard at once
	for i := range cap(ends) {
		go func() {
			end := &ops.End{Outcome: ops.Succeeded, Result: fmt.Sprint(i)}
			_, err := own.report(protocol.AttemptReport{Task: task, Attempt: second, Begun: true, End: end})
			ends <- err
		}()
	}
	for range cap(ends) {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	wantHistory("many at once", task, append(said, "AttemptStarted", "AttemptFinished")...)
	s.AwaitEnd(task, "succeeded")
}
