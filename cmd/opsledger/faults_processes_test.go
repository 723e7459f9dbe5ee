package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// processes is opsledger as it runs on machines: serve with its private
// PostgreSQL and embedded NATS, and an agent with its named, each of them a
// process. Their addresses are the same after each start.
type processes struct {
	t             *testing.T
	serve         *serving
	agentDir, dns string
	agent         *child.Process
	agentSaid     *os.File
}

func startProcesses(t *testing.T) *processes {
	t.Helper()
	return startAround(t, newServing(t, "serve", "--nats-listen", testkit.Address(t)))
}

// startAround starts serve, and an agent that is enrolled with the flags.
func startAround(t *testing.T, serve *serving, enrollFlags ...string) *processes {
	t.Helper()
	p := &processes{t: t, serve: serve, agentDir: filepath.Join(t.TempDir(), "agent"), dns: testkit.Address(t), agentSaid: output(t, "agent")}
	serve.start()
	t.Cleanup(p.end)
	p.enroll(enrollFlags)
	p.startAgent()
	return p
}

func (p *processes) startAgent() {
	p.t.Helper()
	p.agent = startProgram(p.t, p.agentSaid, "agent", "run", "--creds", p.creds(), "--dir", p.agentDir, "--dns", p.dns, "--log-level", "warn")
}

func (p *processes) creds() string { return filepath.Join(p.agentDir, "creds.json") }

func (p *processes) enroll(flags []string) {
	p.t.Helper()
	if err := os.MkdirAll(p.agentDir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	p.command(append([]string{"agent", "enroll", "--data", p.serve.data, "--ip", "127.0.0.1", "--host", "ns1.example", "--create", "--creds", p.creds()}, flags...)...)
}

// command runs one of the short commands to its end, and returns what it said.
func (p *processes) command(args ...string) string {
	p.t.Helper()
	var out strings.Builder
	if err := run(p.t.Context(), append([]string{"opsledger"}, args...), &out, &out); err != nil {
		p.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// end stops the agent, which must end well.
func (p *processes) end() {
	if p.agent == nil {
		return
	}
	if err := p.agent.Stop(testkit.Patience); err != nil {
		p.t.Error(err)
	}
	if err := p.agent.Err(); err != nil {
		p.t.Errorf("the agent ended with %v", err)
	}
}

func (p *processes) restartServe() {
	p.t.Helper()
	p.serve.restart()
}

// wipeStream stops serve, takes all of JetStream away and starts serve again.
func (p *processes) wipeStream() {
	p.t.Helper()
	p.serve.stop()
	if err := os.RemoveAll(filepath.Join(p.serve.data, "nats")); err != nil {
		p.t.Fatal(err)
	}
	p.serve.start()
}

func (p *processes) restartAgent() {
	p.t.Helper()
	p.agent.Kill()
	p.startAgent()
}

// restartAll kills serve, the agent, and with them all that they had started.
func (p *processes) restartAll() {
	p.t.Helper()
	p.agent.Kill()
	p.restartServe()
	p.startAgent()
}

// suspendAgent has the agent sleep while serve restarts.
func (p *processes) suspendAgent() {
	p.t.Helper()
	p.pauseAgent()
	p.restartServe()
	p.wakeAgent()
}

func (p *processes) pauseAgent() {
	p.t.Helper()
	if err := p.agent.Signal(syscall.SIGSTOP); err != nil {
		p.t.Error(err)
	}
}

func (p *processes) wakeAgent() {
	p.t.Helper()
	if err := p.agent.Signal(syscall.SIGCONT); err != nil {
		p.t.Error(err)
	}
}

// rebuild computes the read models anew while they serve.
func (p *processes) rebuild() {
	p.t.Helper()
	p.command("rebuild", "--data", p.serve.data)
}

// killNamed kills the agent's named, which the agent starts again.
func (p *processes) killNamed() {
	p.t.Helper()
	p.kill(filepath.Join(p.agentDir, "named.pid"), "named")
}

// killPostgres kills the postmaster, which serve starts again.
func (p *processes) killPostgres() {
	p.t.Helper()
	p.kill(p.postmasterFile(), "postgres")
}

func (p *processes) postmasterFile() string {
	return filepath.Join(p.serve.data, "postgres", "data", "postmaster.pid")
}

func (p *processes) kill(pidFile, program string) {
	p.t.Helper()
	if err := syscall.Kill(runningPID(p.t, pidFile, program), syscall.SIGKILL); err != nil {
		p.t.Errorf("kill %s: %v", program, err)
	}
}

// killBackend kills one of the processes that serve's connections have in
// PostgreSQL, for which PostgreSQL ends them all and recovers.
func (p *processes) killBackend() {
	p.t.Helper()
	var pid int
	p.eventually("a backend is found", func() bool {
		ctx, cancel := context.WithTimeout(p.t.Context(), testkit.Patience)
		defer cancel()
		conn, err := pgx.Connect(ctx, p.serve.databaseURL())
		if err != nil {
			return false
		}
		defer conn.Close(ctx)
		return conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
			ORDER BY state = 'active' DESC, random() LIMIT 1`).Scan(&pid) == nil
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		p.t.Logf("the backend %d was gone already: %v", pid, err)
	}
}

func (p *processes) eventually(what string, holds func() bool) {
	p.t.Helper()
	eventually(p.t, what, holds)
}
