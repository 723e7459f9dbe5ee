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
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
)

// listed are the ids of what a list shows, in its order, and their number.
func (s *stack) listed(path string) string {
	s.t.Helper()
	got := s.do("GET", path, nil)
	var ids []string
	for _, m := range regexp.MustCompile(`[{\[,]\{"id":([0-9]+),`).FindAllStringSubmatch(got.body, -1) {
		ids = append(ids, m[1])
	}
	count := regexp.MustCompile(`"(?:count|total)":([0-9]+)`).FindStringSubmatch(got.body)
	if got.status != 200 || count == nil {
		s.t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	return strings.Join(ids, " ") + " of " + count[1]
}

func TestTasksByFilters(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	before := time.Now().Add(-time.Second)
	for n := 1; n <= 2; n++ {
		s.opsDo("POST", pathMachine, act("add", aMachine(fmt.Sprint("web0", n), n)))
	}
	for n := 1; n <= 4; n++ {
		s.opsDo("POST", pathTask, act("add", m{
			"ip": machineIP(1 + n%2), "creator": "admin", "action": []string{"update", "hello"}[n/3], "target": fmt.Sprint("t", n%2),
			"version": "1", "content": "c", "description": "d",
		}))
	}
	later := time.Now().Add(time.Hour)
	for query, want := range map[string]string{
		"":                                   "1 2 3 4 of 4",
		"order=asc":                          "1 2 3 4 of 4",
		"order=desc":                         "4 3 2 1 of 4",
		"order=desc&count=2":                 "4 3 of 4",
		"order=desc&start=3":                 "1 of 4",
		"ip=" + machineIP(1):                 "2 4 of 2",
		"ip=" + machineIP(1) + "&order=desc": "4 2 of 2",
		"ip=192.0.2.77":                      " of 0",
		"machine_name=web02":                 "1 3 of 2",
		"machine_name=web09":                 " of 0",
		"action=hello":                       "3 4 of 2",
		"target=t0":                          "2 4 of 2",
		"action=hello&target=t0&count=1":     "4 of 1",
		"state=created&start=1&count=2":      "2 3 of 4",
		"state=failed":                       " of 0",
		"creator=ADMIN":                      "1 2 3 4 of 4",
		"creator=nobody":                     " of 0",
		"since=" + before.UTC().Format(time.RFC3339):                   "1 2 3 4 of 4",
		fmt.Sprint("since=", later.Unix()):                             " of 0",
		fmt.Sprint("until=", later.Unix(), "&since=", before.Unix()):   "1 2 3 4 of 4",
		"until=" + before.UTC().Format(time.RFC3339) + "&action=hello": " of 0",
	} {
		if got := s.listed(pathTask + "?" + query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for query, says := range map[string]string{
		"order=up": "order: 必须是asc或desc", "state=done": "state: 必须是以下之一：created, queued", "ip=10.0.0.300": "ip: 不是IP地址",
		"since=yesterday": "since: ", "until=-1": "until: ",
	} {
		s.opsRefused("GET", pathTask+"?"+query, nil, 200, says)
	}
	for path, want := range map[string]string{
		pathMachine + "?order=desc": "2 1 of 2", pathUser + "?order=desc": "1 of 1",
	} {
		if got := s.listed(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestAttemptsOfATask(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	task := s.newTask()
	path := "/v1/tasks/" + task + "/attempts"
	s.expect(s.do("GET", path, nil), 200, `{"attempts":[],"next":null}`)
	var numbers []domain.Position
	for _, outcome := range []ops.AttemptState{ops.Failed, ops.Failed, ops.Succeeded} {
		accepted := s.opsDo("POST", pathUpdate, act("update", m{"executor": "admin", "task_id": task}))
		number, err := strconv.ParseInt(accepted.header.Get("Opsledger-Position"), 10, 64)
		must(t, err)
		numbers = append(numbers, domain.Position(number))
		s.happens(ops.RecordReport{Machine: 1, Task: task, Attempt: domain.Position(number), Begun: true})
		s.happens(ops.RecordReport{Machine: 1, Task: task, Attempt: domain.Position(number), End: &ops.End{Outcome: outcome, Result: "so"}})
	}
	const at = `"[0-9T:.-]+Z"`
	row := func(i int, percent int, state string) string {
		return fmt.Sprintf(`\{"number":%d,"kind":"update","executor":"admin","accepted":%s,"started":%s,"ended":%s,"percent":%d,"state":"%s","result":"so"\}`,
			numbers[i], at, at, at, percent, state)
	}
	s.matches(s.do("GET", path, nil), `\{"attempts":\[`+row(2, 100, "succeeded")+`,`+row(1, 0, "failed")+`,`+row(0, 0, "failed")+`\],"next":null\}\n?`)
	s.matches(s.do("GET", path+"?limit=2", nil), fmt.Sprintf(`\{"attempts":\[%s,%s\],"next":"%d"\}\n?`, row(2, 100, "succeeded"), row(1, 0, "failed"), numbers[1]))
	s.matches(s.do("GET", fmt.Sprint(path, "?cursor=", numbers[1]), nil), `\{"attempts":\[`+row(0, 0, "failed")+`\],"next":null\}\n?`)
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=0"} {
		field, _, _ := strings.Cut(query, "=")
		if got := s.do("GET", path+"?"+query, nil); got.status != 400 || !strings.Contains(got.body, field) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	if got := s.do("GET", "/v1/tasks/"+strings.Repeat("0", 32)+"/attempts", nil); got.status != 404 {
		t.Errorf("of no task: %d %s", got.status, got.body)
	}
}

// The operation log has entries for tasks, machines and keys, for who holds the code to
// read them.
func TestOplogsOfOperations(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathMachine, act("update", m{"machine_name": "web01", "location": "这里"}))
	task := s.newTask()
	s.opsDo("POST", pathUser, act("update", m{"username": "admin", "ssh_keys": []string{opsKey}}))
	reader := as(s.member("reader"))
	got := s.do("GET", "/dns/oplogs?target_type=Machine&operation_type=修改", nil)
	if !strings.Contains(got.body, `"target_name":"web01"`) || !strings.Contains(got.body, `所在机房: 阿里云`) ||
		!regexp.MustCompile(`"target_after":"id: 1\\n机器名称: web01\\n[^"]*所在机房: 这里\\n"`).MatchString(got.body) || !strings.Contains(got.body, `"zone_id":null,"target_zone":""`) {
		t.Error(got.body)
	}
	for want, codes := range map[string][]int{
		"Task": {access.CodeGetTask}, "Machine": {access.CodeGetMachine}, "SshKey": {access.CodeGetSSHKey},
		"Machine SshKey Task": {access.CodeAdmin}, "": {access.CodeAddTask},
	} {
		s.holds(2, codes...)
		seen := map[string]bool{}
		body := s.do("GET", "/dns/oplogs?pageSize=1000", nil, reader).body
		for _, match := range regexp.MustCompile(`"target_type":"(Task|Machine|SshKey)"`).FindAllStringSubmatch(body, -1) {
			seen[match[1]] = true
		}
		var got []string
		for _, target := range []string{"Machine", "SshKey", "Task"} {
			if seen[target] {
				got = append(got, target)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("with codes %v: %v, want %s", codes, got, want)
		}
	}
	if got := s.do("GET", "/dns/oplogs?target_type=Task&target_name="+task, nil); !strings.Contains(got.body, `"operation_type":"添加"`) {
		t.Error(got.body)
	}
}

// Entries on a zone and its records name the zone, and are found by it and by time.
func TestOplogsByZoneAndTime(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	before := time.Now().Add(-time.Second)
	s.do("POST", "/dns/views", m{"name": "v", "acl": "any"})
	for _, name := range []string{"a.example.com", "b.example.com"} {
		s.do("POST", "/dns/zones", m{"name": name, "zone_type": "master", "view_ids": []int{1}})
	}
	s.do("POST", "/dns/records", m{"zone_id": 2, "view_name": "v", "host": "www", "record_type": "A", "value": "192.0.2.1"})
	s.ok("PUT", "/dns/records/1", m{"zone_id": 2, "view_name": "v", "host": "www", "record_type": "A", "value": "192.0.2.2"})
	got := s.do("GET", "/dns/oplogs?zone_id=2", nil)
	if n := strings.Count(got.body, `"zone_id":2,"target_zone":"b.example.com"`); n != 3 || !strings.Contains(got.body, `"total":3`) {
		t.Errorf("%d entries of the zone: %s", n, got.body)
	}
	if !regexp.MustCompile(`"target_detail":"修改前：\\n[^"]*192\.0\.2\.1[^"]*"[^}]*"target_after":"id: 1\\n[^"]*192\.0\.2\.2`).MatchString(got.body) {
		t.Error(got.body)
	}
	s.expectTotal("/dns/oplogs?zone_id=9", 0)
	s.expectTotal("/dns/oplogs?target_type=Zone&since="+before.UTC().Format(time.RFC3339), 2)
	s.expectTotal(fmt.Sprint("/dns/oplogs?target_type=Zone&until=", before.Unix()), 0)
	s.expectTotal("/dns/oplogs?target_type=Zone&since=2016-01-01&until=2016-01-02%2003:04:05", 0)
	for _, field := range []string{"since", "until", "zone_id"} {
		if got := s.do("GET", "/dns/oplogs?"+field+"=x", nil); got.status != 400 || !strings.Contains(got.body, field) {
			t.Errorf("%s: %d %s", field, got.status, got.body)
		}
	}
}

func (s *stack) expectTotal(path string, total int) {
	s.t.Helper()
	if got := s.do("GET", path, nil); !strings.Contains(got.body, fmt.Sprintf(`"total":%d,`, total)) {
		s.t.Errorf("%s: %s, want %d", path, got.body, total)
	}
}

// offering is what every host offers.
type offering struct{ told time.Time }

func (o *offering) Of(context.Context, int64, domain.Position) (protocol.HostOffers, time.Time, error) {
	return protocol.HostOffers{Actions: []protocol.ActionOffer{
		{Action: "hello", Any: true}, {Action: "update", Targets: []protocol.TargetOffer{{Target: "site", Versions: []string{"2.0", "1.0"}}, {Target: "git"}}},
	}}, o.told, nil
}

// accounts is what every host says of accounts.
type accounts []v1.Account

func (a accounts) Accounts(int64) ([]v1.Account, bool) { return a, a != nil }

func TestOffersOfAMachine(t *testing.T) {
	t.Parallel()
	host := &offering{}
	s := newStack(t, func(c *config) { c.Offers = host })
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.expect(s.do("GET", "/v1/machines/web01/offers", nil), 200, `{"machine":{"id":1,"machine_name":"web01"},"known":false,"reported":null,"actions":[],"more":false}`)
	enroll, err := ops.NewEnrollHost("web01")
	must(t, err)
	s.happens(enroll)
	add := func(action, target string) any {
		return act("add", m{"ip": machineIP(1), "creator": "admin", "action": action, "target": target, "content": "c", "description": "d"})
	}
	s.opsDo("POST", pathTask, add("restart", "all")) // nobody knows better yet
	host.told = time.Unix(1480471675, 0)
	s.expect(s.do("GET", "/v1/machines/web01/offers", nil), 200, `{"machine":{"id":1,"machine_name":"web01"},"known":true,"reported":"2016-11-30T02:07:55Z","actions":[`+
		`{"action":"hello","targets":null,"more":false},{"action":"update","targets":[{"target":"site","versions":["2.0","1.0"]},{"target":"git","versions":null}],"more":false}],"more":false}`)
	s.opsDo("POST", pathTask, add("hello", "anybody"))
	s.opsDo("POST", pathTask, add("update", "git"))
	s.opsRefused("POST", pathTask, add("restart", "all"), 200, "action: 机器web01没有提供操作restart，只提供hello, update！")
	s.opsRefused("POST", pathTask, add("update", "db"), 200, "target: 机器web01没有提供update操作的目标db，只提供site, git！")
	if got := s.do("GET", "/v1/machines/web09/offers", nil); got.status != 404 {
		t.Error(got.status, got.body)
	}
	first := regexp.MustCompile(`[0-9a-f]{32}`).FindString(s.do("GET", pathTask+"?count=1", nil).body)
	s.opsRefused("POST", pathUpdate, act("update", m{"executor": "admin", "task_id": first}), 200, "没有提供操作restart")
}

func TestAccessSaysWhatTheHostFound(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.opsDo("POST", pathMachine, act("add", aMachine("web01", 1)))
	s.opsDo("POST", pathUser, act("update", m{"username": "admin", "ssh_keys": []string{opsKey}}))
	s.opsDo("POST", pathSSHKey, act("add", m{"username": "admin", "ip": machineIP(1), "system_user": "web"}))
	for says, test := range map[string]struct {
		accounts
		want string
	}{
		"nothing yet":      {nil, `"granted":true,"installed":null,"problem":"","error":""`},
		"not there yet":    {accounts{}, `"granted":true,"installed":false,"problem":"","error":""`},
		"older keys":       {accounts{{Name: "web", Position: 1}}, `"granted":true,"installed":false,"problem":"","error":""`},
		"these keys":       {accounts{{Name: "web", Position: 1 << 40}}, `"granted":true,"installed":true,"problem":"","error":""`},
		"no such account":  {accounts{{Name: "web", Position: 1 << 40, Problem: "missing account", Error: "there is none"}}, `"granted":true,"installed":false,"problem":"missing account","error":"there is none"`},
		"what has no name": {accounts{{Name: "web", Position: 1 << 40, Error: "the disk is full"}}, `"granted":true,"installed":false,"problem":"failed","error":"the disk is full"`},
	} {
		said := s.reopened(func(c *config) { c.Hosts = test.accounts })
		if got := said.do("GET", "/v1/access?machine=web01&account=web", nil); !strings.Contains(got.body, test.want) {
			t.Errorf("%s: %s, want %s", says, got.body, test.want)
		}
		if got := said.do("GET", fmt.Sprint("/v1/access?machine=web01&account=web&at=", time.Now().Add(time.Minute).Unix()), nil); !strings.Contains(got.body, `"granted":true,"installed":null`) {
			t.Errorf("%s, at another time: %s", says, got.body)
		}
	}
}
