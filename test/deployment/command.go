package deployment

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/testkit"
)

// Command runs one of the short commands of opsledger to its end, which must be a
// good one, and returns what it said.
func Command(t testing.TB, args ...string) string {
	t.Helper()
	said, err := child.Run(t.Context(), child.Spec{Path: testkit.Program(t), Args: args, Env: os.Environ()})
	if err != nil {
		t.Fatalf("opsledger %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return string(said)
}

// start starts opsledger as a process of its own, from another file than that of [testkit.Program] if one is given.
func start(t testing.TB, program string, said *testkit.Output, args ...string) *child.Process {
	t.Helper()
	if program == "" {
		program = testkit.Program(t)
	}
	process, err := child.Start(context.Background(), child.Spec{Name: args[0], Path: program, Args: args, Env: os.Environ(), Log: said.File()})
	if err != nil {
		t.Fatal(err)
	}
	return process
}
