package checkconf_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/checkconf"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func program(t *testing.T) *checkconf.Program {
	t.Helper()
	path, err := child.Find("named-checkconf")
	if err != nil {
		t.Fatalf("named-checkconf is not installed: %v", err)
	}
	return checkconf.New(path)
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	p := program(t)
	for text, want := range map[string]string{
		"options { recursion no; };":                          "",
		"options { directory \"var\"; pid-file \"x.pid\"; };": "",
		"options { recursion maybe; };":                       "boolean expected near 'maybe'",
		"line1 line2;":                                        "unknown option 'line1'",
		"options { directory \"away\"; };":                    "change directory to 'away' failed",
	} {
		got, err := p.Check(t.Context(), text, "var")
		if err != nil || want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	if got, err := p.Check(t.Context(), "é;"+strings.Repeat("a;", 100_000)); err != nil || len(got) > 3<<10 {
		t.Errorf("a verdict of %d octets, %v", len(got), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := p.Check(ended, "options { };"); err == nil {
		t.Errorf("%q after the end", got)
	}
}

// What a program says whose end tells nothing about the text is no verdict.
func TestOnlyARefusalIsOne(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"kill -9 $$", "echo no; exit 2", "echo no; exit 127", "echo mem.c; kill -ABRT $$"} {
		path := filepath.Join(t.TempDir(), "checkconf")
		if err := errors.Join(os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755), open(path)); err != nil {
			t.Fatal(err)
		}
		if got, err := checkconf.New(path).Check(t.Context(), "options { };"); err == nil || got != "" {
			t.Errorf("%s: %q, %v", script, got, err)
		}
	}
}

// The program runs with limits that follow from the text, and with nothing of the parent's:
// package child has the test of what a confinement is.
func TestTheProgramIsConfined(t *testing.T) {
	t.Setenv("OPSLEDGER_ADMIN_PASSWORD", "secret")
	path := filepath.Join(t.TempDir(), "checkconf")
	const script = "#!/bin/bash -p\necho $(ulimit -v) $(ulimit -t) $(ulimit -f) $(grep NoNewPrivs /proc/self/status) $OPSLEDGER_ADMIN_PASSWORD $*; exit 1\n"
	if err := errors.Join(os.WriteFile(path, []byte(script), 0o755), open(path)); err != nil {
		t.Fatal(err)
	}
	const text = "options { };"
	got, err := checkconf.New(path).Check(t.Context(), text)
	if !child.ConfinedAsNobody() { // who may not change the root folder does not ask for it
		got = strings.Replace(got, "1 -c", "1 -t . -c", 1)
	}
	if want := fmt.Sprintf("%d 10 0 NoNewPrivs: 1 -t . -c named.conf", 256<<10+len(text)/2); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// Even if a text with such statements came to the program, no file would be read and no
// code loaded: the program sees its own folder, as a user who owns nothing.
func TestNothingElseIsReached(t *testing.T) {
	t.Parallel()
	p := program(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := errors.Join(os.WriteFile(secret, []byte("root:x:0:0 secret-words\n"), 0o644), open(secret)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join(dir, "loaded")
	object := library(t, marker)
	for _, text := range []string{
		`include "` + secret + `";`,
		`include "/etc/passwd";`,
		`options { include "/etc/passwd"; };`,
		`plugin query "` + object + `";`,
		`view "v" { plugin query "` + object + `" { }; };`,
		`dyndb "x" "` + object + `" { };`,
		`options { directory "` + dir + `"; };`,
		`include "../../../../../../` + secret + `";`,
	} {
		got, err := p.Check(t.Context(), text)
		if err != nil || strings.Contains(got, "secret-words") || strings.Contains(got, "root") || strings.Contains(got, "passwd:") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		if strings.HasPrefix(text, "include") && !strings.Contains(got, "not found") && child.ConfinedAsNobody() {
			t.Errorf("%s: %q, want that there is no such file", text, got)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("code was loaded")
	}
}

// library would leave a file at the marker if it was loaded.
func library(t *testing.T, marker string) string {
	t.Helper()
	dir := t.TempDir()
	source, object := filepath.Join(dir, "x.c"), filepath.Join(dir, "x.so")
	text := "#include <stdio.h>\n__attribute__((constructor)) void go(void) { FILE *f = fopen(\"" + marker + "\", \"w\"); " +
		"if (f) fclose(f); }\n"
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("gcc", "-shared", "-fPIC", "-o", object, source).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if err := open(object); err != nil {
		t.Fatal(err)
	}
	return object
}

// open lets everybody reach a path.
func open(path string) error {
	for dir := filepath.Dir(path); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}
