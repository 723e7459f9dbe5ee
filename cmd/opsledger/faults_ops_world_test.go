package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// m is a JSON object.
type m = map[string]any

// act posts an action of the operations dialect, which must be carried out, and
// decodes what it says into info, unless that is nil.
func (c *caller) act(path, action string, data m, info any) *http.Response {
	c.t.Helper()
	text, err := json.Marshal(m{"action": action, "data": data})
	if err != nil {
		c.t.Fatal(err)
	}
	reply, body := c.call(http.MethodPost, path, string(text))
	c.ok(path+" "+action, reply, body, info)
	return reply
}

// ok wants a reply that says so.
func (c *caller) ok(what string, reply *http.Response, body string, info any) {
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

// opsTask is a task as the operations dialect prints it.
type opsTask struct {
	State   string
	Percent int
	Result  string
}

func (c *caller) task(id string) opsTask {
	c.t.Helper()
	var list struct{ Data []opsTask }
	reply, body := c.call(http.MethodGet, "/api/task?task_id="+id, "")
	c.ok("task "+id, reply, body, &list)
	if len(list.Data) != 1 {
		c.t.Fatalf("task %s: %s", id, body)
	}
	return list.Data[0]
}

// newTask plans a task for the machine with the address and returns its name.
func (c *caller) newTask(ip, action, target, version, content string) string {
	c.t.Helper()
	var task struct {
		ID string `json:"task_id"`
	}
	c.act("/api/task", "add", m{
		"ip": ip, "creator": "admin", "action": action, "target": target, "version": version, "content": content, "description": "a test",
	}, &task)
	return task.ID
}

// execute has a task executed ("update") or taken back ("revert"), and returns
// the number of the attempt.
func (c *caller) execute(task, action string) int64 {
	c.t.Helper()
	return position(c.t, c.act("/api/update", action, m{"executor": "admin", "task_id": task}, nil))
}

// until waits for a task's state.
func (c *caller) until(task, state string) opsTask {
	c.t.Helper()
	var last opsTask
	eventually(c.t, "a task is "+state, func() bool {
		last = c.task(task)
		return last.State == state
	})
	return last
}

// online are the names of the machines whose agents are.
func (c *caller) online() []string {
	c.t.Helper()
	var list struct {
		Data []struct {
			Name   string `json:"machine_name"`
			Online bool
		}
	}
	reply, body := c.call(http.MethodGet, "/api/machine", "")
	c.ok("machines", reply, body, &list)
	var names []string
	for _, machine := range list.Data {
		if machine.Online {
			names = append(names, machine.Name)
		}
	}
	return names
}

// taskHost is the agent of a machine, as a process.
type taskHost struct {
	t        *testing.T
	name, ip string
	dir      string
	said     *os.File
	process  *child.Process
}

// enrollTaskHost registers a machine with the data folder's control plane, whose
// scripts are the machine's actions. They find its folder in DIR.
func enrollTaskHost(t *testing.T, name, ip string, scripts map[string]string, enrollFlags ...string) *taskHost {
	t.Helper()
	h := &taskHost{t: t, name: name, ip: ip, dir: t.TempDir(), said: output(t, name)}
	var said strings.Builder
	args := append([]string{"opsledger", "agent", "enroll", "--machine", name, "--create", "--inside-ip", ip, "--creds", h.path("creds"), "--log-level", "error"}, enrollFlags...)
	if err := run(t.Context(), args, &said, &said); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, said.String())
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user: root, "
	}
	config := fmt.Sprintf("actions_folder: %s\nactions:\n", h.path("actions"))
	for action, text := range scripts {
		config += fmt.Sprintf("  %s: {%senvironment: {DIR: %s}}\n", action, user, h.dir)
		h.write(filepath.Join("actions", action), "#!/bin/sh\n"+text+"\n", 0o755)
	}
	h.write("actions.yaml", config, 0o600)
	t.Cleanup(h.stop)
	return h
}

func (h *taskHost) path(name string) string { return filepath.Join(h.dir, name) }

func (h *taskHost) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
}

func (h *taskHost) start() {
	h.t.Helper()
	h.process = startProgram(h.t, h.said, "agent", "run", "--creds", h.path("creds"), "--dir", h.path("state"), "--config", h.path("actions.yaml"), "--log-level", "warn")
}

// stop ends the agent, which must end well if it was not killed.
func (h *taskHost) stop() {
	if h.process == nil {
		return
	}
	if err := h.process.Stop(testkit.Patience); err != nil {
		h.t.Error(err)
	}
	if err := h.process.Err(); err != nil {
		h.t.Errorf("the agent of %s ended with %v", h.name, err)
	}
	h.process = nil
}

// kill ends the agent at once.
func (h *taskHost) kill() {
	h.process.Kill()
	h.process = nil
}

// ran are the contents of the tasks that ran, one for each time, in order of the texts.
func (h *taskHost) ran() []string {
	text, err := os.ReadFile(h.path("ran"))
	if err != nil {
		return nil
	}
	lines := strings.Fields(string(text))
	slices.Sort(lines)
	return lines
}
