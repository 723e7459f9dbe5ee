package deployment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/bind"
)

// NameServer is the agent of a DNS host, with its named, as a process on the same
// address after each start.
type NameServer struct {
	Named
	// Dir is the agent's folder.
	Dir string
	// Said is what the agent prints.
	Said *testkit.Output
	// Program is the file that Start starts, empty for that of [testkit.Program].
	Program string
	// Outlives has named go on when the agent ends, until the test does.
	Outlives bool
	process  *child.Process
}

// EnrollNameServer registers this machine with the control plane of a data folder,
// or of the flags. The agent has not been started yet; it ends with the test.
func EnrollNameServer(t testing.TB, data string, flags ...string) *NameServer {
	t.Helper()
	return EnrollNameServerAs(t, "127.0.0.1", "ns1.example", append([]string{"--data", data}, flags...)...)
}

// EnrollNameServerAs is EnrollNameServer for one of several name servers.
func EnrollNameServerAs(t testing.TB, ip, host string, flags ...string) *NameServer {
	t.Helper()
	n := &NameServer{
		Named: Named{t: t, DNS: testkit.Address(t)}, Dir: filepath.Join(t.TempDir(), "agent"), Said: testkit.NewOutput(t, "agent"),
	}
	t.Cleanup(n.Stop)
	if err := os.MkdirAll(n.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	Command(t, append([]string{
		"agent", "enroll", "--ip", ip, "--host", host, "--create", "--creds", n.Creds(),
	}, flags...)...)
	return n
}

// RedeemNameServer is a host that has no credentials yet, and gets them by a token with the flags.
func RedeemNameServer(t testing.TB, token string, flags ...string) *NameServer {
	t.Helper()
	n := &NameServer{
		Named: Named{t: t, DNS: testkit.Address(t)}, Dir: filepath.Join(t.TempDir(), "agent"), Said: testkit.NewOutput(t, "agent"),
	}
	t.Cleanup(n.Stop)
	if err := os.MkdirAll(n.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	Command(t, append([]string{"agent", "redeem", "--token", token, "--creds", n.Creds()}, flags...)...)
	return n
}

// pidFile is that of its named.
func (n *NameServer) pidFile() string { return filepath.Join(n.Dir, "var", "named.pid") }

// Copy is another host to which the credentials file was copied.
func (n *NameServer) Copy(t testing.TB) *NameServer {
	t.Helper()
	c := &NameServer{
		Named: Named{t: t, DNS: testkit.Address(t)}, Dir: filepath.Join(t.TempDir(), "agent"), Said: testkit.NewOutput(t, "copied agent"),
	}
	t.Cleanup(c.Stop)
	text, err := os.ReadFile(n.Creds())
	if err == nil {
		err = os.MkdirAll(c.Dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(c.Creds(), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Creds is its credentials file.
func (n *NameServer) Creds() string { return filepath.Join(n.Dir, "creds.json") }

// Start starts the agent, which starts named. named ends with it, or with the test: no test leaves one behind.
func (n *NameServer) Start() {
	n.t.Helper()
	command := []string{"agent", "run", "--creds", n.Creds(), "--dir", n.Dir, "--dns", n.DNS, "--log-level", "warn"}
	if n.Outlives {
		n.t.Cleanup(func() { n.Stop(); _, _ = bind.StopNamed(n.Dir) })
	} else {
		command = append(command, "--end-named")
	}
	n.process = start(n.t, n.Program, n.Said, command...)
}

// Retires wants the agent to end by itself, and well, and with it named and what it had stored.
func (n *NameServer) Retires() {
	n.t.Helper()
	testkit.Await(n.t, "the agent ends by itself", n.process.Done())
	if err := n.process.Err(); err != nil {
		n.t.Errorf("the agent ended with %v", err)
	}
	n.process = nil
	if bind.LeftOver(n.Dir) {
		n.t.Error("named runs on")
	}
	for _, name := range []string{"state", "zones", "views", "named.conf"} {
		if _, err := os.Stat(filepath.Join(n.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
			n.t.Errorf("%s is still there: %v", name, err)
		}
	}
}

// Stop stops the agent, which must end well.
func (n *NameServer) Stop() {
	n.t.Helper()
	if n.process != nil {
		stopWell(n.t, "the agent", n.process)
	}
	n.process = nil
}

// Kill ends the agent at once, and its named with it.
func (n *NameServer) Kill() {
	n.process.Kill()
	n.process = nil
}

// KillNamed kills named alone, which the agent starts again.
func (n *NameServer) KillNamed() {
	n.t.Helper()
	kill(n.t, n.pidFile(), "named")
}

// Freeze has the agent, not its named, stand still until Thaw.
func (n *NameServer) Freeze() {
	n.t.Helper()
	send(n.t, n.process.Pid(), syscall.SIGSTOP)
	n.t.Cleanup(n.Thaw) // else it could not be stopped
}

// Thaw lets it go on; it may be called again.
func (n *NameServer) Thaw() {
	n.t.Helper()
	if n.process != nil {
		send(n.t, n.process.Pid(), syscall.SIGCONT)
	}
}

// Forget takes from the stopped agent all that it has but its credentials.
func (n *NameServer) Forget() {
	n.t.Helper()
	entries, err := os.ReadDir(n.Dir)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, entry := range entries {
		if file := filepath.Join(n.Dir, entry.Name()); file != n.Creds() {
			if err := os.RemoveAll(file); err != nil {
				n.t.Fatal(err)
			}
		}
	}
}

// FreezeNamed has the agent's named stand still until thaw is called, and at the latest to
// the test's end: else nobody could stop it.
func (n *NameServer) FreezeNamed() (thaw func()) {
	n.t.Helper()
	pid := runningPID(n.t, n.pidFile(), "named")
	thaw = func() { n.t.Helper(); send(n.t, pid, syscall.SIGCONT) }
	n.t.Cleanup(thaw)
	send(n.t, pid, syscall.SIGSTOP)
	return thaw
}
