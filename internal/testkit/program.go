package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is opsledger as the test binary's tests run it, older the one of the version before.
var built, older = program{}, program{unread: "ViewsOrdered"}

// program is built for the first test that needs it.
type program struct {
	// unread is a type of event that it does not know.
	unread string
	once   sync.Once
	dir    string
	err    error
}

// Program returns the file of opsledger, built from this module with the race
// detector if the tests have it. TestMain must call [Main].
func Program(t testing.TB) string {
	t.Helper()
	return built.get(t)
}

// OlderProgram is Program as one of the version before is: it does not know the event by which
// views are ordered.
func OlderProgram(t testing.TB) string {
	t.Helper()
	return older.get(t)
}

func (p *program) get(t testing.TB) string {
	t.Helper()
	p.once.Do(func() { p.err = p.build() })
	if p.err != nil {
		t.Fatalf("build opsledger: %v", p.err)
	}
	return p.file()
}

func (p *program) file() string { return filepath.Join(p.dir, "opsledger") }

func (p *program) build() (err error) {
	if p.dir, err = os.MkdirTemp("", "opsledger-program-"); err != nil {
		return err
	}
	args := []string{"build", "-ldflags", "-s -w -X main.unread=" + p.unread, "-o", p.file()}
	if RaceDetector { // the packages are compiled like that already
		args = append(args, "-race")
	}
	said, err := exec.Command("go", append(args, "github.com/opsledger/opsledger/cmd/opsledger")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// remove removes what was built, if anything was.
func (p *program) remove() error { return os.RemoveAll(p.dir) }
