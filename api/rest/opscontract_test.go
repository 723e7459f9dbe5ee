package rest

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

const opsKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXHNtlNb8Y4RtdkZ5QHnQ8ZcYCc0l1FTrwmY0r1VbfX"

// TestOpsContract walks through every path of the operations dialect and
// compares the replies, byte for byte, with the forms that the document prints.
func TestOpsContract(t *testing.T) {
	t.Parallel()
	hosts := somewhereElse{1: time.Unix(1480471675, 0)}
	s := newStack(t, func(c *config) { c.Presence, c.Agents, c.Output = hosts, hosts, newPrinted() })
	s.contractMachines()
	s.contractTasks()
	s.contractUpdates()
	s.contractOpsUsers()
	s.contractLogins()
	s.contractPermissions()
	s.contractKeys()
	s.contractOpsErrors()
	s.contractBadBodies()
	s.contractOpsHeaders()
	s.expect(s.do("GET", "/v1/agents", nil), 200, `{"agents":[{"kind":"server","id":1,"name":"s1","online":true,"last_seen":"2016-11-30T02:07:55Z","version":"9.20","duplicate":true,"connections":[{"address":"10.0.0.1","host":"ns1","started":"2016-11-30T02:07:55Z","last_seen":"2016-11-30T02:07:55Z","orders":true}]},{"kind":"machine","id":1,"name":"web01","online":false,"last_seen":null,"version":"","duplicate":false,"connections":[]}]}`)
}

// somewhereElse says when hosts were last seen; all of them are online.
type somewhereElse map[int64]time.Time

func (h somewhereElse) Host(id int64) (bool, time.Time) { return !h[id].IsZero(), h[id] }

func (h somewhereElse) Agents(context.Context) ([]v1.Agent, error) {
	seen := h[1].UTC()
	return []v1.Agent{
		{Kind: v1.AgentOfServer, ID: 1, Name: "s1", Online: true, LastSeen: &seen, Version: "9.20", Duplicate: true, Connections: []v1.Connection{
			{Address: "10.0.0.1", Host: "ns1", Started: seen, LastSeen: seen, Orders: true},
		}},
		{Kind: v1.AgentOfMachine, ID: 1, Name: "web01", Connections: []v1.Connection{}},
	}, nil
}

func (s *stack) contractMachines() {
	s.t.Helper()
	web := aMachine("web01", 1)
	s.expect(s.do("GET", pathMachine, nil), 200, info(`{"data":[],"count":0}`))
	s.expect(s.do("POST", pathMachine, act("add", web)), 200, info(`"add machine info ok"`))
	s.expect(s.do("POST", pathMachine, act("add", changed(changed(aMachine("web02", 2), "usage", nil), "userage", "web 服务器2"))), 200, info(`"add machine info ok"`))
	one := `{"id":1,"machine_name":"web01","inside_ip":"10.8.0.1","outside_ip":"192.0.0.1","usage":"web 服务器1","userage":"web 服务器1","is_initialized":0,"location":"阿里云","online":true,"last_seen":1480471675}`
	two := `{"id":2,"machine_name":"web02","inside_ip":"10.8.0.2","outside_ip":"192.0.0.2","usage":"web 服务器2","userage":"web 服务器2","is_initialized":0,"location":"阿里云","online":false,"last_seen":0}`
	s.expect(s.do("GET", pathMachine, nil), 200, info(`{"data":[`+one+`,`+two+`],"count":2}`))
	s.expect(s.do("GET", pathMachine+"?start=1&count=5000", nil), 200, info(`{"data":[`+two+`],"count":2}`))
	s.expect(s.do("GET", pathMachine+"?start=2", nil), 200, info(`{"data":[],"count":2}`))
	s.expect(s.do("GET", pathMachine+"?count=0&start=", nil), 200, info(`{"data":[],"count":2}`))
	s.expect(s.do("GET", pathMachine+"?machine_name=web01&start=9&count=9", nil), 200, info(`{"data":[`+one+`],"count":1}`))
	s.expect(s.do("GET", pathMachine+"?machine_name=web09", nil), 200, info(`{"data":[],"count":0}`))

	both := changed(changed(web, "userage", "ignored"), "is_initialized", "1")
	s.expect(s.do("POST", pathMachine, act("update", both)), 200, info(`"update machine info ok"`))
	s.expect(s.do("POST", pathMachine, act("update", m{"machine_name": "web01", "location": "这里"})), 200, info(`"update machine info ok"`))
	s.expect(s.do("POST", pathMachine, act("update", m{"machine_name": "web01", "task_id": "", "location": "这里"})), 200, info(`"update machine info ok"`))
	if got := s.do("GET", pathMachine+"?machine_name=web01", nil); !strings.Contains(got.body, `"usage":"web 服务器1","userage":"web 服务器1","is_initialized":1,"location":"这里"`) {
		s.t.Error(got.body)
	}
	s.opsRefused("POST", pathMachine, act("add", web), 200, "machine_name web01属于另一台机器")
	s.opsRefused("POST", pathMachine, act("add", changed(aMachine("web03", 3), "outside_ip", machineIP(2))), 200, "属于另一台机器")
	s.opsRefused("POST", pathMachine, act("add", changed(aMachine("web03", 3), "inside_ip", "10.0.0.300")), 200, "inside_ip: 不是IP地址！")
	s.opsRefused("POST", pathMachine, act("update", m{"machine_name": "web09"}), 200, "不存在")
	for name := range web {
		s.opsRefused("POST", pathMachine, act("add", changed(aMachine("web03", 3), name, nil)), 200, name+": 不能为空！")
		s.opsRefused("POST", pathMachine, act("add", changed(aMachine("web03", 3), name, "")), 200, name+": 不能为空！")
	}
	for _, option := range []struct {
		path string
		body any
		kind string
	}{
		{pathMachine + "?machine_name=gone1", nil, ""},
		{pathMachine, "machine_name=gone2", "application/x-www-form-urlencoded"},
		{pathMachine, `{"machine_name":"gone3"}`, "application/json"},
		{pathMachine + "?machine_name=gone4", `{"machine_name":"gone4"}`, ""},
	} {
		name := regexp.MustCompile("gone[0-9]").FindString(option.path + fmt.Sprint(option.body))
		s.opsDo("POST", pathMachine, act("add", aMachine(name, 9)))
		s.opsRefused("DELETE", pathMachine, nil, 200, "machine_name: 不能为空！")
		s.expect(s.do("DELETE", option.path, option.body, with("Content-Type", option.kind)), 200, info(`"delete machin info ok"`))
		s.opsRefused("DELETE", option.path, option.body, 200, "不存在", with("Content-Type", option.kind))
	}
	s.opsRefused("DELETE", pathMachine+"?machine_name=web01", m{"machine_name": "web02"}, 200, "machine_name: ")
}

// taskPattern is a task as printed: its name and times differ from run to run.
func taskPattern(id int, rest string) string {
	return fmt.Sprintf(`{"id":%d,"task_id":"[0-9a-f]{32}","creator":"admin","ip":"10.8.0.1","action":"update_db","create_time":[0-9]{10},"content":"/path/to/file","description":"更新xxx功能",%s}`, id, rest)
}

func (s *stack) matches(got reply, pattern string) {
	s.t.Helper()
	if got.status != 200 || !regexp.MustCompile("^"+pattern+"$").MatchString(got.body) {
		s.t.Errorf("got  %d %s\nwant %s", got.status, got.body, pattern)
	}
}

const notExecuted = `"executor":"","start_time":0,"revert_time":0,"status":0,"percent":0,"revert":0,"target":"db_name","version":"1234","state":"created","result":""`

func (s *stack) contractTasks() {
	s.t.Helper()
	s.expect(s.do("GET", pathTask, nil), 200, info(`{"data":[],"count":0}`))
	created := s.do("POST", pathTask, act("add", aTask("admin")))
	s.matches(created, `\{"ok":true,"info":\{"task_id":"[0-9a-f]{32}"\}\}`)
	name := strings.Split(created.body, `"`)[7]
	s.header(created, "Location", pathTask+"?task_id="+name)
	second := s.newTask()
	s.matches(s.do("GET", pathTask, nil), `\{"ok":true,"info":\{"data":\[`+taskPattern(1, notExecuted)+`,`+taskPattern(2, notExecuted)+`\],"count":2\}\}`)
	s.matches(s.do("GET", pathTask+"?count=1", nil), `\{"ok":true,"info":\{"data":\[`+taskPattern(1, notExecuted)+`\],"count":2\}\}`)
	s.matches(s.do("GET", pathTask+"?start=1&count=1", nil), `\{"ok":true,"info":\{"data":\[`+taskPattern(2, notExecuted)+`\],"count":2\}\}`)
	s.matches(s.do("GET", pathTask+"?task_id="+name+"&start=5", nil), `\{"ok":true,"info":\{"data":\[`+taskPattern(1, notExecuted)+`\],"count":1\}\}`)
	s.expect(s.do("GET", pathTask+"?task_id=0358c3c78f5211e685855cf9389306a2", nil), 200, info(`{"data":[],"count":0}`))
	for name := range aTask("admin") {
		if name != "version" {
			s.opsRefused("POST", pathTask, act("add", changed(aTask("admin"), name, nil)), 200, name+": 不能为空！")
		}
	}
	s.opsDo("POST", pathTask, act("add", changed(aTask("ADMIN"), "version", nil)))
	s.opsRefused("POST", pathTask, act("add", changed(aTask("admin"), "ip", "10.9.9.9")), 200, "ip 10.9.9.9不是已登记机器的地址！")
	s.opsRefused("POST", pathTask, act("add", aTask("nobody")), 200, "creator: 用户nobody不存在！")
	s.expect(s.do("DELETE", pathTask+"?task_id="+second, nil), 200, info(`"delete task ok"`))
	s.opsRefused("DELETE", pathTask+"?task_id="+second, nil, 200, "不存在")
	s.opsRefused("DELETE", pathTask+"?task_id=1", nil, 200, "task_id: 必须是32位十六进制！")
}

// report tells the log how an attempt goes.
func (s *stack) report(task string, attempt string, percent int, end ops.AttemptState) {
	s.t.Helper()
	number, err := strconv.ParseInt(attempt, 10, 64)
	must(s.t, err)
	r := ops.RecordReport{Machine: 1, Task: task, Attempt: domain.Position(number), Begun: true, Percent: &percent}
	if end != "" {
		r.End = &ops.End{Outcome: end, Result: "why", Lines: 3}
	}
	s.happens(r)
}

func (s *stack) contractUpdates() {
	s.t.Helper()
	name := s.newTask()
	data := m{"executor": "admin", "task_id": name}
	running := func(rest string) {
		s.t.Helper()
		got := s.do("GET", pathTask+"?task_id="+name, nil)
		if !regexp.MustCompile(`"executor":"admin","start_time":[0-9]{10},` + rest).MatchString(got.body) {
			s.t.Errorf("%s, want %s", got.body, rest)
		}
	}
	s.opsRefused("POST", pathUpdate, act("revert", data), 200, "任务尚未执行")
	s.opsRefused("POST", pathUpdate, act("cancel", data), 200, "没有可取消的执行")
	// The document prints the path of machines.
	first := s.do("POST", pathMachine, act("update", data))
	s.expect(first, 200, info(`"executor task ok"`))
	running(`"revert_time":0,"status":0,"percent":0,"revert":0,.*"state":"queued","result":""`)
	attempt := first.header.Get("Opsledger-Position")
	s.report(name, attempt, 40, "")
	running(`"revert_time":0,"status":1,"percent":40,"revert":0,.*"state":"running","result":""`)
	s.opsRefused("POST", pathUpdate, act("update", data), 200, "任务处于状态running")
	s.opsRefused("DELETE", pathTask+"?task_id="+name, nil, 200, "任务处于状态running")
	s.opsRefused("DELETE", pathMachine+"?machine_name=web01", nil, 200, "还有1个排队或执行中的任务")
	s.report(name, attempt, 90, ops.Succeeded)
	running(`"revert_time":0,"status":1,"percent":100,"revert":0,.*"state":"succeeded","result":"why"`)
	s.opsRefused("POST", pathUpdate, act("update", data), 200, "任务已经执行")
	reverted := s.do("POST", pathUpdate, act("revert", data))
	s.expect(reverted, 200, info(`"executor task ok"`))
	s.report(name, reverted.header.Get("Opsledger-Position"), 100, ops.Failed)
	running(`"revert_time":[0-9]{10},"status":1,"percent":0,"revert":2,.*"state":"revert_failed","result":"why"`)
	s.expect(s.do("POST", pathMachine, act("revert", data)), 200, info(`"executor task ok"`))
	s.expect(s.do("POST", pathUpdate, act("cancel", data)), 200, info(`"executor task ok"`))
	running(`"revert_time":[0-9]{10},"status":1,.*"state":"succeeded"`)
	s.opsRefused("POST", pathUpdate, act("update", m{"executor": "nobody", "task_id": name}), 200, "executor: 用户nobody不存在！")
	s.opsRefused("POST", pathUpdate, act("update", m{"task_id": name}), 200, "executor: 不能为空！")
	s.opsRefused("POST", pathUpdate, act("update", m{"executor": "admin"}), 200, "task_id: 不能为空！")
	s.opsRefused("POST", pathUpdate, act("add", data), 200, "action: 必须是以下之一：cancel, revert, update")
}
