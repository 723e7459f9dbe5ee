package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// freezePostgres stops all processes of the server whose pid file it is, which
// keeps its connections and answers nothing. What it returns lets them go on; it
// may be called more than once.
func freezePostgres(t *testing.T, pidFile string) (thaw func()) {
	t.Helper()
	postmaster := runningPID(t, pidFile, "postgres")
	send(t, postmaster, syscall.SIGSTOP)
	// A process has all its children in the list only while it makes no more.
	eventually(t, "the postmaster stands still", func() bool { return stateOf(t, postmaster) == "T" })
	frozen := childrenOf(t, postmaster)
	for _, pid := range frozen {
		send(t, pid, syscall.SIGSTOP)
	}
	return func() {
		t.Helper()
		for _, pid := range append(frozen, postmaster) {
			send(t, pid, syscall.SIGCONT)
		}
	}
}

// send sends a signal to a process that may have ended.
func send(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH {
		t.Errorf("signal %v to %d: %v", sig, pid, err)
	}
}

// stateOf is a letter, see proc(5).
func stateOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:1]
}

func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(lists) != 1 {
		t.Fatalf("children of %d: %v, %v", pid, lists, err)
	}
	text, err := os.ReadFile(lists[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	return children
}

// freezePostgres lets serve's PostgreSQL stand still for a while.
func (p *processes) freezePostgres(length time.Duration) {
	p.t.Helper()
	thaw := freezePostgres(p.t, p.postmasterFile())
	p.t.Cleanup(thaw) // should the test end before: else it could not be stopped
	time.Sleep(length)
	thaw()
}
