package deployment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// runningPID is the process id in the file's first line, after a look that it is
// still the program of that name.
func runningPID(t testing.TB, pidFile, program string) (pid int) {
	t.Helper()
	testkit.Eventually(t, program+" runs", func() bool {
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

// kill kills the program of the pid file at once.
func kill(t testing.TB, pidFile, program string) {
	t.Helper()
	if err := syscall.Kill(runningPID(t, pidFile, program), syscall.SIGKILL); err != nil {
		t.Errorf("kill %s: %v", program, err)
	}
}

// send sends a signal to a process that may have ended.
func send(t testing.TB, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Errorf("signal %v to %d: %v", sig, pid, err)
	}
}

// stateOf is a letter, see proc(5).
func stateOf(t testing.TB, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:1]
}

func childrenOf(t testing.TB, pid int) (children []int) {
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
