package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/internal/testkit"
)

// asProgram, when set, makes the test binary be opsledger itself (see TestMain):
// a process of its own that can be killed, with the race detector in it.
const asProgram = "OPSLEDGER_TEST_AS_PROGRAM"

func startProgram(t *testing.T, said *os.File, args ...string) *child.Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process, err := child.Start(context.Background(), child.Spec{
		Name: args[0], Path: program, Args: args, Env: append(os.Environ(), asProgram+"=1"), Log: said,
	})
	if err != nil {
		t.Fatal(err)
	}
	return process
}

// output is the file that a process writes to; its end is shown when the test fails.
func output(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), name+".out"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
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

// serving is `opsledger serve` as a process, on the same address after each start.
type serving struct {
	*caller
	data    string
	flags   []string
	said    *os.File
	process *child.Process
}

// newServing is a process that has not been started yet; it ends with the test.
func newServing(t *testing.T, name string, flags ...string) *serving {
	t.Helper()
	s := &serving{
		caller: newCaller(t, testkit.Address(t)), data: filepath.Join(t.TempDir(), name), flags: flags, said: output(t, name),
	}
	t.Cleanup(func() {
		s.stop()
		s.client.CloseIdleConnections()
	})
	return s
}

// start returns when serve is ready for writes.
func (s *serving) start() {
	s.t.Helper()
	s.process = startProgram(s.t, s.said, append([]string{"serve", "--data", s.data, "--http", s.address,
		"--admin-password", testPassword, "--log-level", "warn"}, s.flags...)...)
	eventually(s.t, "serve is ready", func() bool {
		select {
		case <-s.process.Done():
			s.t.Fatalf("serve ended: %v", s.process.Err())
		default:
		}
		reply, _, err := s.ask(http.MethodGet, "/readyz", "", "")
		return err == nil && reply.StatusCode == http.StatusOK
	})
}

// kill ends serve at once, and with it what it had started.
func (s *serving) kill() { s.process.Kill() }

func (s *serving) restart() {
	s.t.Helper()
	s.kill()
	s.start()
}

// stop is a clean stop, of what was not killed.
func (s *serving) stop() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	select {
	case <-s.process.Done(): // killed, or it failed and start has said so
		return
	default:
	}
	if err := s.process.Stop(testkit.Patience); err != nil {
		s.t.Error(err)
	}
	if err := s.process.Err(); err != nil {
		s.t.Errorf("serve ended with %v", err)
	}
}

// databaseURL is where the running serve has its PostgreSQL.
func (s *serving) databaseURL() string {
	s.t.Helper()
	r, err := datafolder.ReadRunning(s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.DatabaseURL
}

// runningPID is the process id in the file's first line, after a look that it is
// still the program of that name.
func runningPID(t *testing.T, pidFile, program string) (pid int) {
	t.Helper()
	eventually(t, program+" runs", func() bool {
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
	return pid
}

// eventually polls where no signal reaches the test.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testkit.Patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after a minute: %s", what)
		}
	}
}
