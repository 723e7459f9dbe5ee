package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is opsledger as the test binary's tests run it.
var built program

// program is built for the first test that needs it.
type program struct {
	once sync.Once
	dir  string
	err  error
}

// Program returns the file of opsledger, built from this module with the race
// detector if the tests have it. TestMain must call [Main].
func Program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() { built.err = built.build() })
	if built.err != nil {
		t.Fatalf("build opsledger: %v", built.err)
	}
	return built.file()
}

func (p *program) file() string { return filepath.Join(p.dir, "opsledger") }

func (p *program) build() (err error) {
	if p.dir, err = os.MkdirTemp("", "opsledger-program-"); err != nil {
		return err
	}
	args := []string{"build", "-ldflags", "-s -w", "-o", p.file()}
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
