package domaintest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// FirstID is the first id that a command takes from a sequence, FirstPrivilege
// that which it takes from [domain.SequencePrivilege], whose ids come in steps of three.
const (
	FirstID        = 100
	FirstPrivilege = 101
)

// Now is when every command is decided.
var Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Scenario is a log and an actor.
type Scenario struct {
	history *History
	actor   domain.UserID
}

// Given starts a scenario in which the events have happened and the system acts.
func Given(events ...domain.Event) Scenario { return Scenario{history: NewHistory(events...)} }

// By adds events that a user has caused.
func (s Scenario) By(user domain.UserID, events ...domain.Event) Scenario {
	s.history = s.history.Fork()
	s.history.AppendBy(user, events...)
	return s
}

// At adds events of the system that were recorded at a time.
func (s Scenario) At(at time.Time, events ...domain.Event) Scenario {
	s.history = s.history.Fork()
	s.history.AppendAt(at, events...)
	return s
}

// As lets another user act.
func (s Scenario) As(user domain.UserID) Scenario {
	s.actor = user
	return s
}

// When decides a command. It also decides it with each of its reads failing in turn: a
// decision that goes on without what it could not read is an error of the outcome.
func (s Scenario) When(c domain.Command) Outcome {
	h := s.history.Fork()
	events, err := c.Decide(h, Env(s.actor, c))
	for n := range h.loads {
		if _, unread := c.Decide(s.history.FailingAt(n+1), Env(s.actor, c)); !errors.Is(unread, ErrUnread) {
			return Outcome{Err: fmt.Errorf("read %d of %d fails, and the decision goes on", n+1, h.loads), history: h}
		}
	}
	return Outcome{Events: events, Err: err, history: h}
}

// Env returns what the command may know, with ids from [FirstID] on.
func Env(actor domain.UserID, c domain.Command) domain.Env {
	ids := map[domain.Sequence][]int64{}
	if a, ok := c.(domain.Allocator); ok {
		for _, s := range a.Allocates() {
			ids[s] = append(ids[s], nthID(s, int64(len(ids[s]))))
		}
	}
	return domain.NewEnv(actor, Now, ids)
}

func nthID(s domain.Sequence, n int64) int64 {
	if s == domain.SequencePrivilege {
		return FirstPrivilege + 3*n
	}
	return FirstID + n
}

// Outcome is what a decision came to.
type Outcome struct {
	Events  []domain.Event
	Err     error
	history *History
}

// Check is [Outcome.Then] or, where a table gives a code, [Outcome.ThenError].
func (o Outcome) Check(t testing.TB, then []domain.Event, code domain.Code, text string) {
	t.Helper()
	if code != "" {
		o.ThenError(t, code, text)
		return
	}
	o.Then(t, then...)
}

// Then fails the test unless exactly these events were decided.
func (o Outcome) Then(t testing.TB, want ...domain.Event) {
	t.Helper()
	if o.Err != nil {
		t.Fatalf("refused: %v", o.Err)
	}
	if len(o.Events) != len(want) || len(want) > 0 && !reflect.DeepEqual(o.Events, want) {
		t.Fatalf("decided\n%+v\nwant\n%+v", o.Events, want)
	}
}

// ThenError fails the test unless the command was refused with the code and a
// message that contains the text.
func (o Outcome) ThenError(t testing.TB, code domain.Code, text string) {
	t.Helper()
	var e *domain.Error
	if !errors.As(o.Err, &e) {
		t.Fatalf("decided %+v with error %v, want a refusal", o.Events, o.Err)
	}
	if e.Code != code || !strings.Contains(e.Message, text) {
		t.Fatalf("refused with %s %q, want %s %q", e.Code, e.Message, code, text)
	}
}

// CheckRace fails the test unless something was decided whose append fails, or
// does not, if the event has been appended in between.
func (o Outcome) CheckRace(t testing.TB, between domain.Event, conflict bool) {
	t.Helper()
	if o.Err != nil || len(o.Events) == 0 {
		t.Fatalf("decided %v, %v", o.Events, o.Err)
	}
	if got := o.Conflicts(between); got != conflict {
		t.Errorf("conflict %v, want %v", got, conflict)
	}
}

// Conflicts says whether the decision's append would fail if the event had
// been appended in between.
func (o Outcome) Conflicts(e domain.Event) bool { return o.history.Conflicts(e) }

// ConflictsBy is Conflicts for an event that the actor has caused.
func (o Outcome) ConflictsBy(actor domain.UserID, e domain.Event) bool {
	return o.history.ConflictsBy(actor, e)
}

// Must unwraps a constructor's result in a test's table.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
