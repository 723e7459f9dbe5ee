package testkit

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// garbage is how much garbage may pile up in a test binary, in percent of the live heap, as in the
// product's processes: with Go's default a sixth of the time goes into collecting it.
const garbage = 400

// Main is the body of a package's TestMain. It runs the tests, stops the
// package's PostgreSQL, fails the run when goroutines are left, and exits.
func Main(m *testing.M) {
	if err := tempFilesInMemory(); err != nil {
		fmt.Fprintln(os.Stderr, "testkit:", err)
		os.Exit(1)
	}
	debug.SetGCPercent(garbage)
	code := m.Run()
	if err := errors.Join(shared.stop(), pristine.remove(), built.remove(), older.remove()); err != nil {
		fmt.Fprintln(os.Stderr, "testkit:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := leaked(); err != nil {
			fmt.Fprintln(os.Stderr, "testkit: goroutines are left:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// leaked says which goroutines do not end. Those of a connection that was closed may need
// longer on a busy machine than the half second that the library gives them.
func leaked() error {
	const dying = 30 * time.Second
	for deadline := time.Now().Add(dying); ; {
		if err := goleak.Find(); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
