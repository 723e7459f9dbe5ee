package workload

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/test/deployment"
)

// machineDeeds are about machines that have no agents, and about tasks for the
// one that has.
var machineDeeds = []deed{{20, (*client).machine}, {15, (*client).runTask}, {5, (*client).dropTask}}

// The clients that are concerned with machines and tasks, and the address of the
// machine that runs these.
const (
	machineClient, taskClient = 9, 10
	taskAddress               = "10.8.0.1"
	mostMachines              = 12
)

// RunTasks has a machine of the site's run tasks for the clients.
func (w *Workload) RunTasks() {
	w.t.Helper()
	scripts := map[string]string{"note": "echo $4 >> $DIR/ran"}
	w.machine = deployment.EnrollMachine(w.t, "worker", taskAddress, scripts, "--data", w.site.Serve.Data)
	w.machine.Start()
}

// machine adds, changes and removes machines.
func (c *client) machine() {
	if c.id != machineClient {
		return
	}
	n := c.next()
	m := ops.MachineData{
		Name: fmt.Sprint("machine", n), InsideIP: fmt.Sprintf("10.7.%d.%d", n>>8&255, n&255), OutsideIP: fmt.Sprintf("2001:db8:7::%x", n),
		Usage: "用途", Initialized: n % 2, Location: fmt.Sprint("rack ", n),
	}
	name := pick(c.rng, c.own.machines, every)
	switch {
	case name == "" || len(c.own.machines) < mostMachines && c.rng.IntN(3) == 0:
		if _, ok := c.write("MachineAdded", http.MethodPost, "/api/machine", request("add", machineBody(m))); ok {
			c.own.machines[m.Name] = m
		}
	case c.rng.IntN(2) == 0:
		m.Name = name
		if _, ok := c.write("MachineUpdated", http.MethodPost, "/api/machine", request("update", machineBody(m))); ok {
			c.own.machines[name] = m
		}
	default:
		if _, ok := c.write("MachineDeleted", http.MethodDelete, "/api/machine?machine_name="+name, nil); ok {
			delete(c.own.machines, name)
		}
	}
}

func machineBody(m ops.MachineData) map[string]any {
	return map[string]any{"machine_name": m.Name, "inside_ip": m.InsideIP, "outside_ip": m.OutsideIP,
		"usage": m.Usage, "is_initialized": m.Initialized, "location": m.Location}
}

// runTask plans a task and has it executed.
func (c *client) runTask() {
	if c.id != taskClient || c.w.machine == nil {
		return
	}
	content := fmt.Sprint("t", c.next())
	a, ok := c.write("TaskCreated", http.MethodPost, "/api/task", request("add", map[string]any{
		"ip": taskAddress, "creator": "admin", "action": "note", "target": "1", "version": "1", "content": content, "description": "soak",
	}))
	if !ok {
		return
	}
	var said struct {
		Info struct {
			Task string `json:"task_id"`
		}
	}
	if err := json.Unmarshal(a.body, &said); err != nil || said.Info.Task == "" {
		c.w.t.Errorf("no task: %s", a.body)
		return
	}
	execute := request("update", map[string]any{"executor": "admin", "task_id": said.Info.Task})
	if _, ok := c.write("AttemptAccepted", http.MethodPost, "/api/update", execute); ok {
		c.own.tasks[said.Info.Task] = content
		c.own.ran = append(c.own.ran, content)
	}
}

// dropTask removes a task from the lists, which is refused until it has ended.
func (c *client) dropTask() {
	task := pick(c.rng, c.own.tasks, every)
	if task == "" {
		return
	}
	if _, ok := c.write("TaskDeleted", http.MethodDelete, "/api/task?task_id="+task, nil); ok {
		delete(c.own.tasks, task)
	}
}
