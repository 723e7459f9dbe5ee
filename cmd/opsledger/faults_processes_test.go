package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/child"
)

// asProgram, when set, makes the test binary be opsledger itself (see TestMain):
// a process of its own that can be killed, with the race detector in it.
const asProgram = "OPSLEDGER_TEST_AS_PROGRAM"

// processes is opsledger as it runs on machines: serve with its private
// PostgreSQL and embedded NATS, and an agent with its named, each of them a
// process. Their addresses are the same after each start.
type processes struct {
	t                    *testing.T
	data, agentDir       string
	http, nats, dns      string
	serve, agent         *child.Process
	serveSaid, agentSaid *os.File
	client               *http.Client
}

func startProcesses(t *testing.T) *processes {
	t.Helper()
	dir := t.TempDir()
	p := &processes{
		t: t, data: filepath.Join(dir, "serve"), agentDir: filepath.Join(dir, "agent"),
		http: freeAddress(t), nats: freeAddress(t), dns: freeAddress(t),
		serveSaid: output(t, dir, "serve"), agentSaid: output(t, dir, "agent"),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}},
	}
	t.Cleanup(p.end)
	p.startServe()
	p.enroll()
	p.startAgent()
	return p
}

// output is the file that a process writes to; its end is shown when the test fails.
func output(t *testing.T, dir, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name+".out"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		text, err := os.ReadFile(f.Name())
		if err != nil || f.Close() != nil {
			t.Errorf("output of %s is lost: %v", name, err)
		}
		for _, sign := range []string{"DATA RACE", "panic:", "fatal error:"} {
			if at := bytes.Index(text, []byte(sign)); at >= 0 {
				t.Errorf("%s said:\n%.6000s", name, text[at:])
			}
		}
		if t.Failed() {
			const tail = 6000
			t.Logf("the end of what %s said:\n%s", name, text[max(0, len(text)-tail):])
		}
	})
	return f
}

// freeAddress is below the ports that the system gives to clients, so that it
// stays free while its server is down.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(12000+rand.IntN(20000)))
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		udp, err := net.ListenPacket("udp", address)
		if tcp.Close() == nil && err == nil && udp.Close() == nil {
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

func (p *processes) start(said *os.File, args ...string) *child.Process {
	p.t.Helper()
	program, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	process, err := child.Start(context.Background(), child.Spec{
		Name: args[0], Path: program, Args: args, Env: append(os.Environ(), asProgram+"=1"), Log: said,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return process
}

// startServe returns when serve is ready for writes.
func (p *processes) startServe() {
	p.t.Helper()
	p.serve = p.start(p.serveSaid, "serve", "--data", p.data, "--http", p.http, "--nats-listen", p.nats,
		"--admin-password", testPassword, "--log-level", "warn")
	p.eventually("serve is ready", func() bool {
		select {
		case <-p.serve.Done():
			p.t.Fatalf("serve ended: %v", p.serve.Err())
		default:
		}
		reply, err := p.client.Get("http://" + p.http + "/readyz")
		if err != nil {
			return false
		}
		defer reply.Body.Close()
		_, _ = io.Copy(io.Discard, reply.Body) // so that the connection is used again
		return reply.StatusCode == http.StatusOK
	})
}

func (p *processes) startAgent() {
	p.t.Helper()
	p.agent = p.start(p.agentSaid, "agent", "run", "--creds", p.creds(), "--dir", p.agentDir, "--dns", p.dns, "--log-level", "warn")
}

func (p *processes) creds() string { return filepath.Join(p.agentDir, "creds.json") }

func (p *processes) enroll() {
	p.t.Helper()
	if err := os.MkdirAll(p.agentDir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	p.command("agent", "enroll", "--data", p.data, "--ip", "127.0.0.1", "--host", "ns1.example", "--create", "--creds", p.creds())
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

// end stops what runs, in order; each must end well.
func (p *processes) end() {
	for _, process := range []*child.Process{p.agent, p.serve} {
		if process == nil {
			continue
		}
		if err := process.Stop(time.Minute); err != nil {
			p.t.Error(err)
		}
		if err := process.Err(); err != nil {
			p.t.Errorf("a process ended with %v", err)
		}
	}
	p.client.CloseIdleConnections()
}

// killServe kills serve; what it had started ends with it.
func (p *processes) killServe() { p.serve.Kill() }

func (p *processes) restartServe() {
	p.t.Helper()
	p.killServe()
	p.startServe()
}

// wipeStream stops serve, takes all of JetStream away and starts serve again.
func (p *processes) wipeStream() {
	p.t.Helper()
	if err := p.serve.Stop(time.Minute); err != nil {
		p.t.Error(err)
	}
	if err := os.RemoveAll(filepath.Join(p.data, "nats")); err != nil {
		p.t.Fatal(err)
	}
	p.startServe()
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
	if err := p.agent.Signal(syscall.SIGSTOP); err != nil {
		p.t.Error(err)
	}
	p.restartServe()
	if err := p.agent.Signal(syscall.SIGCONT); err != nil {
		p.t.Error(err)
	}
}

// rebuild computes the read models anew while they serve.
func (p *processes) rebuild() {
	p.t.Helper()
	p.command("rebuild", "--data", p.data)
}

// killNamed kills the agent's named, which the agent starts again.
func (p *processes) killNamed() {
	p.t.Helper()
	p.kill(filepath.Join(p.agentDir, "named.pid"), "named")
}

// killPostgres kills the postmaster, which serve starts again.
func (p *processes) killPostgres() {
	p.t.Helper()
	p.kill(filepath.Join(p.data, "postgres", "data", "postmaster.pid"), "postgres")
}

// kill kills the process whose id is the file's first line, after a look that
// it is still the program of that name.
func (p *processes) kill(pidFile, program string) {
	p.t.Helper()
	var pid int
	p.eventually(program+" runs", func() bool {
		text, err := os.ReadFile(pidFile)
		if err != nil {
			return false
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err = strconv.Atoi(strings.TrimSpace(first))
		if err != nil || pid <= 1 {
			return false
		}
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		return err == nil && strings.TrimSpace(string(name)) == program
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		p.t.Errorf("kill %s: %v", program, err)
	}
}

// killBackend kills one of the processes that serve's connections have in
// PostgreSQL, for which PostgreSQL ends them all and recovers.
func (p *processes) killBackend() {
	p.t.Helper()
	var pid int
	p.eventually("a backend is found", func() bool {
		ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, p.databaseURL())
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

// databaseURL is where the running serve has its PostgreSQL.
func (p *processes) databaseURL() string {
	p.t.Helper()
	r, err := readRunning(p.data)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.DatabaseURL
}

func (p *processes) eventually(what string, holds func() bool) {
	p.t.Helper()
	eventually(p.t, what, holds)
}

// eventually polls where no signal reaches the test.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after a minute: %s", what)
		}
	}
}
