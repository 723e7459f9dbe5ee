package testkit

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// networkMode makes the test binary run one of the tests in a network of its own.
const networkMode = "OPSLEDGER_TEST_NETWORK"

// InNetwork runs the test of that name in a network of its own, which has loopback with these addresses beside
// 127.0.0.1 alone and where port 53 is free, and returns true there. Where no such network can be made the test
// is skipped.
func InNetwork(t *testing.T, addresses ...string) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a network")
	}
	if os.Getenv(networkMode) != "" {
		runIP(t, "link", "set", "lo", "up")
		for _, address := range addresses {
			runIP(t, "addr", "add", address+"/32", "dev", "lo")
		}
		return true
	}
	runtime.LockOSThread() // the end of the thread is the death of its children
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), networkMode+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	said, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("no network namespace can be made here:", err)
	}
	if strings.Contains(string(said), "--- SKIP") {
		t.Skip(string(said))
	}
	if err != nil {
		t.Errorf("%v:\n%s", err, said)
	}
	return false
}

func runIP(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip is missing")
	}
	if said, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, said)
	}
}
