package ops_test

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

// The users of the tests: admin has the role, operator all codes but admin,
// nobody none.
const (
	admin    domain.UserID = 1
	operator domain.UserID = 2
	nobody   domain.UserID = 3
)

const (
	task  = "0358c3c78f5211e685855cf9389306a2"
	other = "ffffc3c78f5211e685855cf9389306a2"
)

var (
	order = ops.Order{Action: "update", Target: "web", Version: "7", Content: "a.html"}
	web   = ops.MachineData{Name: "web01", InsideIP: "10.0.0.1", OutsideIP: "192.0.2.1", Usage: "web", Location: "here"}
	db    = ops.MachineData{Name: "db01", InsideIP: "10.0.0.2", OutsideIP: "10.0.0.2", Usage: "db", Initialized: 1, Location: "here"}
)

// given is a log with three users and, at position 6, the machine web01 (id 7).
func given(more ...domain.Event) []domain.Event {
	var codes []int
	for _, p := range access.Permissions() {
		if p.Code != access.CodeAdmin {
			codes = append(codes, p.Code)
		}
	}
	return append([]domain.Event{
		access.UserRegistered{ID: admin, Username: "admin"},
		access.UserRolesChanged{ID: admin, Before: []int64{}, After: []int64{access.RoleAdmin}},
		access.UserRegistered{ID: operator, Username: "Operator"},
		access.UserPermissionsChanged{ID: operator, Codes: codes},
		access.UserRegistered{ID: nobody, Username: "nobody"},
		ops.MachineAdded{ID: 7, Machine: web},
	}, more...)
}

// created is the task at position 7, which accepted makes attempt 8 of.
func created() domain.Event {
	return ops.TaskCreated{
		ID: 1, Task: task, Machine: 7, IP: "10.0.0.1", Creator: operator, CreatorName: "Operator",
		Order: order, Description: "new page",
	}
}

func accepted() domain.Event {
	return ops.AttemptAccepted{
		Task: task, Machine: 7, Mode: ops.ModeUpdate, Executor: operator, ExecutorName: "Operator",
		Order: order, Deadline: domaintest.Now.Add(time.Hour),
	}
}

func started(attempt domain.Position) domain.Event {
	return ops.AttemptStarted{Task: task, Machine: 7, Attempt: attempt}
}

func finished(attempt domain.Position, o ops.AttemptState) domain.Event {
	return ops.AttemptFinished{Task: task, Machine: 7, Attempt: attempt, Outcome: o}
}

func presumed(attempt domain.Position, o ops.AttemptState) domain.Event {
	return ops.AttemptPresumed{Task: task, Machine: 7, Attempt: attempt, Outcome: o}
}

// reverting accepts a revert of attempt 8.
func reverting() domain.Event {
	e := accepted().(ops.AttemptAccepted)
	e.Mode, e.Of = ops.ModeRevert, 8
	return e
}

// rule is one row of a table of decisions.
type rule struct {
	name  string
	as    domain.UserID
	given []domain.Event
	when  domain.Command
	then  []domain.Event
	code  domain.Code
	text  string
}

func check(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			domaintest.Given(r.given...).As(r.as).When(r.when).Check(t, r.then, r.code, r.text)
		})
	}
}
