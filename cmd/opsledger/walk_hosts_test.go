package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// walker is a caller on the second walk.
type walker struct{ *caller }

// walkState is what GET /api/task says of a task.
type walkState struct {
	State   string
	Percent int
	Result  string
}

// plan plans a task for the machine at the address and returns its name.
func (c walker) plan(ip, action, target, version, content string) string {
	c.t.Helper()
	body := fmt.Sprintf(`{"action":"add","data":{"ip":%q,"creator":"admin","action":%q,"target":%q,"version":%q,"content":%q,"description":"walk"}}`,
		ip, action, target, version, content)
	var answer struct {
		OK   bool
		Info struct {
			TaskID string `json:"task_id"`
		}
	}
	c.decode(http.MethodPost, "/api/task", body, &answer)
	if !answer.OK || answer.Info.TaskID == "" {
		c.t.Fatalf("no task: %+v", answer)
	}
	return answer.Info.TaskID
}

// have has a task executed, reverted or cancelled.
func (c walker) have(action, task string) {
	c.t.Helper()
	var answer struct {
		OK   bool
		Info any
	}
	c.decode(http.MethodPost, "/api/update", fmt.Sprintf(`{"action":%q,"data":{"executor":"admin","task_id":%q}}`, action, task), &answer)
	if !answer.OK {
		c.t.Fatalf("%s %s: %v", action, task, answer.Info)
	}
}

// decode makes a request and decodes the reply.
func (c walker) decode(method, target, body string, to any) {
	c.t.Helper()
	reply, text := c.call(method, target, body)
	if err := json.Unmarshal([]byte(text), to); err != nil || reply.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s: status %d, %v: %s", method, target, reply.StatusCode, err, text)
	}
}

func (c walker) state(task string) walkState {
	c.t.Helper()
	var answer struct{ Info struct{ Data []walkState } }
	c.decode(http.MethodGet, "/api/task?task_id="+task, "", &answer)
	if len(answer.Info.Data) != 1 {
		c.t.Fatalf("task %s: %+v", task, answer)
	}
	return answer.Info.Data[0]
}

// await waits for a task's state.
func (c walker) await(task, state string) walkState {
	c.t.Helper()
	var last walkState
	eventually(c.t, "a task is "+state, func() bool {
		last = c.state(task)
		return last.State == state
	})
	return last
}

// The second walk of README: a task with progress, an update, its revert, and a
// revert that is refused because somebody changed the file.
func TestWalkOfTasks(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startDev(t, data)
	walk := walker{s.caller}

	hello := walk.plan("127.0.0.1", "hello", "world", "1.0", "everybody")
	walk.have("update", hello)
	eventually(t, "it is under way", func() bool { p := walk.state(hello).Percent; return p > 0 && p < 100 })
	if end := walk.await(hello, "succeeded"); end.Percent != 100 || end.Result != "said hello ten times" {
		t.Errorf("hello ended with %+v", end)
	}
	eventually(t, "all of its output is kept", func() bool { // which comes on a way of its own
		_, body := s.call(http.MethodGet, "/v1/tasks/"+hello+"/log?count=100", "")
		return strings.Contains(body, "hello everybody (10 %)") && strings.Contains(body, "hello everybody (100 %)")
	})

	demo := filepath.Join(data, "host", "targets", "demo", "hello.txt")
	release := func(version string) string {
		task := walk.plan("127.0.0.1", "update", "demo", version, "hello.txt")
		walk.have("update", task)
		walk.await(task, "succeeded")
		wantFile(t, demo, "hello from release "+version)
		return task
	}
	first, second := release("1.0"), release("2.0")
	walk.have("revert", second)
	walk.await(second, "reverted")
	wantFile(t, demo, "hello from release 1.0")

	if err := os.WriteFile(demo, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	walk.have("revert", first)
	if end := walk.await(first, "revert_failed"); !strings.Contains(end.Result, "hello.txt") {
		t.Errorf("the refused revert says %q", end.Result)
	}
	wantFile(t, demo, "mine")
	s.wantBody("/v1/agents", `"kind":"machine"`, `"online":true`)
}

func wantFile(t *testing.T, path, text string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(got), text) {
		t.Errorf("%s: %v, %q, want %q", path, err, got, text)
	}
}

// A machine by command line: enrolled, killed in the middle of a task, and
// withdrawn, upon which it gets no more work.
func TestMachineByCommandLine(t *testing.T) {
	t.Parallel()
	serve := newServing(t, "serve", "--nats-listen", testkit.Address(t))
	serve.start()
	serve.login()
	walk := walker{serve.caller}
	const steps = "echo \"##percent 50\"\nwhile [ ! -e $DIR/go ]; do sleep 0.02; done"
	h := enrollTaskHost(t, "web01", "10.0.0.1", map[string]string{"steps": steps}, "--data", serve.data)
	task := walk.plan("10.0.0.1", "steps", "t", "1", "c")
	walk.have("update", task) // waits for its machine
	h.start()
	eventually(t, "it is under way", func() bool { return walk.state(task).Percent == 50 })
	h.kill()
	h.start()
	if end := walk.await(task, "failed"); !strings.Contains(end.Result, "interrupted") {
		t.Errorf("the killed one ended with %+v", end)
	}
	walk.have("update", task) // what failed may be tried again
	eventually(t, "it is under way again", func() bool { return walk.state(task).Percent == 50 })
	serve.restart()
	h.write("go", "", 0o644)
	walk.await(task, "succeeded")

	var said strings.Builder
	if err := run(t.Context(), []string{"opsledger", "agent", "withdraw", "--data", serve.data, "--machine", "web01"}, &said, &said); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	eventually(t, "its credentials are void", func() bool {
		text, err := os.ReadFile(h.said.Name())
		return err == nil && strings.Contains(string(text), "revoked")
	})
	last := walk.plan("10.0.0.1", "steps", "t", "1", "c")
	walk.have("update", last)
	eventually(t, "nobody has an agent", func() bool {
		_, body := serve.call(http.MethodGet, "/v1/agents", "")
		return strings.Contains(body, `"agents":[]`)
	})
	time.Sleep(time.Second) // for what must not happen there is no signal
	if state := walk.state(last).State; state != "queued" {
		t.Errorf("after the withdrawal a task is %s", state)
	}
}
