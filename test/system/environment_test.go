package system

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// No program that `dev` starts gets a variable that is for opsledger alone, as the
// admin's password is, or any other secret of whoever started it.
func TestChildrenGetNoSecrets(t *testing.T) {
	for name, value := range map[string]string{
		"OPSLEDGER_ADMIN_PASSWORD": deployment.Password, "OPSLEDGER_LDAP_BIND_DN": "",
		"AWS_SECRET_ACCESS_KEY": "a secret of mine", "PGOPTIONS": "",
	} {
		t.Setenv(name, value)
	}
	d := deployment.NewDev(t, filepath.Join(t.TempDir(), "data"))
	d.Start()
	d.Login() // with the password of the environment
	var children map[int]string
	testkit.Eventually(t, "postgres, named and a supervisor run", func() bool {
		children = descendants(t, d.PID())
		names := fmt.Sprint(children)
		return strings.Contains(names, ":postgres") && strings.Contains(names, ":named") && strings.Contains(names, ":exe") // by /proc/self/exe
	})
	for pid := range children {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			continue // it has ended
		}
		for variable := range strings.SplitSeq(string(text), "\x00") {
			name, value, _ := strings.Cut(variable, "=")
			if strings.HasPrefix(name, "OPSLEDGER_") || strings.HasPrefix(name, "AWS_") || name == "PGOPTIONS" || value == deployment.Password {
				t.Errorf("%s (%d) has %s", children[pid], pid, variable)
			}
		}
	}
}

// forkedAlone is the flag of a process that was forked and has run no program since: it still has
// the memory, and with it the environment, of its parent.
const forkedAlone = 0x40

// descendants are the names of all processes below one that have run a program, by id.
func descendants(t *testing.T, of int) map[int]string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	names, parents, forked := map[int]string{}, map[int]int{}, map[int]bool{}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		end := bytes.LastIndexByte(text, ')')
		if err != nil || end < 0 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, name, _ := strings.Cut(string(text[:end]), "(")
		fields := strings.Fields(string(text[end+1:]))
		parents[pid], _ = strconv.Atoi(fields[1])
		flags, _ := strconv.ParseUint(fields[6], 10, 64)
		names[pid], forked[pid] = name, flags&forkedAlone != 0
	}
	below := map[int]string{}
	for pid := range names {
		for at := parents[pid]; at > 1; at = parents[at] {
			if at == of && !forked[pid] {
				below[pid] = names[pid]
			}
		}
	}
	return below
}
