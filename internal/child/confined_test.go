package child_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// confined runs a shell script confined, in a folder that everybody may enter.
func confined(t *testing.T, c child.Confinement, script string) (string, error) {
	t.Helper()
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	if c.CPU == 0 {
		c.CPU = time.Minute
	}
	out, err := child.Run(t.Context(), child.Spec{Path: "/bin/bash", Args: []string{"-c", script}, Dir: openFolder(t), Confined: &c})
	return string(out), err
}

func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "opsledger-confined-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // nothing but the limit keeps the program from writing
		t.Fatal(err)
	}
	return dir
}

// elsewhere is a script that says whether it is in another namespace than this process.
func elsewhere(t *testing.T, namespace string) string {
	t.Helper()
	own, err := os.Readlink("/proc/self/ns/" + namespace)
	if err != nil {
		t.Fatal(err)
	}
	return "test \"$(readlink /proc/$$/ns/" + namespace + ")\" = '" + own + "' || echo apart"
}

// Each of the invariants of [child.Confinement] but the last, which is that of each child.
func TestConfinedHasNothing(t *testing.T) {
	allowCores(t)
	t.Setenv("OPSLEDGER_ADMIN_PASSWORD", "secret")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("root alone"), 0o600); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(secret) // must not be open in the child
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	for name, c := range map[string]struct {
		script, says string
		// root says that the case tells something only where the parent is root.
		root bool
	}{
		"user":             {"id -u; id -G", "65534\n65534\n", true},
		"files of others":  {"cat " + secret + " 2>/dev/null; echo done", "done\n", true},
		"no new rights":    {"grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1\n", false},
		"environment":      {"tr '\\0' '\\n' < /proc/$$/environ; echo end", "end\n", false},
		"open files":       {"ls /proc/$$/fd | sort -n | head -3 | tr '\\n' ' '; ls -l /proc/$$/fd | grep -c secret", "0 1 2 0\n", false},
		"writing":          {"(trap '' XFSZ; echo x > written) 2>/dev/null; test -s written || echo empty", "empty\n", false},
		"many files":       {"ulimit -n", "32\n", false},
		"core":             {"ulimit -c", "0\n", false},
		"memory":           {"ulimit -v", "262144\n", false},
		"raising a limit":  {"ulimit -v 1000000 2>/dev/null || echo refused", "refused\n", false},
		"memory of others": {elsewhere(t, "ipc"), "apart\n", true},
		"host's name":      {elsewhere(t, "uts"), "apart\n", true},
		"network":          {"cat /proc/net/dev | tail -n +3 | grep -v 'lo:' | wc -l; cat /proc/net/route | tail -n +2 | wc -l", "0\n0\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.root && !child.ConfinedAsNobody() {
				t.Skip("the parent is not root")
			}
			out, err := confined(t, child.Confinement{}, c.script+"; true")
			if out != c.says || err != nil {
				t.Errorf("%q, %v, want %q", out, err, c.says)
			}
		})
	}
}

// allowCores lets this process, and what it starts, leave as large a core file as it may.
func allowCores(t *testing.T) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: before.Max, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &before) })
}

func TestConfinedIsLimited(t *testing.T) {
	t.Parallel()
	const large = "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x}"
	if out, err := confined(t, child.Confinement{Memory: 64 << 20}, large); err == nil && strings.Contains(out, "200000000") {
		t.Errorf("%q: more memory than allowed", out)
	}
	_, err := confined(t, child.Confinement{CPU: time.Second}, "while :; do :; done")
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v, want the end of a program that has used up its time", err)
	}
	out, err := confined(t, child.Confinement{}, "head -c 10000000 /dev/zero")
	if err != nil || len(out) != 64<<10 {
		t.Errorf("%d octets of output, %v", len(out), err)
	}
	rooted := child.Confinement{RootArgs: []string{"-c", "echo may change its root"}}
	out, err = confined(t, rooted, "echo may not")
	if err != nil || out != "may change its root\n" && out != "may not\n" || child.ConfinedAsNobody() && out == "may not\n" {
		t.Errorf("%q, %v", out, err)
	}
	missing := child.Spec{Path: "/no/such/program", Confined: &child.Confinement{Memory: 1 << 28, CPU: time.Second}}
	if _, err := child.Run(t.Context(), missing); err == nil {
		t.Error("a program that is not there has run")
	}
}

// What the program has started ends with it, or Kill would wait for as long as that holds
// the output open.
func TestConfinedEndsAsAGroup(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer w.Close()
	p, err := child.Start(t.Context(), child.Spec{
		Path: "/bin/bash", Args: []string{"-c", "sleep 1000 & echo ready; wait"}, Dir: openFolder(t), Log: w,
		Confined: &child.Confinement{Memory: 256 << 20, CPU: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(r)
	if _, err := said.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // ends when w is closed
	killed := make(chan struct{})
	go func() {
		p.Kill()
		close(killed)
	}()
	select {
	case <-killed:
	case <-time.After(testkit.Patience):
		t.Fatal("something of the child lives on")
	}
}
