package rest

import (
	"net/http"
	"strings"

	"github.com/opsledger/opsledger/api"
)

func (s *stack) contractOpsErrors() {
	s.t.Helper()
	none := with("Authorization", "")
	s.expect(s.do("GET", pathTask, nil, none), 403, notOK("Token is missing!"))
	s.expect(s.do("GET", pathTask, nil, as("x")), 403, notOK("Token is invalid!"))
	s.expect(s.do("POST", pathTask, "{", none), 403, notOK("Token is missing!"))
	s.expect(s.do("GET", "/api/nothing", nil), 404, notOK("没有这个路径！"))
	s.expect(s.do("PUT", pathTask, m{}), 405, notOK("这个路径没有这个方法！"))
	s.opsRefused("GET", pathTask+"?start=x", nil, 200, "start: ")
	s.opsRefused("GET", pathTask+"?count=-1", nil, 200, "count: ")
	s.opsRefused("GET", pathTask+"?start=1&start=2", nil, 200, "start: ")
	s.opsRefused("POST", pathTask, "{", 200, "body: ")
	s.opsRefused("POST", pathTask, "[]", 200, "body: ")
	s.opsRefused("POST", pathTask, m{}, 200, "action: ")
	s.opsRefused("POST", pathTask, act("remove", nil), 200, "action: 必须是以下之一：add")
	s.opsRefused("POST", pathTask, act("add", nil), 200, "data: 不能为空！")
	s.opsRefused("POST", pathTask, act("add", []int{}), 200, "data: 必须是键不重复的JSON对象")
	s.expect(s.do("POST", pathTask, strings.Repeat(" ", api.MaxBody+1)), 413, notOK(textTooLarge))
}

func (s *stack) contractOpsHeaders() {
	s.t.Helper()
	name := s.newTask()
	for path, write := range map[string]func(...func(*http.Request)) reply{
		pathMachine + "?machine_name=web01": func(o ...func(*http.Request)) reply {
			return s.do("POST", pathMachine, act("update", m{"machine_name": "web01", "location": "there"}), o...)
		},
		pathTask + "?task_id=" + name: func(o ...func(*http.Request)) reply {
			return s.do("POST", pathUpdate, act("update", m{"task_id": name, "executor": "admin"}), o...)
		},
		pathUser + "?username=user01": func(o ...func(*http.Request)) reply {
			return s.do("POST", pathUser, act("update", m{"username": "user01", "nickname": "another", "permissions": "6", "new_passwd": "777777"}), o...)
		},
	} {
		tag := s.do("GET", path, nil).header.Get("ETag")
		if got := write(with("If-Match", `"1"`)); got.status != 412 || !strings.HasPrefix(got.body, `{"ok":false,"info":"`) {
			s.t.Errorf("%s: %d %s", path, got.status, got.body)
		}
		key := with("Idempotency-Key", path)
		first := write(with("If-Match", tag), key)
		position := first.header.Get("Opsledger-Position")
		now := s.do("GET", path, nil, with("Opsledger-Min-Position", position)).header.Get("ETag")
		if first.status != 200 || position == "" || now == tag || first.header.Get("ETag") != now {
			s.t.Errorf("%s: %d %s %v, ETag %s → %s", path, first.status, first.body, first.header, tag, now)
		}
		before := s.position()
		again := write(with("If-Match", tag), key)
		s.expect(again, first.status, first.body)
		s.header(again, "Opsledger-Position", position)
		if s.position() != before {
			s.t.Errorf("%s: a repeat did something", path)
		}
		if got := write(with("If-Match", tag)); got.status != 412 {
			s.t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	s.expect(s.do("GET", pathTask, nil, with("Opsledger-Min-Position", "1000000")), 503, notOK(textBehind))
	// A repeat of an addition names the same task; the same key for another is refused.
	key := with("Idempotency-Key", "task")
	added := s.opsDo("POST", pathTask, act("add", aTask("admin")), key)
	s.expect(s.do("POST", pathTask, act("add", aTask("admin")), key), 200, added.body)
	s.expect(s.do("POST", pathTask, act("add", changed(aTask("admin"), "version", "2")), key), 409, notOK("Idempotency-Key: 已用于另一个请求！"))
	one, two := s.newTask(), s.newTask()
	s.opsDo("DELETE", pathTask+"?task_id="+one, nil, with("Idempotency-Key", "delete"))
	s.opsDo("DELETE", pathTask+"?task_id="+one, nil, with("Idempotency-Key", "delete"))
	s.expect(s.do("DELETE", pathTask+"?task_id="+two, nil, with("Idempotency-Key", "delete")), 409, notOK("Idempotency-Key: 已用于另一个请求！"))
	// A refusal is repeated in the dialect's form.
	s.expect(s.do("DELETE", pathTask+"?task_id="+one, nil, with("Idempotency-Key", "again")), 200, notOK("任务"+one+"不存在！"))
	s.expect(s.do("DELETE", pathTask+"?task_id="+one, nil, with("Idempotency-Key", "again")), 200, notOK("任务"+one+"不存在！"))
}
