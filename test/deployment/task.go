package deployment

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Task is a task as the operations dialect prints it.
type Task struct {
	State   string
	Percent int
	Result  string
}

// act posts an action of the operations dialect, which must be carried out, and
// decodes what it says into info, unless that is nil.
func (c *Caller) act(path, action string, data map[string]any, info any) *http.Response {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"action": action, "data": data})
	if err != nil {
		c.t.Fatal(err)
	}
	reply, body := c.Call(http.MethodPost, path, string(text))
	c.ok(path+" "+action, reply, body, info)
	c.Shown(reply)
	return reply
}

// ok wants a reply that says so.
func (c *Caller) ok(what string, reply *http.Response, body string, info any) {
	c.t.Helper()
	var answer struct {
		OK   bool
		Info json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || reply.StatusCode != http.StatusOK || !answer.OK {
		c.t.Fatalf("%s: status %d, %v: %s", what, reply.StatusCode, err, body)
	}
	if info == nil {
		return
	}
	if err := json.Unmarshal(answer.Info, info); err != nil {
		c.t.Fatalf("%s: %v: %s", what, err, body)
	}
}

// NewTask plans a task for the machine with the address and returns its name.
func (c *Caller) NewTask(ip, action, target, version, content string) string {
	c.t.Helper()
	var task struct {
		ID string `json:"task_id"`
	}
	c.act("/api/task", "add", map[string]any{
		"ip": ip, "creator": "admin", "action": action, "target": target, "version": version, "content": content, "description": "a test",
	}, &task)
	return task.ID
}

// Execute has a task executed ("update") or taken back ("revert"), and returns
// the number of the attempt.
func (c *Caller) Execute(task, action string) int64 {
	c.t.Helper()
	return Position(c.t, c.act("/api/update", action, map[string]any{"executor": "admin", "task_id": task}, nil))
}

// Task is the task as it is now.
func (c *Caller) Task(id string) Task {
	c.t.Helper()
	var list struct{ Data []Task }
	reply, body := c.Call(http.MethodGet, "/api/task?task_id="+id, "")
	c.ok("task "+id, reply, body, &list)
	if len(list.Data) != 1 {
		c.t.Fatalf("task %s: %s", id, body)
	}
	return list.Data[0]
}

// AwaitPercent waits until the task, which is under way, says that it is as far.
func (c *Caller) AwaitPercent(task string, far func(percent int) bool) {
	c.t.Helper()
	testkit.Eventually(c.t, "the task is under way", func() bool { return far(c.Task(task).Percent) })
}

// AwaitEnd waits for the end of the task's attempt, which must be in this state,
// and returns the task and all that the attempt has printed.
func (c *Caller) AwaitEnd(task, state string) (ended Task, printed string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), testkit.Patience)
	defer cancel()
	printed, err := c.follow(ctx, task)
	if err != nil {
		c.t.Fatalf("task %s does not end: %v; it is %+v", task, err, c.Task(task))
	}
	if ended = c.Task(task); ended.State != state {
		c.t.Fatalf("task %s ended as %+v, want %s", task, ended, state)
	}
	return ended, printed
}

// follow reads the stream of what the task's attempt prints until its last event.
func (c *Caller) follow(ctx context.Context, task string) (printed string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL("/v1/tasks/"+task+"/log"), http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", c.token)
	reply, err := (&http.Client{Transport: c.Client.Transport}).Do(req) // which has no limit of its own
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d", reply.StatusCode)
	}
	var text strings.Builder
	lines := bufio.NewScanner(reply.Body)
	for lines.Scan() {
		if lines.Text() == "event: end" {
			return text.String(), nil
		}
		text.WriteString(lines.Text() + "\n")
	}
	return "", errors.Join(fmt.Errorf("the stream ended after\n%s", text.String()), lines.Err())
}

// Online are the names of the machines whose agents are.
func (c *Caller) Online() []string {
	c.t.Helper()
	var list struct {
		Data []struct {
			Name   string `json:"machine_name"`
			Online bool
		}
	}
	reply, body := c.Call(http.MethodGet, "/api/machine", "")
	c.ok("machines", reply, body, &list)
	var names []string
	for _, machine := range list.Data {
		if machine.Online {
			names = append(names, machine.Name)
		}
	}
	return names
}
