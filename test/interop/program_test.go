//go:build interop

package interop

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// program is one that is not ours.
type program struct {
	name, path, version string
	// missing is why there is none, empty if there is one.
	missing string
}

// find looks for a program among those that scripts/interop.sh has built, and on the system.
// What it prints with the arguments has its version behind the prefix.
func find(t *testing.T, name, prefix string, args ...string) program {
	t.Helper()
	p := program{name: name}
	built := os.Getenv("INTEROP_PROGRAMS")
	p.path = filepath.Join(built, name)
	if _, err := os.Stat(p.path); built == "" || err != nil {
		if p.path, err = child.Find(name); err != nil {
			why, _ := os.ReadFile(filepath.Join(built, name+".missing"))
			p.missing = "not installed: " + strings.TrimSpace(string(why))
			return p
		}
	}
	if info, err := buildinfo.ReadFile(p.path); err == nil && strings.HasPrefix(info.Main.Version, "v") { // of one that was built here
		p.version = info.Main.Version
		return p
	}
	said, _ := exec.CommandContext(t.Context(), p.path, args...).CombinedOutput() // some end with an error after all
	_, behind, _ := strings.Cut(string(said), prefix)
	if fields := strings.Fields(behind); len(fields) > 0 {
		p.version = strings.Trim(fields[0], `",()`)
	}
	return p
}

// try is a line of the table: what was tried with the program, and whether it works.
func (p program) try(t *testing.T, what string, f func(t *testing.T)) {
	t.Helper()
	t.Run(what, func(t *testing.T) {
		defer p.note(t, what)
		if p.missing != "" {
			t.Skip(p.missing)
		}
		f(t)
	})
}

func (p program) note(t *testing.T, what string) {
	result := "works"
	switch {
	case t.Failed():
		result = "FAILED"
	case t.Skipped():
		result = p.missing
	}
	if file := os.Getenv("INTEROP_TABLE"); file != "" {
		to, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = fmt.Fprintf(to, "%s\t%s\t%s\t%s\n", p.name, p.version, what, result)
			_ = to.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// run runs the program to its end, which must be a good one, and returns what it said.
func (p program) run(t *testing.T, environment []string, args ...string) string {
	t.Helper()
	said, err := p.attempt(t, environment, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", p.name, strings.Join(args, " "), err, said)
	}
	return said
}

// attempt is run where the program may end badly.
func (p program) attempt(t *testing.T, environment []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.path, args...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Dir = t.TempDir()
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// start starts the program as a server until the test ends, once it says that it is ready.
func (p program) start(t *testing.T, ready string, environment []string, args ...string) *testkit.Output {
	t.Helper()
	said := testkit.NewOutput(t, p.name)
	printed := said.Printed(ready)
	server, err := child.Start(t.Context(), child.Spec{Path: p.path, Args: args, Env: environment, Dir: t.TempDir(), Log: said.File()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	select {
	case <-printed:
	case <-server.Done():
		t.Fatalf("%s ended: %v\n%s", p.name, server.Err(), said)
	}
	return said
}

// write writes a file of a program's configuration, and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
