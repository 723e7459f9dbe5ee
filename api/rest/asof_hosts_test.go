package rest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// What tasks, attempts and access to accounts were at each step of their lives is read again when
// all of it is gone.
func TestAsOfTasksAndAccess(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathUser, act("update", m{"username": "admin", "ssh_keys": []string{opsKey}}))
	other, task := s.newTask(), s.newTask()
	paths := []string{
		pathTask, pathTask + "?order=desc&count=1", pathTask + "?start=1", pathTask + "?task_id=" + task, pathTask + "?state=failed",
		pathTask + "?machine_name=web01", pathTask + "?creator=ADMIN", pathTask + "?state=created&order=desc", "/v1/tasks/" + task + "/attempts",
		pathSSHKey + "?mode=user&username=admin", pathSSHKey + "?mode=ip&ip=" + machineIP(1), "/v1/access?machine=web01&account=root",
	}
	presence := strings.NewReplacer(`"installed":false`, `"installed":null`, `"installed":true`, `"installed":null`, `"problem":""`, `"problem":null`, `"error":""`, `"error":null`)
	type was struct {
		at     int64
		bodies map[string]string
	}
	var all []was
	note := func() {
		t.Helper()
		now := was{s.end(), map[string]string{}}
		for _, path := range paths {
			now.bodies[path] = s.do("GET", path, nil).body
		}
		s.awaitLog()
		all = append(all, now)
	}
	note()
	grant := m{"username": "admin", "ip": machineIP(1), "system_user": "root"}
	for range 2 {
		s.opsDo("POST", pathSSHKey, act("add", grant))
		note()
		s.opsDo("POST", pathSSHKey, act("delete", grant))
		note()
	}
	for _, outcome := range []ops.AttemptState{ops.Failed, ops.Succeeded} {
		accepted := s.opsDo("POST", pathUpdate, act("update", m{"executor": "admin", "task_id": task}))
		note()
		number, err := strconv.ParseInt(accepted.header.Get("Opsledger-Position"), 10, 64)
		must(t, err)
		s.happens(ops.RecordReport{Machine: 1, Task: task, Attempt: domain.Position(number), Begun: true})
		note()
		s.happens(ops.RecordReport{Machine: 1, Task: task, Attempt: domain.Position(number), End: &ops.End{Outcome: outcome, Result: "so"}})
		note()
	}
	s.opsDo("DELETE", pathTask+"?task_id="+task, nil)
	note()
	s.opsDo("DELETE", pathTask+"?task_id="+other, nil)
	s.opsDo("DELETE", pathMachine+"?machine_name=web01", nil)
	s.awaitLog()
	for _, then := range all {
		for _, path := range paths {
			got := s.asOfAny(path, then.at)
			want := then.bodies[path]
			if strings.HasPrefix(path, "/v1/access") {
				want = presence.Replace(atOf.ReplaceAllString(want, `"at":null`))
			}
			if got.body != want {
				t.Errorf("%s as of %d:\n%s, want\n%s", path, then.at, got.body, want)
			}
		}
	}
	history := s.history("/v1/tasks/"+task+"/history", 100)
	if len(history) != 8 || history[0].What != "TaskDeleted" || state(history[0].After) != "" || !strings.Contains(state(history[0].Before), `"state":"succeeded"`) ||
		!strings.Contains(state(history[4].After), `"state":"failed"`) {
		t.Errorf("%v", whats(history))
	}
}

// asOfAny is a reply on the past, whatever its status.
func (s *stack) asOfAny(path string, at int64) reply {
	s.t.Helper()
	joint := "?"
	if strings.Contains(path, joint) {
		joint = "&"
	}
	return s.do("GET", fmt.Sprint(path, joint, "as_of=", at), nil)
}
