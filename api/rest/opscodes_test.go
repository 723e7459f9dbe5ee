package rest

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain/access"
)

// codeRow is a request that takes one permission code.
type codeRow struct {
	method, path string
	body         any
	code         int
}

// TestCodes asks every action of the operations dialect as who holds its code
// alone, and as who holds all codes but that one and 1.
func TestCodes(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(c *config) { c.Agents, c.Output, c.Offers = noAgents{}, newPrinted(), &offering{} })
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathUser, act("add", []m{changed(aUser("solo"), "permissions", []int{}), changed(aUser("other"), "permissions", []int{})}))
	solo, token := s.idOf("solo"), s.login("solo", "123456")
	s.ok("POST", "/auth/register_local", registration("leaver"))
	covered := map[int]bool{access.CodeAdmin: true}
	for _, r := range s.codeRows() {
		covered[r.code] = true
		var others []int
		for _, p := range access.Permissions() {
			if p.Code != access.CodeAdmin && p.Code != r.code {
				others = append(others, p.Code)
			}
		}
		s.holds(solo, others...)
		before := s.position()
		s.expectDenied(r, s.do(r.method, r.path, r.body, as(token)))
		if s.position() != before {
			s.t.Errorf("%s %s: denied, and the log grew", r.method, r.path)
		}
		s.holds(solo, r.code)
		s.opsOrV1(r, s.do(r.method, r.path, r.body, as(token)))
	}
	for _, p := range access.Permissions() {
		if !covered[p.Code] {
			t.Errorf("no request takes %s", p.Name)
		}
	}
}

func (s *stack) expectDenied(r codeRow, got reply) {
	s.t.Helper()
	name := access.Permitted(r.code).Name()
	if want := []string{notOK("无权限！缺少权限：" + name), `{"message":"无权限！缺少权限：` + name + `"}`}; got.status != 403 || !slices.Contains(want, got.body) {
		s.t.Errorf("%s %s %v without %s: %d %s", r.method, r.path, r.body, name, got.status, got.body)
	}
}

func (s *stack) opsOrV1(r codeRow, got reply) {
	s.t.Helper()
	if got.status != 200 || len(got.body) > 11 && got.body[:11] == `{"ok":false` {
		s.t.Errorf("%s %s %v with %s alone: %d %s", r.method, r.path, r.body, access.Permitted(r.code).Name(), got.status, got.body)
	}
}

// codeRows are in an order in which each can be carried out after those before.
func (s *stack) codeRows() []codeRow {
	task := s.newTask()
	execution := m{"task_id": task, "executor": "solo"}
	grant := m{"username": "other", "ip": machineIP(1), "system_user": "root"}
	return []codeRow{
		{"GET", pathTask, nil, access.CodeGetTask},
		{"GET", pathTask + "?task_id=" + task, nil, access.CodeGetTask},
		{"GET", "/v1/tasks/" + task + "/log", nil, access.CodeGetTask},
		{"GET", "/v1/tasks/" + task + "/attempts", nil, access.CodeGetTask},
		{"POST", pathTask, act("add", aTask("solo")), access.CodeAddTask},
		{"DELETE", pathTask + "?task_id=" + s.newTask(), nil, access.CodeDeleteTask},
		{"POST", pathUpdate, act("update", execution), access.CodeUpdate},
		{"POST", pathUpdate, act("cancel", execution), access.CodeUpdate},
		{"POST", pathMachine, act("update", execution), access.CodeUpdate},
		{"POST", pathUpdate, act("revert", m{"task_id": s.executed(), "executor": "solo"}), access.CodeRevert},
		{"POST", pathMachine, act("revert", m{"task_id": s.executed(), "executor": "solo"}), access.CodeRevert},
		{"GET", pathMachine, nil, access.CodeGetMachine},
		{"GET", pathMachine + "?machine_name=web01", nil, access.CodeGetMachine},
		{"GET", "/v1/agents", nil, access.CodeGetMachine},
		{"GET", "/v1/machines/web01/offers", nil, access.CodeGetMachine},
		{"POST", pathMachine, act("add", aMachine("web02", 2)), access.CodeAddMachine},
		{"POST", pathMachine, act("update", m{"machine_name": "web02", "location": "there"}), access.CodeUpdateMachine},
		{"DELETE", pathMachine + "?machine_name=web02", nil, access.CodeDeleteMachine},
		{"GET", pathUser, nil, access.CodeGetUser},
		{"GET", pathUser + "?username=other", nil, access.CodeGetUser},
		{"POST", pathUser, act("add", changed(aUser("third"), "permissions", "2")), access.CodeAddUser},
		{"POST", pathUser, act("update", m{"username": "other", "nickname": "x", "ssh_keys": []string{opsKey}, "new_passwd": "another"}), access.CodeUpdateUser},
		{"DELETE", pathUser, m{"username": "leaver"}, access.CodeDeleteUser},
		{"GET", pathPermission, nil, access.CodeGetPermission},
		{"GET", pathPermission + "?username=other", nil, access.CodeGetPermission},
		{"POST", pathSSHKey, act("add", grant), access.CodeManageSSHKey},
		{"GET", pathSSHKey + "?mode=user&username=other", nil, access.CodeGetSSHKey},
		{"GET", pathSSHKey + "?mode=ip&ip=" + machineIP(1), nil, access.CodeGetSSHKey},
		{"GET", "/v1/access?machine=web01&account=root", nil, access.CodeGetSSHKey},
		{"POST", pathSSHKey, act("delete", grant), access.CodeManageSSHKey},
	}
}

// executed is a task that was executed, and may be reverted.
func (s *stack) executed() string {
	s.t.Helper()
	task := s.newTask()
	accepted := s.opsDo("POST", pathUpdate, act("update", m{"task_id": task, "executor": "admin"}))
	s.report(task, accepted.header.Get("Opsledger-Position"), 100, "succeeded")
	return task
}

// TestOpsEscalation: nobody comes to more than they hold by any way.
func TestOpsEscalation(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathUser, act("add", []m{
		changed(aUser("climber"), "permissions", "2,3,4,6,9"), changed(aUser("strong"), "permissions", "3,17"), changed(aUser("weak"), "permissions", "6"),
	}))
	token := s.login("climber", "123456")
	refused := func(status int, says, path string, body any) {
		s.t.Helper()
		s.opsRefused("POST", path, body, status, says, as(token))
	}
	user := func(name, field string, value any) m { return act("update", m{"username": name, field: value}) }
	// Their own permissions: neither more, nor fewer, nor by another spelling of the name.
	refused(403, "自己的权限", pathUser, user("climber", "permissions", "1"))
	refused(403, "自己的权限", pathUser, user("CLIMBER", "permissions", "2,3,4,6,9,17"))
	refused(403, "自己的权限", pathUser, user("climber", "permissions", []int{3}))
	s.opsDo("POST", pathUser, user("climber", "permissions", "9,6,4,3,2"), as(token)) // no change
	// What they lack.
	refused(403, "addmachine", pathUser, user("weak", "permissions", "6,11"))
	refused(403, "admin", pathUser, user("weak", "permissions", "1"))
	refused(403, "admin", pathUser, act("add", changed(aUser("puppet"), "permissions", "1")))
	refused(403, "managesshkey", pathUser, act("add", []m{changed(aUser("puppet"), "permissions", "6"), changed(aUser("puppet2"), "permissions", "6,17")}))
	s.opsDo("POST", pathUser, user("weak", "permissions", "6,9"), as(token))
	// Those who hold what they lack, and admin.
	for _, name := range []string{"strong", "admin"} {
		refused(403, "您没有的", pathUser, user(name, "new_passwd", "mine now"))
		refused(403, "您没有的", pathUser, user(name, "ssh_keys", []string{opsKey}))
		refused(403, "", pathUser, user(name, "permissions", "6"))
		s.opsRefused("DELETE", pathUser+"?username="+name, nil, 403, "您没有的", as(token))
	}
	refused(403, "managesshkey", pathSSHKey, act("add", m{"username": "climber", "ip": machineIP(1), "system_user": "root"}))
	// In another's name.
	refused(200, "creator必须是调用者本人", pathTask, act("add", aTask("admin")))
	task := s.newTask()
	refused(200, "executor必须是调用者本人", pathUpdate, act("update", m{"task_id": task, "executor": "admin"}))
	refused(403, "revert", pathUpdate, act("revert", m{"task_id": task, "executor": "climber"}))
	// A token alone is not enough for one's own password.
	weak := s.login("weak", "123456")
	own := m{"username": "weak", "new_passwd": "another"}
	s.opsRefused("POST", pathUser, act("update", own), 200, "old_passwd", as(weak))
	if got := s.do("POST", pathUser, act("update", changed(own, "old_passwd", "wrong one")), as(weak)); got.body != notOK("原密码错误！") {
		t.Error(got.body)
	}
	s.opsRefused("POST", pathUser, act("update", changed(own, "username", "strong")), 403, "updateuser", as(weak))
	s.opsRefused("GET", pathUser+"?username=strong", nil, 403, "getuser", as(weak))
	s.opsRefused("GET", pathUser+"?username=nobody", nil, 403, "getuser", as(weak)) // no hint which there are
	s.opsRefused("DELETE", pathUser+"?username=nobody", nil, 403, "deleteuser", as(weak))
	s.opsRefused("POST", pathUser, act("update", changed(own, "username", "nobody")), 403, "updateuser", as(weak))
	s.opsDo("GET", pathUser+"?username=weak", nil, as(weak))
	s.opsDo("GET", pathPermission+"?username=WEAK", nil, as(weak))
	s.opsDo("POST", pathUser, act("update", m{"username": "weak", "nickname": "w", "department": "d", "ssh_keys": []string{opsKey}, "permissions": "6,9"}), as(weak))
	s.opsDo("POST", pathUser, act("update", changed(own, "old_passwd", "123456")), as(weak))
	s.opsRefused("GET", pathUser+"?username=weak", nil, 403, "Token is invalid!", as(weak)) // the password ended it
	// What is taken away is gone at once; code 1 is nothing in the other dialect.
	s.holds(s.idOf("climber"), 1)
	s.opsDo("GET", pathMachine, nil, as(token))
	s.forbidden(token, "GET", "/admin/users", nil, "admin")
	s.holds(s.idOf("climber"))
	s.opsRefused("GET", pathMachine, nil, 403, "getmachine", as(token))
}
