package deployment

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Machine is the agent of a machine that runs tasks, as a process.
type Machine struct {
	t    testing.TB
	name string
	dir  string
	// Said is what the agent prints.
	Said    *testkit.Output
	process *child.Process
}

// EnrollMachine registers a machine, whose scripts are its actions. They find its
// folder in DIR. flags say with which control plane. The agent has not been
// started yet; it ends with the test.
func EnrollMachine(t testing.TB, name, ip string, scripts map[string]string, flags ...string) *Machine {
	t.Helper()
	m := &Machine{t: t, name: name, dir: t.TempDir(), Said: testkit.NewOutput(t, name)}
	Command(t, append([]string{
		"agent", "enroll", "--machine", name, "--create", "--inside-ip", ip, "--creds", m.path("creds"), "--log-level", "error",
	}, flags...)...)
	config := fmt.Sprintf("actions_folder: %s\nactions:\n", m.path("actions"))
	for action, text := range scripts {
		config += fmt.Sprintf("  %s: {%senvironment: {DIR: %s}}\n", action, m.AsRoot(), m.dir)
		m.Write(filepath.Join("actions", action), "#!/bin/sh\n"+text+"\n", 0o755)
	}
	m.Write("actions.yaml", config, 0o600)
	t.Cleanup(m.Stop)
	return m
}

// AsRoot is the setting that an action needs under a root agent.
func (m *Machine) AsRoot() string {
	if os.Geteuid() == 0 {
		return "user: root, "
	}
	return ""
}

// Configure adds lines to the machine's configuration, in its actions at first.
func (m *Machine) Configure(lines string) {
	m.t.Helper()
	text, err := os.ReadFile(m.path("actions.yaml"))
	if err != nil {
		m.t.Fatal(err)
	}
	m.Write("actions.yaml", string(text)+lines, 0o600)
}

// Folder makes a folder of the machine's and returns its path.
func (m *Machine) Folder(name string) string {
	m.t.Helper()
	if err := os.MkdirAll(m.path(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	return m.path(name)
}

// Copy is another machine to which the credentials file, actions and configuration were
// copied, and whose scripts work in a folder of its own.
func (m *Machine) Copy(t testing.TB) *Machine {
	t.Helper()
	c := &Machine{t: t, name: m.name + " copied", dir: t.TempDir(), Said: testkit.NewOutput(t, m.name+" copied")}
	for name, mode := range map[string]os.FileMode{"creds": 0o600, "actions.yaml": 0o600} {
		text, err := os.ReadFile(m.path(name))
		if err != nil {
			t.Fatal(err)
		}
		c.Write(name, strings.ReplaceAll(string(text), m.dir, c.dir), mode)
	}
	if err := os.CopyFS(c.path("actions"), os.DirFS(m.path("actions"))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func (m *Machine) path(name string) string { return filepath.Join(m.dir, name) }

// Write writes a file in the machine's folder.
func (m *Machine) Write(name, text string, mode os.FileMode) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(m.path(name), []byte(text), mode); err != nil {
		m.t.Fatal(err)
	}
}

// Words are those that scripts have put into a file, in order of the texts.
func (m *Machine) Words(name string) []string {
	m.t.Helper()
	text, err := os.ReadFile(m.path(name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Error(err)
	}
	words := strings.Fields(string(text))
	slices.Sort(words)
	return words
}

// Start starts the agent, with these flags beside its own.
func (m *Machine) Start(flags ...string) {
	m.t.Helper()
	m.process = start(m.t, "", m.Said, append([]string{"agent", "run", "--creds", m.path("creds"), "--dir", m.path("state"),
		"--config", m.path("actions.yaml"), "--log-level", "warn"}, flags...)...)
}

// Stop ends the agent, which must end well if it was not killed.
func (m *Machine) Stop() {
	m.t.Helper()
	if m.process != nil {
		stopWell(m.t, "the agent of "+m.name, m.process)
		m.process = nil
	}
}

// Kill ends the agent at once.
func (m *Machine) Kill() {
	m.process.Kill()
	m.process = nil
}
