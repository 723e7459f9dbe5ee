package system

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// Two agents of a machine with one credentials file: the younger says why it gets no
// orders, both are seen, and the younger takes over when the older one is gone. A restart
// of one that is alone waits for nobody.
func TestTwoAgentsOfOneMachine(t *testing.T) {
	t.Parallel()
	serve := deployment.StartServe(t, "serve", "--nats-listen", testkit.Address(t))
	m := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{"where": "echo $DIR >> $DIR/ran"}, "--data", serve.Data)
	m.Start()
	run := func() {
		t.Helper()
		task := serve.NewTask("10.0.0.1", "where", "t", "1", "c")
		serve.Execute(task, "update")
		serve.AwaitEnd(task, "succeeded")
	}
	run()
	copied := m.Copy(t)
	refused := copied.Said.Printed("another process, which was there before, runs with the same credentials")
	copied.Start()
	testkit.Await(t, "the younger says why it does nothing", refused)
	serve.WantBody("/v1/agents", `"duplicate":true`, `"orders":true`, `"orders":false`, `"address":"127.0.0.1"`)
	run()
	m.Kill()
	m.Start() // has the session again at once: its folder is the one of the process that had it
	run()
	if ran := copied.Words("ran"); len(ran) != 0 {
		t.Errorf("the younger ran %d tasks", len(ran))
	}
	m.Stop()
	run()
	if ran := copied.Words("ran"); len(ran) != 1 {
		t.Errorf("after the older one ended, the younger ran %d tasks", len(ran))
	}
	testkit.Eventually(t, "one is left", func() bool {
		_, body := serve.Call(http.MethodGet, "/v1/agents", "")
		return strings.Contains(body, `"duplicate":false`)
	})
}

// The same for name servers: the younger's named gets no zones.
func TestTwoAgentsOfOneNameServer(t *testing.T) {
	t.Parallel()
	s := deployment.StartSite(t)
	s.Serve.Login()
	zone := s.Serve.MakeLiveZone("a.example", "192.0.2.1")
	copied := s.DNS.Copy(t)
	refused := copied.Said.Printed("another process, which was there before, runs with the same credentials")
	copied.Start()
	testkit.Await(t, "the younger says why it does nothing", refused)
	s.Serve.WantBody("/v1/agents", `"duplicate":true`, `"orders":true`, `"orders":false`)
	s.Serve.PostLive("/dns/records", deployment.RecordBody("two", "192.0.2.2", zone))
	s.RestartAgent() // which has the session again at once
	s.Serve.PostLive("/dns/records", deployment.RecordBody("three", "192.0.2.3", zone))
	for _, name := range []string{"www", "two", "three"} {
		s.DNS.WantAnswer(name+".a.example.", "A", map[string]string{"www": "192.0.2.1", "two": "192.0.2.2", "three": "192.0.2.3"}[name])
		if copied.Answers(name+".a.example.", "A") {
			t.Errorf("the younger's named has %s", name)
		}
	}
	s.DNS.Stop()
	testkit.Eventually(t, "the younger takes over", func() bool { return copied.Answers("three.a.example.", "A") })
}

// What a machine offers is known once its agent has connected, and an order that it does
// not offer is refused at once; a key for an account that is not there is said.
func TestOffersAndMissingAccounts(t *testing.T) {
	t.Parallel()
	serve := deployment.StartServe(t, "serve", "--nats-listen", testkit.Address(t))
	m := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{"hello": "exit 0"}, "--data", serve.Data)
	testkit.Eventually(t, "the machine is known, its offers are not", func() bool {
		_, body := serve.Call(http.MethodGet, "/v1/machines/web01/offers", "")
		return strings.Contains(body, `"known":false`)
	})
	m.Configure("  update: {" + m.AsRoot() + "targets: {site: {folder: " + m.Folder("site") + ", releases: " + filepath.Dir(m.Folder("releases/1.0")) + "}}}\naccounts: [no-such-account-here]\n")
	m.Start()
	testkit.Eventually(t, "the offers are known", func() bool {
		_, body := serve.Call(http.MethodGet, "/v1/machines/web01/offers", "")
		return strings.Contains(body, `"known":true`)
	})
	serve.WantBody("/v1/machines/web01/offers", `{"action":"hello","targets":null,"more":false}`, `{"target":"site","versions":["1.0"]}`)
	for order, says := range map[[2]string]string{
		{"restart", "t"}: "action: 机器web01没有提供操作restart，只提供hello, update！",
		{"update", "db"}: "target: 机器web01没有提供update操作的目标db，只提供site！",
	} {
		_, body := serve.Call(http.MethodPost, "/api/task", `{"action":"add","data":{"ip":"10.0.0.1","creator":"admin","action":"`+order[0]+
			`","target":"`+order[1]+`","content":"c","description":"d"}}`)
		if !strings.Contains(body, `"ok":false`) || !strings.Contains(body, says) {
			t.Errorf("%v: %s", order, body)
		}
	}
	task := serve.NewTask("10.0.0.1", "hello", "anything", "1", "c")
	serve.Execute(task, "update")
	serve.AwaitEnd(task, "succeeded")
	serve.WantBody("/v1/tasks/"+task+"/attempts", `"kind":"update","executor":"admin"`, `"percent":100,"state":"succeeded"`, `"next":null`)

	serve.Call(http.MethodPost, "/api/user", `{"action":"update","data":{"username":"admin","ssh_keys":["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXHNtlNb8Y4RtdkZ5QHnQ8ZcYCc0l1FTrwmY0r1VbfX"]}}`)
	for account, problem := range map[string]string{"no-such-account-here": "missing account", "root": "not allowed"} {
		serve.Call(http.MethodPost, "/api/ssh_key_manage", `{"action":"add","data":{"username":"admin","ip":"10.0.0.1","system_user":"`+account+`"}}`)
		testkit.Eventually(t, "the host says what is wrong with "+account, func() bool {
			_, body := serve.Call(http.MethodGet, "/v1/access?machine=web01&account="+account, "")
			return strings.Contains(body, `"granted":true,"installed":false,"problem":"`+problem+`"`)
		})
	}
	for _, metric := range []string{"opsledger_machines_online 1", `opsledger_tasks{state="succeeded"} 1`, "opsledger_oldest_queued_task_seconds 0"} {
		testkit.Eventually(t, "there is a metric "+metric, func() bool {
			_, body := serve.Call(http.MethodGet, "/metrics", "")
			return strings.Contains(body, metric)
		})
	}
}
