package system

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A machine by command line: enrolled, killed in the middle of a task, and
// withdrawn, upon which it gets no more work.
func TestMachineByCommandLine(t *testing.T) {
	t.Parallel()
	serve := deployment.StartServe(t, "serve", "--nats-listen", testkit.Address(t))
	const steps = "echo run >> $DIR/ran\necho \"##percent 50\"\nwhile [ ! -e $DIR/go ]; do sleep 0.02; done"
	m := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{"steps": steps}, "--data", serve.Data)
	task := serve.NewTask("10.0.0.1", "steps", "t", "1", "c")
	half := func(percent int) bool { return percent == 50 }
	serve.Execute(task, "update") // waits for its machine
	m.Start()
	serve.AwaitPercent(task, half)
	m.Kill()
	m.Start()
	if end, _ := serve.AwaitEnd(task, "failed"); !strings.Contains(end.Result, "interrupted") {
		t.Errorf("the killed one ended with %+v", end)
	}
	serve.Execute(task, "update") // what failed may be tried again
	serve.AwaitPercent(task, half)
	serve.Restart()
	m.Write("go", "", 0o644)
	serve.AwaitEnd(task, "succeeded")

	void := m.Said.Printed("revoked")
	deployment.Command(t, "agent", "withdraw", "--data", serve.Data, "--machine", "web01")
	testkit.Await(t, "its credentials are void", void)
	last := serve.NewTask("10.0.0.1", "steps", "t", "1", "c")
	serve.Execute(last, "update")
	testkit.Eventually(t, "nobody has an agent", func() bool {
		_, body := serve.Call(http.MethodGet, "/v1/agents", "")
		return strings.Contains(body, `"agents":[]`)
	})
	m.Stop() // from here on it runs nothing that it has not run
	if ran := m.Words("ran"); len(ran) != 2 {
		t.Errorf("%d runs of two attempts", len(ran))
	}
	if state := serve.Task(last).State; state != "queued" {
		t.Errorf("after the withdrawal a task is %s", state)
	}
}
