package rest

import (
	"context"
	"fmt"
	"strings"

	v1 "github.com/opsledger/opsledger/api/v1"
)

// opsDenial is how the 403 of a principal begins in the operations dialect.
func opsDenial(who int) string {
	switch who {
	case asNobody:
		return `{"ok":false,"info":"Token is missing!"}`
	case asExpired, asUnsigned, asForger:
		return `{"ok":false,"info":"Token is invalid!"}`
	default:
		return `{"ok":false,"info":"无权限！缺少权限：`
	}
}

// allCodes are those of the catalogue but admin.
const allCodes = "2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"

// prepareOps gives the holder all permissions, the clerk two, and makes what reads are about.
func (x *matrix) prepareOps() {
	x.t.Helper()
	x.opsDo("POST", pathUser, act("update", m{"username": "holder", "permissions": allCodes}))
	x.opsDo("POST", pathUser, act("update", m{"username": "clerk", "permissions": "3,4"}))
	x.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	x.task = x.newTask()
}

// rowsOfOps: who has the permissions may, and admin. As for which permission
// each route takes, see [TestCodes].
func rowsOfOps() map[string]row {
	holders, all := users(403, 403, 403, 200, 200), everybody(200)
	newMachine := func(x *matrix) m {
		*x.names++
		return aMachine(x.fresh("m"), *x.names)
	}
	return map[string]row{
		"GET /api/task":    {func(*matrix) (string, any) { return pathTask, nil }, holders},
		"POST /api/task":   {func(*matrix) (string, any) { return pathTask, act("add", aTask("holder")) }, holders},
		"DELETE /api/task": {func(x *matrix) (string, any) { return pathTask + "?task_id=" + x.newTask(), nil }, holders},

		"GET /api/machine":  {func(*matrix) (string, any) { return pathMachine, nil }, holders},
		"POST /api/machine": {func(x *matrix) (string, any) { return pathMachine, act("add", newMachine(x)) }, holders},
		"DELETE /api/machine": {func(x *matrix) (string, any) {
			machine := newMachine(x)
			x.opsDo("POST", pathMachine, act("add", machine))
			return pathMachine + "?machine_name=" + machine["machine_name"].(string), nil
		}, holders},

		"POST /api/update": {func(x *matrix) (string, any) {
			return pathUpdate, act("update", m{"executor": "holder", "task_id": x.newTask()})
		}, holders},

		"GET /api/user":  {func(*matrix) (string, any) { return pathUser, nil }, holders},
		"POST /api/user": {func(x *matrix) (string, any) { return pathUser, act("add", aUser(x.fresh("ops"))) }, holders},
		"DELETE /api/user": {func(x *matrix) (string, any) {
			name := x.fresh("gone")
			x.ok("POST", "/auth/register_local", registration(name))
			return pathUser + "?username=" + name, nil
		}, holders.clerk(200)},

		"GET /api/login":      {func(*matrix) (string, any) { return pathLogin, nil }, all},
		"POST /api/login":     {func(*matrix) (string, any) { return pathLogin, m{"name": "admin", "password": adminPassword} }, all},
		"GET /api/permission": {func(*matrix) (string, any) { return pathPermission, nil }, holders},

		"GET /api/ssh_key_manage": {func(*matrix) (string, any) { return pathSSHKey + "?mode=user&username=admin", nil }, holders},
		"POST /api/ssh_key_manage": {func(*matrix) (string, any) {
			return pathSSHKey, act("add", m{"username": "admin", "ip": machineIP(1), "system_user": "root"})
		}, holders},

		"GET /v1/agents":        {func(*matrix) (string, any) { return "/v1/agents", nil }, holders},
		"GET /v1/access":        {func(*matrix) (string, any) { return "/v1/access?machine=web01&account=root", nil }, holders},
		"GET /v1/tasks/:id/log": {func(x *matrix) (string, any) { return "/v1/tasks/" + x.task + "/log", nil }, holders},

		"GET /v1/tasks/:id/history":    {func(x *matrix) (string, any) { return "/v1/tasks/" + x.task + "/history", nil }, holders},
		"GET /v1/machines/:id/history": {func(*matrix) (string, any) { return "/v1/machines/1/history", nil }, holders},

		"GET /v1/tasks/:id/attempts":    {func(x *matrix) (string, any) { return "/v1/tasks/" + x.task + "/attempts", nil }, holders},
		"GET /v1/machines/:name/offers": {func(*matrix) (string, any) { return "/v1/machines/web01/offers", nil }, holders},
	}
}

// goodToken has the form of a token for an enrolment.
const goodToken = "ole_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// anybody enrols whoever has a token of the right form.
type anybody struct{}

func (anybody) Redeem(context.Context, string, string, string) (v1.Enrolment, error) {
	return v1.Enrolment{Kind: "server", ID: 1, URL: "tls://nats:4222", JWT: "j", Key: []byte("k")}, nil
}

// noAgents is a system without agents.
type noAgents struct{}

func (noAgents) Agents(context.Context) ([]v1.Agent, error) { return nil, nil }

// act is the body of a POST of the operations dialect.
func act(action string, data any) m { return m{"action": action, "data": data} }

func machineIP(n int) string { return fmt.Sprintf("10.8.%d.%d", n/256, n%256) }

func aMachine(name string, n int) m {
	return m{"machine_name": name, "inside_ip": machineIP(n), "outside_ip": fmt.Sprintf("192.0.%d.%d", n/256, n%256), "usage": "web 服务器1", "is_initialized": 0, "location": "阿里云"}
}

// aTask is for the machine 1.
func aTask(creator string) m {
	return m{"ip": machineIP(1), "creator": creator, "action": "update_db", "target": "db_name", "version": "1234", "content": "/path/to/file", "description": "更新xxx功能"}
}

func aUser(name string) m {
	return m{"mail": name + "@example.com", "username": name, "passwd": "123456", "department": "dev", "permissions": "6,8"}
}

// newTask makes a task as admin and returns its name.
func (s *stack) newTask() string {
	s.t.Helper()
	got := s.opsDo("POST", pathTask, act("add", aTask("admin")))
	return strings.TrimPrefix(got.header.Get("Location"), pathTask+"?task_id=")
}
